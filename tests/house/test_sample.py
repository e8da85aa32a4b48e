"""The sample dataset, as `make dataset` builds it: every promise of the README on real data."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from pipeline.cli._progress import Silent
from pipeline.engines.local import Local
from pipeline.plan import load
from pipeline.report.whereabouts import trace, why
from pipeline.run import Setting, build
from tests.house.house import VOCABULARIES

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Sample:
    """The built sample."""

    folder: Path
    report: dict[str, Any]

    def lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Build data/raw by dataset.toml, two workers, with the gate."""
    folder = tmp_path_factory.mktemp("sample")
    plan = load(ROOT / "dataset.toml")
    plan = plan.model_copy(update={"write": plan.write.model_copy(update={"folder": str(folder)})})
    setting = Setting(
        root=ROOT,
        today=date(2026, 11, 22),
        stamp="test",
        cache=folder / "cache",
        vocabularies=(str(VOCABULARIES),),
        engine=Local(2),
        progress=Silent(),
    )
    build(plan, setting)
    return Sample(folder, json.loads((folder / "report.json").read_text(encoding="utf-8")))


def test_fates_sum_to_the_rows_read(sample: Sample) -> None:
    assert sum(sample.report["fates"].values()) == sample.report["rows_read"] > 1_000


def test_the_sample_shows_rows_that_are_kept_rejected_and_duplicate(sample: Sample) -> None:
    assert all(sample.report["fates"][fate] for fate in ("kept", "rejected", "duplicate"))


def test_the_sample_shows_many_kinds_of_findings(sample: Sample) -> None:
    codes = {finding["code"] for finding in sample.lines("findings.jsonl")}

    assert {
        "read.ragged",
        "read.unclosed-quote",
        "compose.empty",
        "content.control-token",
        "content.placeholder",
    } <= codes
    assert {"answers.contradict", "duplicates.exact"} <= codes
    assert len(codes) >= 10


@pytest.mark.parametrize("side", ["train", "validation"])
def test_every_line_that_ships_is_valid_by_the_schema(sample: Sample, side: str) -> None:
    schema = json.loads((ROOT / "schemas/example.sft.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema_rs.validator_for(schema)

    assert [line for line in sample.lines(f"{side}.jsonl") if not validator.is_valid(line)] == []


@pytest.mark.parametrize("name", ["report", "manifest"])
def test_report_and_manifest_are_valid_by_their_schemas(sample: Sample, name: str) -> None:
    schema = json.loads((ROOT / f"schemas/{name}.schema.json").read_text(encoding="utf-8"))

    jsonschema_rs.validator_for(schema).validate(
        json.loads((sample.folder / f"{name}.json").read_text(encoding="utf-8"))
    )


def test_findings_are_valid_by_their_schema(sample: Sample) -> None:
    schema = json.loads((ROOT / "schemas/finding.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema_rs.validator_for(schema)

    assert all(validator.is_valid(finding) for finding in sample.lines("findings.jsonl"))


def test_every_tenth_line_is_traced_to_a_row_and_back(sample: Sample) -> None:
    for number in range(1, len(sample.lines("train.jsonl")) + 1, 100):
        told = trace(sample.folder, file="train.jsonl", line=number)
        assert ("train.jsonl", number) in [(story.file, story.line) for story in why(sample.folder, name=told.name)]


def test_tokens_cost_and_findings_stand_in_the_report(sample: Sample) -> None:
    report = sample.report

    assert report["tokens"]["encoding"] == "o200k_base"
    assert report["tokens"]["formula"]
    assert report["tokens"]["shipped"]["total"]["sum"] > 100_000
    assert report["cost"]["chosen"]["rate"]["as_of"]
    assert report["cost"]["chosen"]["lifetime"]
    assert {finding["code"] for finding in report["findings"]}
    assert report["moderation"]["state"] == "not asked" or report["moderation"]["screened"]
    assert all(e["passed"] is not False for e in report["expectations"])


def test_the_stories_are_whole_and_without_their_licence(sample: Sample) -> None:
    stories = [
        line
        for side in ("train", "validation")
        for line in sample.lines(f"{side}.jsonl")
        if "mystery" in line["messages"][0]["content"]
    ]

    assert len(stories) == 12
    assert all(len(story["messages"][2]["content"]) > 30_000 for story in stories)
    assert not any("Gutenberg-tm" in story["messages"][2]["content"] for story in stories)


def test_no_prompt_is_on_both_sides(sample: Sample) -> None:
    def prompts(side: str) -> Counter[str]:
        return Counter(json.dumps(line["messages"][:-1]).casefold() for line in sample.lines(f"{side}.jsonl"))

    assert not prompts("train").keys() & prompts("validation").keys()


def test_rejects_keep_what_was_in_the_file(sample: Sample) -> None:
    source = (ROOT / "data/raw/support/faq.csv").read_bytes()

    for line in sample.lines("rejected.jsonl"):
        assert "original" in line or "original_text" in line or "original_base64" in line
        if "original_base64" in line:
            import base64

            assert base64.b64decode(line["original_base64"]) in source
