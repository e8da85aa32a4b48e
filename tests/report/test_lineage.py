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
