"""What describes the dataset to others: Croissant as mlcroissant reads it, the card as Hugging Face's own parser does."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.settings import CardSettings, PrivacySettings
from pipeline.report.card import card
from pipeline.report.model import Report
from tests.house.house import House

ROWS = "question,answer\n" + "".join(f"Where is desk {n}?,It is in room {n}.\n" for n in range(40))
CALL = {"id": "a", "type": "function", "function": {"name": "look", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
TOOLED = {
    "messages": [
        {"role": "user", "content": "Look!"},
        {"role": "assistant", "content": None, "tool_calls": [CALL], "weight": 0},
        {"role": "tool", "content": "sea", "tool_call_id": "a"},
        {"role": "assistant", "content": "I see the sea."},
    ],
    "tools": [TOOL],
}
PAIR = {
    "input": {"messages": [{"role": "user", "content": "Hi"}]},
    "preferred_output": [{"role": "assistant", "content": "Hello"}],
    "non_preferred_output": [{"role": "assistant", "content": "No"}],
}
KNOWN = {
    "license": "cc-by-4.0",
    "version": "1.0.0",
    "published": "2026-11-22",
    "citation": "@misc{a}",
    "url": "https://data.example.org",
    "language": ["en", "fr"],
    "creator": "Acorn",
}


pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")  # mlcroissant's use of rdflib


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def croissant(house: House) -> Any:
    """Give the dataset as mlcroissant reads it; a description that is not valid raises."""
    import mlcroissant

    return mlcroissant.Dataset(jsonld=str(house.root / "data/processed/latest/croissant.json"))


def turns(dataset: Any, side: str, column: str = "messages") -> list[list[dict[str, Any]]]:
    """Give the turns of every record, keys without their path, bytes as text."""
    return [
        [
            {key.rpartition("/")[2]: v.decode() if isinstance(v, bytes) else v for key, v in turn.items()}
            for turn in record[f"{side}/{column}"]
        ]
        for record in dataset.records(side)
    ]


def test_the_records_of_croissant_are_the_lines_of_the_files(house: House) -> None:
    house.write(faq_csv=ROWS).build(card=KNOWN)

    dataset = croissant(house)

    assert [] == list(dataset.metadata.issues.errors) + list(dataset.metadata.issues.warnings)
    for side in ("train", "validation"):
        assert [line["messages"] for line in house.lines(f"{side}.jsonl")] == turns(dataset, side)


def test_without_a_card_table_only_what_nobody_can_know_is_missing(house: House) -> None:
    house.write(faq_csv=ROWS).build()

    issues = croissant(house).metadata.issues

    assert [] == list(issues.errors)
    assert all("is recommended" in issue for issue in map(str, issues.warnings))


def test_turns_that_call_tools_are_read(house: House) -> None:
    house.write(chat_jsonl=json.dumps(TOOLED) + "\n")
    house.build({"path": "chat.jsonl", "compose": {"recipe": "messages"}})

    (turn, *_), *_ = [turns(croissant(house), "train")[0]]

    assert {"role", "content", "weight"} == set(turn)
    assert "`tool_calls`" in house.read("croissant.json").decode()


def test_preferences_are_read(house: House) -> None:
    house.write(pairs_jsonl=json.dumps(PAIR) + "\n")
    house.build({"path": "pairs.jsonl", "compose": {"recipe": "preference"}}, target={"method": "dpo"})

    dataset = croissant(house)

    assert [[{"role": "user", "content": "Hi"}]] == turns(dataset, "train", "input")
    assert [[{"role": "assistant", "content": "No"}]] == turns(dataset, "train", "non_preferred_output")


def test_a_changed_file_is_noticed_by_its_digest(house: House) -> None:
    house.write(faq_csv=ROWS).build()
    path = (house.root / "data/processed/latest/train.jsonl").resolve()
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"{}\n")

    with pytest.raises(Exception, match=r"Download\(train.jsonl\)") as raised:
        turns(croissant(house), "train")
    assert "hash" in f"{raised.value.__cause__}".lower()


def test_a_dataset_of_nothing_is_described_too(house: House) -> None:
    house.write(faq_csv="question,answer\nHi,\n").build()

    assert [] == list(croissant(house).metadata.issues.errors)
    assert "configs" not in head(house)


def head(house: House) -> dict[str, Any]:
    """Give the front matter as Hugging Face's parser reads it."""
    from huggingface_hub import DatasetCard

    text = house.read("README.md").decode()
    found: dict[str, Any] = DatasetCard(text).data.to_dict()
    return found


def test_the_card_is_read_by_hugging_face(house: House) -> None:
    house.write(faq_csv=ROWS).build(card={**KNOWN, "title": 'The "desk": data', "tags": ["office"]})

    assert {
        "pretty_name": 'The "desk": data',
        "license": "cc-by-4.0",
        "language": ["en", "fr"],
        "task_categories": ["text-generation"],
        "size_categories": ["n<1K"],
        "tags": ["chat", "fine-tuning", "office", "sft", "tuneset"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "train", "path": "train.jsonl"},
                    {"split": "validation", "path": "validation.jsonl"},
                ],
            }
        ],
    } == head(house)


def test_the_card_says_what_was_not_done(house: House) -> None:
    house.write(faq_csv=ROWS).build(moderation={"enabled": False})

    text = house.read("README.md").decode()

    assert "- Moderation: not asked." in text
    assert "No licence is stated." in text
    assert "name: not looked for" in text
    assert "- Languages of the texts, by script and commonest words, in " in text


def test_the_day_changes_no_byte_of_either(house: House, tmp_path_factory: pytest.TempPathFactory) -> None:
    from datetime import date

    other = House(tmp_path_factory.mktemp("other"))
    house.write(faq_csv=ROWS).build()
    other.write(faq_csv=ROWS).build(today=date(2027, 3, 1))

    assert [house.read(name) for name in ("README.md", "croissant.json")] == [
        other.read(name) for name in ("README.md", "croissant.json")
    ]


@given(title=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_title_is_read_back(title: str) -> None:
    import yaml

    text = card(_report(), CardSettings(title=title), privacy=PrivacySettings(), forgotten=0)

    front = text.split("\n---\n")[0].removeprefix("---\n")
    assert title == yaml.safe_load(front)["pretty_name"]


def _report() -> Report:
    from pipeline.report.summary import summarise
    from tests.report.stories import about, table

    return summarise(table({}), about=about())
