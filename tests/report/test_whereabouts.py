"""Every line of the training files leads back to the row it came from, and every row to what became of it."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.errors import TunesetError
from pipeline.report.lineage import lineage, write_lineage
from pipeline.report.whereabouts import trace, why
from tests.report.stories import digest, finding, table

TWINS = digest("twins")
STORY = table(
    {"name": "data/raw/faq.csv:2", "mended": ["whitespace"], "group": TWINS, "kin": TWINS, "likeness": 1.0},
    {"name": "data/raw/faq.csv:10", "side": "validation"},
    {
        "name": "data/raw/faq.csv:3",
        "fate": "duplicate",
        "twin": "data/raw/faq.csv:2",
        "group": TWINS,
        "kin": TWINS,
        "likeness": 0.93,
    },
    {"name": "data/raw/faq.csv:4", "fate": "rejected", "findings": [finding("tokens.too-long")], "trouble": None},
    {"name": "data/raw/faq.csv:5", "fate": "rejected", "digest": None, "trouble": "read.ragged 5 fields."},
    {"name": "data/raw/chats.json:4#1", "source": "chats"},
    {"name": "data/raw/chats.json:4#2", "source": "chats"},
    {"name": "data/raw/chats.json:40", "source": "chats"},
)
LINES = {"train.jsonl": np.array([0, 5, 6, 7]), "validation.jsonl": np.array([1])}
FINDINGS = [
    {"name": "dataset", "code": "dataset.too-few", "severity": "error", "where": "", "message": "Few."},
    {
        "name": "data/raw/faq.csv:4",
        "code": "tokens.too-long",
        "severity": "error",
        "where": "/messages",
        "message": "A.",
    },
    {"name": "data/raw/faq.csv:4", "code": "content.edge", "severity": "info", "where": "", "message": "B."},
    {"name": "data/raw/faq.csv:5", "code": "read.ragged", "severity": "error", "where": "", "message": "C."},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_lineage(tmp_path, lineage(STORY, lines=LINES))
    lines = [json.dumps(line, separators=(",", ":")) + "\n" for line in FINDINGS]
    (tmp_path / "findings.jsonl").write_text("".join(lines))
    sources = [{"source": "faq", "path": "data/raw/faq.csv", "bytes": 1, "sha256": "ab" * 32}]
    (tmp_path / "manifest.json").write_text(json.dumps({"sources": sources}))
    return tmp_path


def test_a_line_says_which_row_it_was(folder: Path) -> None:
    story = trace(folder, file="validation.jsonl", line=1)

    assert ("data/raw/faq.csv:10", "faq", "ab" * 32) == (story.name, story.source, story.sha256)


def test_a_line_names_its_repairs_and_the_duplicates_it_speaks_for(folder: Path) -> None:
    story = trace(folder, file="train.jsonl", line=1)

    assert (("whitespace",), 1, ("data/raw/faq.csv:3",)) == (story.mended, *story.speaks_for)
    assert "  kin         2 rows that must be on one side" in story.text()


def test_a_line_that_is_not_there_is_told_how_many_there_are(folder: Path) -> None:
    with pytest.raises(
        TunesetError, match=r"train.jsonl:17: no such line. train.jsonl has 4 lines; validation.jsonl has 1 line."
    ):
        trace(folder, file="train.jsonl", line=17)


def test_a_kept_row_says_where_it_went(folder: Path) -> None:
    (story,) = why(folder, name="data/raw/faq.csv:2")

    assert story.text().startswith("data/raw/faq.csv:2: kept\n  went to     train.jsonl:1\n")


def test_a_rejected_row_says_every_reason_with_its_place(folder: Path) -> None:
    (story,) = why(folder, name="data/raw/faq.csv:4")

    assert (
        "  finding     tokens.too-long (error) /messages: A.\n  finding     content.edge (info): B.\n" in story.text()
    )


def test_a_row_that_never_became_an_example_says_why(folder: Path) -> None:
    (story,) = why(folder, name="data/raw/faq.csv:5")

    assert (None, "read.ragged") == (story.digest, story.findings[0]["code"])


def test_a_duplicate_says_whom_it_repeats_how_closely_and_where_that_one_went(folder: Path) -> None:
    (story,) = why(folder, name="data/raw/faq.csv:3")

    assert "  repeats     data/raw/faq.csv:2, 93% alike, which went to train.jsonl:1" in story.text()


def test_a_row_that_made_several_examples_tells_of_each(folder: Path) -> None:
    told = why(folder, name="chats.json:4")

    assert [("data/raw/chats.json:4#1", 2), ("data/raw/chats.json:4#2", 3)] == [(s.name, s.line) for s in told]


@pytest.mark.parametrize("name", ["data/raw/chats.json:4#2", "chats.json:4#2", "chats:4#2"])
def test_one_of_several_examples_is_asked_for_by_its_number(folder: Path, name: str) -> None:
    assert ["data/raw/chats.json:4#2"] == [story.name for story in why(folder, name=name)]


@pytest.mark.parametrize("name", ["faq.csv:10", "raw/faq.csv:10", "faq:10"])
def test_the_end_of_a_name_or_the_name_of_the_source_is_enough(folder: Path, name: str) -> None:
    assert why(folder, name="data/raw/faq.csv:10") == why(folder, name=name)


def test_a_name_that_fits_two_files_is_asked_back(tmp_path: Path) -> None:
    write_lineage(tmp_path, lineage(table({"name": "a/faq.csv:2"}, {"name": "b/faq.csv:2"}), lines={}))

    with pytest.raises(TunesetError, match=r"2 rows end so. Name one in full: a/faq.csv:2, b/faq.csv:2"):
        why(tmp_path, name="faq.csv:2")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("faq.csv:7", r"the row before begins at data/raw/faq.csv:5 and the next one at data/raw/faq.csv:10"),
        ("faq.csv:999", r"the row before begins at data/raw/faq.csv:10\. A row of several"),
        ("faq:1", r"no row begins there; the next one at data/raw/faq.csv:2"),
        ("data/faq.csv:4", r"Did you mean data/raw/faq.csv:4\?"),
        ("nonsense", r"no row of that name was read\. Names look like"),
    ],
)
def test_a_row_that_is_not_there_is_told_the_nearest(folder: Path, name: str, nearest: str) -> None:
    with pytest.raises(TunesetError, match=nearest):
        why(folder, name=name)


def test_a_folder_without_a_dataset_is_named(tmp_path: Path) -> None:
    with pytest.raises(TunesetError, match="Name the folder of a dataset"):
        why(tmp_path / "nowhere", name="faq.csv:2")


def test_a_name_with_line_ends_and_quotes_is_only_a_name(tmp_path: Path) -> None:
    name = 'data/"odd"\n(x).csv:3'
    write_lineage(tmp_path, lineage(table({"name": name, "trouble": "read.ragged 5."}), lines={}))
    (tmp_path / "findings.jsonl").write_text(
        json.dumps(
            {"name": name, "code": "read.ragged", "severity": "error", "where": "", "message": "C."},
            separators=(",", ":"),
        )
        + "\n"
    )

    assert ["C."] == [found["message"] for found in why(tmp_path, name=name)[0].findings]
