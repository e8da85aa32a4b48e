"""Sides while the data grow: whom nothing new binds stays where he was."""

import json

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.settings import DedupeSettings, SplitSettings
from pipeline.group import group
from pipeline.measure import Measure
from pipeline.split import split

Row = tuple[str, str, str | None]
"""Question, answer, family."""

words = st.lists(
    st.sampled_from(["rain", "sun", "wind", "snow", "hail", "fog", "dew", "ice"]), min_size=1, max_size=4
).map(" ".join)
rows = st.lists(st.tuples(words, words, st.none() | st.sampled_from("xyz")), max_size=25, unique=True)


def placed(data: list[Row], *, share: float = 0.5) -> dict[Row, tuple[bytes, str]]:
    """Give kin and side of each row."""
    turns = [[{"role": "user", "content": q}, {"role": "assistant", "content": a}] for q, a, _ in data]
    payloads = [json.dumps({"messages": both}) for both in turns]
    table = Measure()(pa.table({"payload": pa.array(payloads, pa.string())}))
    table = table.append_column("name", pa.array([f"row:{number}" for number in range(len(data))], pa.string()))
    table = table.append_column("family", pa.array([family for _, _, family in data], pa.string()))
    table = table.append_column("is_sound", pa.array([True] * len(data), pa.bool_()))
    table = table.append_column("stratum", pa.nulls(len(data), pa.string()))
    kin = group(table, lambda wanted: [payloads[row] for row in wanted], DedupeSettings())["kin"]
    sides = split(
        table.append_column("kin", kin),
        ships=np.ones(len(data), dtype=bool),
        settings=SplitSettings(validation=share, minimum=0),
        seed=7,
    )
    return dict(zip(data, zip(kin.to_pylist(), sides.to_pylist(), strict=True), strict=True))


@settings(max_examples=60, deadline=None)
@given(old=rows, new=rows, gone=st.sets(st.integers(0, 24)))
def test_no_row_of_an_unchanged_kin_changes_side(old: list[Row], new: list[Row], gone: set[int]) -> None:
    left = [row for index, row in enumerate(old) if index not in gone]
    before, after = placed(old), placed(list(dict.fromkeys([*new, *left])))

    for row in left:
        mine = {other for other in before if before[other][0] == before[row][0]}
        now = {other for other in after if after[other][0] == after[row][0]}
        if mine == now:
            assert before[row] == after[row]


OTHERS: list[Row] = [(f"What stands at {number}?", f"House {number} stands there.", None) for number in range(100)]
"""So many that no question is asked by a fifth of all: an open task binds nobody."""


@settings(max_examples=30, deadline=None)
@given(old=rows.map(lambda some: some[:10]), answers=st.lists(words, max_size=6))
def test_one_more_answer_or_one_more_row_of_a_family_moves_nobody(old: list[Row], answers: list[str]) -> None:
    """New rows ask what an old row of the same family asked, so they tie nothing together."""
    more = [(asked, f"{answer} {n}", family) for n, (answer, (asked, _, family)) in enumerate(zip(answers, old))]  # noqa: B905
    before, after = placed(old + OTHERS), placed(list(dict.fromkeys([*old, *more, *OTHERS])))

    assert before == {row: after[row] for row in before}
