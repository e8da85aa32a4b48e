"""What moderation was asked: never more than it answered."""

from typing import Any

import pytest

from pipeline.core.settings import ModerationSettings
from pipeline.report.model import NO_GUARANTEE


def judged(state: str = "verified", **scores: float) -> dict[str, Any]:
    over = [name for name, score in scores.items() if score >= 0.5]
    return {
        "moderation": {
            "backend": "openai/omni-moderation-latest",
            "state": state,
            "flagged": bool(over),
            "scores": list(scores.items()),
            "categories": over,
            "places": [],
        }
    }


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        pytest.param([{}, {}], "not asked", id="no row was asked"),
        pytest.param([judged(), judged()], "verified", id="every row was verified"),
        pytest.param([judged("screened"), judged("screened")], "screened", id="a local screen is no verification"),
        pytest.param([judged(), {}], "partly", id="a row that was not asked is not clean"),
        pytest.param([judged(), judged("screened")], "partly", id="two means are not one"),
        pytest.param([judged(), judged("held")], "held", id="an open question is not clean"),
    ],
)
def test_the_state_promises_no_more_than_was_asked(rows: list[dict[str, Any]], state: str, report_of: Any) -> None:
    assert state == report_of(*rows).moderation.state


def test_rows_that_never_became_examples_were_not_to_be_asked(report_of: Any) -> None:
    unread = {"digest": None, "tokens": None, "fate": "rejected"}

    asked = report_of(judged(), unread).moderation

    assert (asked.state, asked.not_asked) == ("verified", 0)


def test_flags_are_counted_by_category(report_of: Any) -> None:
    asked = report_of(judged(hate=0.9), judged(hate=0.8, violence=0.7), judged(hate=0.1)).moderation

    assert (asked.flagged, asked.categories) == (2, {"hate": 2, "violence": 1})


def test_the_plans_thresholds_decide_what_is_flagged(report_of: Any) -> None:
    strict = ModerationSettings(thresholds={"hate": 0.05})

    asked = report_of(judged(hate=0.1), judged(hate=0.01), moderation=strict).moderation

    assert (asked.flagged, asked.categories) == (1, {"hate": 1})


def test_a_clean_result_guarantees_nothing_and_says_so(report_of: Any) -> None:
    asked = report_of(judged(), not_covered=("Images were not looked at.",)).moderation

    assert asked.guarantee == NO_GUARANTEE
    assert asked.not_covered == ("Images were not looked at.",)
