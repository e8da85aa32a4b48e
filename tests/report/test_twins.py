"""Duplicates and conflicts in the report."""

from collections import Counter
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.columns import DIGEST
from pipeline.report.twins import _may_repeat
from tests.report.stories import digest


def test_groups_are_exact_or_near_by_their_least_alike_member(report_of: Any) -> None:
    twins = report_of(
        {"name": "f:1"},
        {"name": "f:2", "fate": "duplicate", "twin": "f:1", "likeness": 1.0},
        {"name": "f:3", "fate": "duplicate", "twin": "f:1", "likeness": 0.9},
        {"name": "f:4"},
        {"name": "f:5", "fate": "duplicate", "twin": "f:4", "likeness": 1.0},
    ).duplicates

    assert (twins.exact_groups, twins.near_groups, twins.rows) == (1, 1, 3)
    assert [(g.spokesman, g.rows) for g in twins.largest] == [("f:1", 3), ("f:4", 2)]


def test_the_least_alike_pairs_come_first_and_exact_ones_not_at_all(report_of: Any) -> None:
    likeness = {"f:2": 0.95, "f:3": 0.81, "f:4": 1.0}
    rows = ({"name": name, "fate": "duplicate", "twin": "f:1", "likeness": like} for name, like in likeness.items())

    twins = report_of({"name": "f:1"}, *rows).duplicates

    assert [(p.name, p.twin, p.likeness) for p in twins.least_alike] == [("f:3", "f:1", 0.81), ("f:2", "f:1", 0.95)]


def test_duplicates_that_ship_all_the_same_are_counted_too(report_of: Any) -> None:
    twins = report_of({"name": "f:1"}, {"name": "f:2", "fate": "kept", "twin": "f:1", "likeness": 1.0}).duplicates

    assert twins.rows == 1


def test_one_prompt_with_two_answers_is_a_conflict(report_of: Any) -> None:
    same = digest("the same question")
    conflicts = report_of(
        {"name": "f:9", "prompt": same, "content": digest("a")},
        {"name": "f:10", "prompt": same, "content": digest("b")},
        {"name": "f:11"},
    ).conflicts

    assert (conflicts.prompts, conflicts.examples, conflicts.first) == (1, 2, (("f:9", "f:10"),))


def test_one_prompt_with_one_answer_twice_is_none(report_of: Any) -> None:
    same = {"prompt": digest("question"), "content": digest("answer")}

    assert report_of(same, same).conflicts.prompts == 0


def test_answers_that_do_not_ship_conflict_with_nothing(report_of: Any) -> None:
    same = digest("the same question")

    assert report_of({"prompt": same}, {"prompt": same, "fate": "rejected"}).conflicts.prompts == 0


@given(st.lists(st.integers(0, 2**24)))
def test_no_digest_that_repeats_is_passed_over(numbers: list[int]) -> None:
    digests = pa.chunked_array([[number.to_bytes(16, "little") for number in numbers]], DIGEST)

    kept = _may_repeat(digests).tolist()
    counts = Counter(numbers)
    assert all(is_kept or counts[number] == 1 for is_kept, number in zip(kept, numbers, strict=True))
