"""The table behind every question of where a line came from: the same rows give the same bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.lineage import lineage, write_lineage
from tests.report.stories import crowd, table

STORY = table(*({"name": f"data/raw/faq.csv:{line}"} for line in (2, 10, 3, 4, 5)))
LINES = {"train.jsonl": np.array([0]), "validation.jsonl": np.array([1])}


def test_rows_lie_in_the_order_of_their_sources() -> None:
    names = lineage(STORY, lines=LINES)["name"].to_pylist()

    assert [f"data/raw/faq.csv:{line}" for line in (2, 3, 4, 5, 10)] == names


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_byte(tmp_path_factory: pytest.TempPathFactory, random: object) -> None:
    facts = crowd(50)
    order = list(range(50))
    random.shuffle(order)  # type: ignore[attr-defined]
    back = np.argsort(order)
    folder = tmp_path_factory.mktemp("lineage")

    one = write_lineage(folder, lineage(facts, lines={"train.jsonl": np.arange(20)})).read_bytes()
    other = write_lineage(folder, lineage(facts.take(order), lines={"train.jsonl": back[:20]})).read_bytes()

    assert one == other


@given(st.lists(st.tuples(st.lists(st.sampled_from("zéa")), st.sampled_from([None, "", "é", "b.read one", " c"]))))
def test_the_codes_of_a_row_are_those_of_its_findings_and_its_trouble(told: list[tuple[list[str], str | None]]) -> None:
    flaw = {"severity": 1, "where": "", "message": ""}
    rows = ({"findings": [{"code": code, **flaw} for code in codes], "trouble": trouble} for codes, trouble in told)

    found = lineage(table(*rows), lines={})["codes"].to_pylist()
    assert [sorted({*codes, *([trouble.split(" ")[0]] if trouble else [])}) for codes, trouble in told] == found
