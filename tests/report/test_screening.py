"""What moderation was asked: never more than it answered."""

from typing import Any

import pytest

from pipeline.core.settings import ModerationSettings
from pipeline.report.advice import next_steps
from pipeline.report.faces import faces
from pipeline.report.model import NO_GUARANTEE
from pipeline.report.terminal import closing_text


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


SCREENED: dict[str, Any] = {
    "moderation": {
        "backend": "tuneset-screen/1",
        "state": "screened",
        "flagged": None,
        "scores": [("screen/hate", 0.4)],
        "categories": ["screen/hate"],
        "places": [("screen/hate", "/messages/0/content")],
    }
}
STATES = [
    pytest.param([{}], "not asked", (), id="not asked"),
    pytest.param(
        [SCREENED], "screened offline (weak) by tuneset-screen/1, not verified", ("1 to review",), id="screened"
    ),
    pytest.param([SCREENED, {}], "partly screened offline (weak) by tuneset-screen/1, not verified", (), id="partly"),
    pytest.param([judged(hate=0.9)], "verified by openai/omni-moderation-latest", ("1 flagged",), id="verified"),
    pytest.param([judged(), judged("held")], "held by openai/omni-moderation-latest: not every", (), id="held"),
]


@pytest.mark.parametrize(("rows", "words", "outcome"), STATES)
def test_every_face_tells_the_states_apart(
    rows: list[dict[str, Any]], words: str, outcome: tuple[str, ...], report_of: Any
) -> None:
    report = report_of(*rows)
    terminal = " ".join(closing_text(report, folder="out", width=200).split())
    page = faces(report)

    for face in (terminal, page["report.md"].decode(), page["report.html"].decode()):
        assert words in face
    assert all(one in terminal for one in outcome)
    assert ("not verified" in terminal) == ("not verified" in words)


def test_the_screen_flags_nothing_and_says_what_it_does_not_cover(report_of: Any) -> None:
    asked = report_of(SCREENED, moderation=ModerationSettings(thresholds={"screen/hate": 0.0})).moderation

    assert (asked.flagged, asked.categories) == (0, {})
    assert (asked.to_review, asked.suspected) == (1, {"hate": 1})
    assert "misses most requests for harm" in asked.not_covered[-1]


@pytest.mark.parametrize(
    ("rows", "step"),
    [
        pytest.param([{}], "Moderation was not asked. Set OPENAI_API_KEY", id="not asked"),
        pytest.param(
            [SCREENED],
            "Moderation is not verified: only a weak offline screen looked. Read the 1 example",
            id="screened",
        ),
        pytest.param([judged()], "Nothing stands in the way", id="verified"),
    ],
)
def test_the_next_step_is_to_verify_what_is_not(rows: list[dict[str, Any]], step: str, report_of: Any) -> None:
    assert any(one.startswith(step) for one in next_steps(report_of(*rows)))
