"""Every line of the training files leads back to the row it came from."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import TunesetError
from pipeline.report.lineage import fate_of, lineage, trace, write_lineage
from tests.report.stories import crowd, finding, table

STORY = table(
    {"name": "data/raw/faq.csv:2", "mended": ["whitespace"]},
    {"name": "data/raw/faq.csv:10", "side": "validation"},
    {"name": "data/raw/faq.csv:3", "fate": "duplicate", "twin": "data/raw/faq.csv:2"},
    {"name": "data/raw/faq.csv:4", "fate": "rejected", "findings": [finding("tokens.too-long")], "trouble": None},
    {"name": "data/raw/faq.csv:5", "fate": "rejected", "digest": None, "trouble": "read.ragged 5 fields."},
)
LINES = {"train.jsonl": np.array([0]), "validation.jsonl": np.array([1])}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_lineage(tmp_path, lineage(STORY, lines=LINES))
    return tmp_path


def test_a_line_says_which_row_it_was(folder: Path) -> None:
    answer = trace(folder, file="validation.jsonl", line=1)

    assert answer.startswith("validation.jsonl:1\n  comes from  data/raw/faq.csv:10 (source faq)")


def test_a_line_names_its_repairs_and_the_duplicates_it_speaks_for(folder: Path) -> None:
    answer = trace(folder, file="train.jsonl", line=1)

    assert "repaired    whitespace" in answer
    assert "speaks for  1 duplicate, first data/raw/faq.csv:3" in answer


def test_a_line_that_is_not_there_is_told_how_many_there_are(folder: Path) -> None:
    with pytest.raises(
        TunesetError, match=r"train.jsonl:17: no such line. train.jsonl has 1 line; validation.jsonl has 1"
    ):
        trace(folder, file="train.jsonl", line=17)


def test_a_row_says_what_became_of_it(folder: Path) -> None:
    assert "data/raw/faq.csv:2: kept\n  went to     train.jsonl:1" in fate_of(folder, name="data/raw/faq.csv:2")
    assert "findings    tokens.too-long" in fate_of(folder, name="data/raw/faq.csv:4")
    assert "findings    read.ragged" in fate_of(folder, name="data/raw/faq.csv:5")
    assert "repeats     data/raw/faq.csv:2" in fate_of(folder, name="data/raw/faq.csv:3")


def test_the_end_of_a_name_is_enough(folder: Path) -> None:
    assert fate_of(folder, name="data/raw/faq.csv:10") == fate_of(folder, name="faq.csv:10")


def test_a_name_that_fits_two_rows_is_asked_back(tmp_path: Path) -> None:
    write_lineage(tmp_path, lineage(table({"name": "a/faq.csv:2"}, {"name": "b/faq.csv:2"}), lines={}))

    with pytest.raises(TunesetError, match=r"2 rows end so. Name one in full: a/faq.csv:2, b/faq.csv:2"):
        fate_of(tmp_path, name="faq.csv:2")


def test_an_unknown_row_and_an_unknown_folder_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TunesetError, match="no row of that name"):
        fate_of(folder, name="faq.csv:999")
    with pytest.raises(TunesetError, match="Name the folder of a dataset"):
        fate_of(tmp_path / "nowhere", name="faq.csv:2")


def test_rows_lie_in_the_order_of_their_sources(folder: Path) -> None:
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
