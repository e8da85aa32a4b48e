"""A build and a check without a key: rows are routed to a reader, ship all the same, and nothing is called verified."""

import json
from typing import Any

import pytest

from pipeline.core.finding import Severity
from pipeline.core.settings import CheckSettings, ModerationSettings, RuleSettings
from pipeline.preflight.judge import Ask, check_named
from pipeline.preflight.public import check_examples
from pipeline.report.findings import Show, faces
from tests.house.house import House

SAD = "I keep cutting myself and I want to die"
ROWS = [(f"How do I pay for item number {n}?", f"Item {n} is paid for by card, in {n + 1} parts.") for n in range(12)]
QUIET = RuleSettings(ignore=("dataset.", "duplicates.", "answers."))


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    lines = "".join(
        f'{question},"{answer}"\n' for question, answer in [*ROWS, (SAD, "Please talk to someone you trust.")]
    )
    return House(tmp_path_factory.mktemp("house")).write(faq_csv=f"question,answer\n{lines}")


def codes(house: House) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in house.read("findings.jsonl").splitlines()]
    return [(str(line["name"]), str(line["severity"])) for line in lines if line["code"] == "moderation.screened"]


def test_a_suspect_row_is_routed_and_ships_and_the_report_says_not_verified(house: House) -> None:
    outcome = house.build()
    asked = outcome.report.moderation

    assert codes(house) == [("faq.csv:14", "info")]
    assert SAD in [line["messages"][0]["content"] for line in house.examples()]
    assert (asked.state, asked.verified, asked.flagged, asked.screened) == ("screened", 0, 0, 13)
    assert (asked.to_review, asked.suspected) == (1, {"self-harm": 1})
    assert asked.words == "screened offline (weak) by tuneset-screen/1, not verified"
    assert not [finding for finding in outcome.findings if finding.code.startswith("moderation.")]


def test_report_counts_without_a_finding(house: House) -> None:
    asked = house.build(moderation={"offline": "report"}).report.moderation

    assert codes(house) == []
    assert (asked.state, asked.to_review) == ("screened", 1)


@pytest.mark.parametrize("settings", [{"offline": "off"}, {"enabled": False}])
def test_switched_off_nobody_looks_and_the_report_says_so(house: House, settings: dict[str, Any]) -> None:
    asked = house.build(moderation=settings).report.moderation

    assert codes(house) == []
    assert (asked.state, asked.not_asked, asked.words) == ("not asked", 13, "not asked")


def test_the_plans_thresholds_are_not_the_screens(house: House) -> None:
    outcome = house.build(moderation={"thresholds": {"self-harm": 0.0, "screen/self-harm": 0.0}})

    assert codes(house) == [("faq.csv:14", "info")]
    assert (outcome.report.moderation.flagged, outcome.report.fates.rejected) == (0, 0)


def test_a_gate_on_flags_is_not_met_by_the_screen_but_left_unjudged(house: House) -> None:
    from pipeline.report.facts import dataset_table

    report = house.build().report

    assert dataset_table(report)["share_flagged"].to_pylist() == [None]


def test_neither_batches_nor_workers_change_what_is_routed(house: House) -> None:
    house.build()
    one = house.published()["findings.jsonl"]
    house.build(batch_rows=3, workers=2)

    assert house.published()["findings.jsonl"] == one


def said(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "Hi, how are you?"}, {"role": "assistant", "content": text}]}


def test_a_check_routes_at_the_place_and_stays_clean() -> None:
    checked = check_examples([said("Fine, and you?"), said(SAD)], rules=QUIET, screen=True)

    assert [(one.name, one.code, one.severity, one.where) for one in checked.findings] == [
        ("examples.jsonl:2", "moderation.screened", Severity.INFO, "/messages/1/content")
    ]
    assert checked.is_clean
    assert checked.summary.moderation is not None
    assert (checked.summary.moderation.screened, checked.summary.moderation.to_review) == (2, 1)


def test_a_check_screens_only_when_asked() -> None:
    checked = check_examples([said(SAD)], rules=QUIET)

    assert checked.findings == ()
    assert (checked.summary.moderation, "moderation" in checked.summary.not_asked) == (None, True)


def test_a_check_says_screened_and_not_verified_or_not_asked(tmp_path: Any) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text(json.dumps(said("Fine, and you?")) + "\n")

    def text(offline: Any) -> str:
        checked = check_named([str(file)], ask=Ask(rules=QUIET, offline=offline, workers=1))
        return "".join(faces()["text"].write(checked, Show()))

    assert "moderation: screened offline (weak) by tuneset-screen/1, not verified; 0 of 1 example to review" in text(
        "route"
    )
    assert "not asked: moderation" not in text("route")
    assert "not asked: moderation" in text("off")
    assert "screened" not in text("off")


def test_a_finding_quotes_nothing_of_the_data() -> None:
    (finding,) = check_examples([said(SAD)], rules=QUIET, screen=True).findings

    assert finding.message == "The offline screen (weak) suspects self-harm; a person should read it."


def test_routing_is_the_default() -> None:
    assert CheckSettings().moderation.offline == ModerationSettings().offline == "route"
