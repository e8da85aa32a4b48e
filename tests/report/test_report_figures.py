"""Numbers as people read them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.effort import Effort
from pipeline.report.figures import count, duration, effort, plural, share, size


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0"), (1204, "1,204"), (2.0, "2"), (1648.44, "1,648.4"), (0.5, "0.5")]
)
def test_counts(number: float, words: str) -> None:
    assert words == count(number)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        pytest.param(None, "\N{EN DASH}", id="unknown is no number"),
        pytest.param(0.0, "0%", id="nothing"),
        pytest.param(0.00001, "< 0.1%", id="a little is not nothing"),
        pytest.param(0.9999, "> 99.9%", id="almost all is not all"),
        pytest.param(0.065, "6.5%", id="a decimal"),
        pytest.param(1.0, "100%", id="all"),
    ],
)
def test_shares(part: float | None, words: str) -> None:
    assert words == share(part)


@given(st.integers(0, 999 * 10**12))
def test_sizes_have_at_most_three_digits(number: int) -> None:
    digits = size(number).split()[0].replace(".", "")

    assert len(digits) <= 3


def test_sizes_change_their_unit_in_time() -> None:
    assert [size(n) for n in (999, 1_000, 999_600, 52_000)] == ["999 B", "1.0 kB", "1.0 MB", "52 kB"]


def test_plurals() -> None:
    assert [
        *(plural(n, "row") for n in (0, 1, 2)),
        *(plural(n, "entry", "entries") for n in (1, 3)),
    ] == ["0 rows", "1 row", "2 rows", "1 entry", "3 entries"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (42, "42 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (7_800, "2 h 10 min"),
        (3_600, "1 h"),
        (1e6, "12 days"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert words == duration(seconds)


def test_an_effort_names_time_and_money_as_far_as_known() -> None:
    assert effort(Effort(seconds=7200, usd=Decimal(0), basis="x")) == "2 h, free"
    assert effort(Effort(seconds=60, usd=None, basis="x")) == "1 min, not documented"
    assert effort(Effort(seconds=None, usd=Decimal(30), basis="x")) == "$30.00"
