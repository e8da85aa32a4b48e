"""Tokens summed up: the cookbook's numbers, and laws of every distribution."""

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.weight import histogram, spread, weigh_rows
from tests.report.stories import shape, table, tokens

COUNTS = st.lists(st.integers(0, 2_000_000), min_size=1, max_size=50)


def cookbook() -> list[dict[str, Any]]:
    """Give facts with the sums and spreads that the cookbook's notebook prints of toy_chat_fine_tuning.jsonl."""
    counted = [(26, 4, "sua"), (45, 5, "sua"), (30, 10, "ua"), (109, 20, "sa"), (8032, 8000, "sua")]
    return [
        {"tokens": tokens(total, assistant=assistant), "shape": shape(roles)} for total, assistant, roles in counted
    ]


def test_the_cookbook_file_gives_the_notebooks_numbers(report_of: Any) -> None:
    report = report_of(*cookbook(), max_tokens=4096)

    facts = report.tokens.composed
    assert (facts.total.min, facts.total.median, facts.total.mean, facts.total.max) == (26, 45, 1648.4, 8032)
    assert (facts.assistant.min, facts.assistant.max) == (4, 8000)
    assert facts.without == {"system": 1, "user": 1, "assistant": 0}
    assert (facts.over_limit, facts.cut, facts.billable) == (1, 3936, 4306)


def test_rejected_rows_weigh_in_what_was_composed_but_not_in_what_ships(report_of: Any) -> None:
    report = report_of(
        {"tokens": tokens(10)}, {"tokens": tokens(1000), "fate": "rejected"}, {"tokens": None, "fate": "rejected"}
    )

    assert (report.tokens.composed.examples, report.tokens.composed.total.sum) == (2, 1010)
    assert (report.tokens.shipped.examples, report.tokens.shipped.total.sum) == (1, 10)


def test_duplicates_say_what_they_would_have_cost(report_of: Any) -> None:
    report = report_of(
        {"tokens": tokens(10)}, {"tokens": tokens(10), "fate": "duplicate"}, {"tokens": tokens(12), "fate": "duplicate"}
    )

    assert report.tokens.wasted_on_duplicates == 22


def test_every_number_stands_beside_its_encoding_and_formula(report_of: Any) -> None:
    tokens_ = report_of({}).tokens

    assert (tokens_.encoding, tokens_.formula) == ("o200k_base", "3 per message, 1 per name, 3 per example")


def test_without_a_documented_limit_nothing_is_cut(report_of: Any) -> None:
    facts = report_of({"tokens": tokens(9_000_000)}, max_tokens=None).tokens.composed

    assert (facts.over_limit, facts.cut, facts.billable) == (0, 0, 9_000_000)


def test_a_developer_turn_counts_as_a_system_turn(report_of: Any) -> None:
    facts = report_of({"shape": shape("dua")}, {"shape": shape("ua")}).tokens.composed

    assert facts.without == {"system": 1, "user": 0, "assistant": 0}


def test_no_rows_have_no_weight() -> None:
    assert weigh_rows(table(), limit=None) is None


@given(COUNTS)
def test_a_distribution_lies_in_order(counts: list[int]) -> None:
    summed = spread(np.array(counts))

    assert summed.min <= summed.median <= summed.max
    assert summed.min <= summed.p95 <= summed.max
    assert sum(counts) == summed.sum
    assert (float(np.median(counts)), round(float(np.percentile(counts, 95)), 6)) == (summed.median, summed.p95)


@given(COUNTS)
def test_the_histogram_counts_every_example_once_in_the_bin_it_belongs_to(counts: list[int]) -> None:
    bins = histogram(np.array(counts))

    assert [sum(one.least <= n < one.below for n in counts) for one in bins] == [one.examples for one in bins]
    assert len(counts) == sum(one.examples for one in bins)
    assert all(one.below == other.least for one, other in pairwise(bins))


@given(COUNTS, st.integers(1, 100_000))
def test_what_is_billed_and_what_is_cut_make_the_whole(counts: list[int], limit: int) -> None:
    facts = weigh_rows(table(*({"tokens": tokens(n)} for n in counts)), limit=limit)

    assert facts is not None
    assert sum(counts) == facts.billable + facts.cut
