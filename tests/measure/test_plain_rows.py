"""What a batch holds is taken apart once for all stages of a pass, and never taken for what another batch holds."""

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.plain import plain_passages, plain_rows, plain_turns


def _chat(text: str) -> str:
    return json.dumps({"messages": [{"role": "user", "content": text}]})


def _pair(text: str) -> str:
    answer = [{"role": "assistant", "content": text}]
    return json.dumps({"input": json.loads(_chat(text)), "preferred_output": answer, "non_preferred_output": answer})


said = st.sampled_from(["", "Hi", "Hello"])
payload = st.none() | st.sampled_from(["", "{}", "null"]) | said.map(_chat) | said.map(_pair)
columns = st.lists(st.lists(payload, max_size=3), min_size=1, max_size=3)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
@given(batches=st.lists(columns, min_size=2, max_size=4))
def test_each_column_gives_its_own_rows_whatever_was_asked_before(
    kind: pa.DataType, batches: list[list[list[str | None]]]
) -> None:
    for chunks in batches:
        column = pa.chunked_array(chunks, kind)
        lines = [None if line is None else line.encode() for chunk in chunks for line in chunk]

        turns = [plain_turns(line or b"") for line in lines]
        assert (lines, turns) == plain_rows(column, method="sft")
        pairs = [plain_passages(line or b"", method="dpo") for line in lines]
        assert (lines, pairs) == plain_rows(column, method="dpo")


def test_a_column_is_taken_apart_once_for_stages_in_a_row() -> None:
    table = pa.table({"payload": [_chat("Hi")]})

    first = plain_rows(table["payload"], method="sft")

    assert plain_rows(table.append_column("tokens", [[1]])["payload"], method="sft") is first
    assert plain_rows(table.slice(1)["payload"], method="sft") == ([], [])
