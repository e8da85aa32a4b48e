"""The model card says what was measured, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.screen_page import ANY, tables, with_tables
from pipeline.measure.screen import NOT_COVERED, heads

DOCS = Path(__file__).parents[2] / "docs"
CARD = (DOCS / "screen.md").read_text("utf-8")
FIGURES: dict[str, Any] = json.loads((DOCS / "screen.json").read_text("utf-8"))


def test_the_tables_of_the_card_are_those_of_the_figures() -> None:
    assert with_tables(CARD, FIGURES) == CARD
    assert all(table in CARD for table in tables(FIGURES).values())


def test_every_head_has_held_out_figures_and_a_share_of_ordinary_text() -> None:
    assert {*heads().names, ANY} <= FIGURES["categories"].keys()
    assert all(set(heads().names) <= figures.keys() for figures in FIGURES["ordinary"].values())


def test_no_head_ships_that_finds_less_than_a_third_or_routes_more_than_one_turn_in_a_hundred() -> None:
    found = {name: FIGURES["categories"][name] for name in heads().names}

    assert all(one["recall"] > 1 / 3 and one["auroc"] > 0.8 for one in found.values())
    assert all(
        one["any"] < 0.01 for source, one in FIGURES["ordinary"].items() if "turns" in source or "lines" in source
    )


@pytest.mark.parametrize("said", ["**It is weak.**", "HateCheck", "XSTest", "not verified", *NOT_COVERED[:9]])
def test_the_card_names_its_limits(said: str) -> None:
    assert said.lower() in CARD.lower()
