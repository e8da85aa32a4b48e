"""The plots: what they draw is what was counted, and it stays inside the drawing."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.drawing import WIDTH
from pipeline.report.model import Fates, Stratum
from pipeline.report.plots import EDGES, Scale, fates, lengths, strata
from pipeline.report.summary import summarise
from pipeline.report.weight import weigh_rows
from tests.report.stories import about, table, tokens

COUNTS = st.lists(st.integers(0, 3_000_000), min_size=1, max_size=20)


def drawn(counts: list[int], limit: int | None) -> str:
    return lengths(summarise(table(*({"tokens": tokens(n)} for n in counts)), about=about(max_tokens=limit)).tokens)


@given(COUNTS, st.none() | st.integers(1, 1_000_000))
def test_every_bar_and_mark_lies_inside(counts: list[int], limit: int | None) -> None:
    for box in ET.fromstring(drawn(counts, limit)).iter("rect"):
        x, y, width, height = (float(box.get(key, "nan")) for key in ("x", "y", "width", "height"))
        assert 0 <= x <= x + width <= WIDTH + 0.1
        assert 0 <= y <= y + height
    for stroke in ET.fromstring(drawn(counts, limit)).iter("line"):
        assert 0 <= float(stroke.get("x1", "nan")) <= WIDTH + 0.1


@given(COUNTS)
def test_longer_examples_lie_further_right(counts: list[int]) -> None:
    facts = weigh_rows(table(*({"tokens": tokens(n)} for n in counts)), limit=None)
    assert facts is not None
    scale = Scale.of(facts, None)

    places = [scale.x(n) for n in sorted(counts)]

    assert sorted(places) == places


@given(st.lists(st.integers(0, 10_000), min_size=4, max_size=4))
def test_the_bar_of_fates_is_as_wide_as_its_shares(rows: list[int]) -> None:
    counted = Fates(**dict(zip(("kept", "rejected", "duplicate", "held"), rows, strict=True)))
    boxes = list(ET.fromstring(fates(counted)).iter("rect"))

    assert sum(n > 0 for n in rows) == len(boxes)
    for box, n in zip(boxes, (n for n in rows if n), strict=True):
        wanted = max(n / counted.total * WIDTH - 2, 1.5)
        assert float(box.get("width", "nan")) == pytest.approx(wanted, abs=0.06)


def test_bars_over_the_limit_are_marked() -> None:
    text = drawn([10, 100_000], 65_536)

    assert text.count('class="bar over"') == 1
    assert "limit 65,536" in text


def test_without_a_limit_there_is_no_limit_line() -> None:
    assert "limit" not in drawn([10, 100_000], None)


def test_labels_name_their_counts_and_long_names_are_cut() -> None:
    text = strata([Stratum(name="a" * 40, train=9, validation=1), Stratum(name="b", train=0, validation=0)])

    assert "a" * 23 + "…" in text
    assert re.findall(r'<text class="number"[^>]*>(\d+)</text>', text) == ["10", "0"]


def test_nothing_counted_is_nothing_drawn(report_of: Any) -> None:
    assert lengths(report_of({"tokens": None}).tokens) == ""


def test_edges_grow() -> None:
    assert sorted(set(EDGES)) == list(EDGES)
