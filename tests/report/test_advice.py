"""The verdict and what to do next."""

from typing import Any

import pytest

from pipeline.core.finding import Finding, Severity
from pipeline.report.advice import next_steps, verdict
from pipeline.report.model import ExpectationFacts
from tests.report.stories import finding

CLEAN = {
    "moderation": {"backend": "b", "state": "verified", "flagged": False, "scores": [], "categories": [], "places": []}
}


def missed(severity: str, column: str | None = None) -> ExpectationFacts:
    return ExpectationFacts(
        expectation="expect_x",
        table="dataset",
        column=column,
        severity=severity,
        passed=False,
        sentence="Rows: 1; expected 9.",
        why="Few.",
    )


def said(severity: Severity) -> dict[str, Any]:
    return {"dataset_findings": [Finding("dataset", "dataset.small", severity, "", "2 examples; expected 10.")]}


def test_a_clean_dataset_is_ready_and_one_step_says_so(report_of: Any) -> None:
    report = report_of(CLEAN, CLEAN)

    assert verdict(report).state == "ready"
    assert next_steps(report) == ("Nothing stands in the way: train.jsonl and validation.jsonl can be uploaded.",)


def test_rejected_rows_alone_stop_nothing(report_of: Any) -> None:
    report = report_of(CLEAN, {**CLEAN, "fate": "rejected", "findings": [finding("a.b")]})

    assert verdict(report).state == "ready"
    assert "1 row was rejected, most often for `a.b`. See rejected.jsonl, and `tuneset explain a.b`." in next_steps(
        report
    )


@pytest.mark.parametrize(("severity", "state"), [("error", "stop"), ("warning", "look"), ("info", "ready")])
def test_an_expectation_that_is_not_met_weighs_by_its_severity(severity: str, state: str, report_of: Any) -> None:
    assert state == verdict(report_of(CLEAN).with_(expectations=(missed(severity),))).state


@pytest.mark.parametrize(
    ("severity", "state"), [(Severity.ERROR, "stop"), (Severity.WARNING, "look"), (Severity.INFO, "ready")]
)
def test_a_finding_about_the_dataset_weighs_by_its_severity(severity: Severity, state: str, report_of: Any) -> None:
    assert state == verdict(report_of(CLEAN, **said(severity))).state


def test_a_dataset_without_examples_is_not_ready(report_of: Any) -> None:
    judged = verdict(report_of({"fate": "rejected"}))

    assert (judged.state, judged.sentence) == ("stop", "None of 1 row became an example.")


def test_what_stops_comes_before_what_is_good_to_know(report_of: Any) -> None:
    report = report_of({}, {"fate": "held"}, **said(Severity.ERROR))

    steps = next_steps(report)

    assert steps[0] == "2 examples; expected 10. Read on with `tuneset explain dataset.small`."
    assert steps[-1].startswith("Moderation was not asked.")


def test_held_rows_are_told_of_once(report_of: Any) -> None:
    report = report_of(CLEAN, {**CLEAN, "fate": "held"})

    assert any("held" in step for step in next_steps(report))
    assert not any(
        step.startswith("1 row was held")
        for step in next_steps(report.with_(expectations=(missed("warning", "share_held"),)))
    )
