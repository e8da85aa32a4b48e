"""Digests that only tell which rows say the same: the same rows as the fingerprints that last."""

from collections.abc import Sequence

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.passages import Passages, passage_table
from pipeline.measure import Measure
from pipeline.measure.fingerprint import fingerprints
from pipeline.measure.sameness import sameness

PIECES = st.sampled_from(
    [
        *("a", "B", "b", "é", "e\u0301", "İ", "ı", "你", "好", "😀", "\ud800", " ", "  ", "\n", "\x00", "\x1c", "\x7f"),
        *("\u3000", "\u00a0", "\u2003", "\x85", "\u200b", "\x7fa", "x" * 70, "กา", "\uff21"),
    ]
)
TEXTS = st.lists(PIECES, max_size=5).map("".join)


@st.composite
def said(draw: st.DrawFn) -> Passages | None:
    marks = draw(st.text("uast", max_size=3))
    texts = tuple(draw(TEXTS) for _ in marks)
    return draw(st.sampled_from([Passages(marks, texts, marks.rindex("a") if "a" in marks else None), None]))


def groups(digests: pa.Array) -> list[int | None]:
    numbers: list[int | None] = digests.dictionary_encode().indices.to_pylist()
    return numbers


@settings(max_examples=400)
@given(st.lists(said(), max_size=8))
def test_rows_are_the_same_where_their_fingerprints_are(rows: Sequence[Passages | None]) -> None:
    lasting, passing = fingerprints(rows, near=False), sameness(passage_table(rows))

    assert groups(lasting.content) == groups(passing.content)
    assert groups(lasting.prompt) == groups(passing.prompt)


@settings(max_examples=400)
@given(TEXTS, TEXTS)
def test_two_texts_are_the_same_where_their_fingerprints_are(one: str, other: str) -> None:
    rows = [Passages("ua", (text, "a"), 1) for text in (one, other)]
    lasting, passing = fingerprints(rows, near=False), sameness(passage_table(rows))

    assert groups(lasting.content) == groups(passing.content)
    assert groups(lasting.prompt) == groups(passing.prompt)


def test_only_a_run_that_keeps_nothing_has_digests_that_do_not_last() -> None:
    payload = '{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}]}'
    table = pa.table({"payload": [payload]})
    lasting, near, passing = (
        stage(table)
        for stage in (Measure(near=False), Measure(is_lasting=False), Measure(near=False, is_lasting=False))
    )

    assert lasting["content"] == near["content"] != passing["content"]
    assert passing["keys"].null_count == passing["sketch"].null_count == 1
    assert passing.schema == near.schema
