"""Whatever the provider does: each question has one verdict, or is held, or the run says that it is not finished."""

import json
import random

import pytest

from tests.moderation.standin import Reply, error
from tests.review.bench import HASTY, line
from tests.review.reviewer import verdict

ROWS = [line(f"question {number}", "BAD" if number % 10 == 0 else "Fine.") for number in range(40)]
EXPECTED = ["failed" if number % 10 == 0 else "passed" for number in range(40)]


def good(told):
    choice = {"index": 0, "message": {"role": "assistant", "content": verdict(told)}, "finish_reason": "stop"}
    return json.dumps({"id": "c", "model": "m", "choices": [choice]}).encode()


FAULTS = {
    "429 that says nothing": lambda told: error(429, "rate_limit_exceeded"),
    "429 with retry-after-ms": lambda told: error(429, "rate_limit_exceeded", retry_after_ms="5"),
    "429 with retry-after": lambda told: error(429, "rate_limit_exceeded", retry_after="0.01"),
    "408": lambda told: error(408, None),
    "409": lambda told: error(409, None),
    "500": lambda told: error(500, "server_error"),
    "502 in HTML": lambda told: Reply(502, b"<html>", {"content-type": "text/html"}),
    "connection reset": lambda told: Reply(is_reset=True),
    "no answer in time": lambda told: Reply(seconds=4),
    "body cut short": lambda told: Reply(body=good(told)[:60], promised=len(good(told))),
    "empty body": lambda told: Reply(body=b""),
    "JSON cut short": lambda told: Reply(body=good(told)[:-9]),
    "HTML instead of JSON": lambda told: Reply(body=b"<html>login</html>", headers={"content-type": "text/html"}),
    "JSON of another shape": lambda told: Reply(body=b'{"choices": {}}'),
    "no choices": lambda told: Reply(body=b'{"choices": [], "model": "m"}'),
    "null": lambda told: Reply(body=b"null"),
    "bytes that are no text": lambda told: Reply(body=b'{"choices": "\xff\xfe"}'),
    "deep nesting": lambda told: Reply(body=b"[" * 100_000),
    "no message": lambda told: Reply(body=good(told).replace(b'"message"', b'"text"')),
    "an answer cut by length": lambda told: Reply(body=good(told).replace(b'"stop"', b'"length"')),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_once_is_overcome(bench, kind):
    here = bench()
    faults = iter([FAULTS[kind]])
    here.reviewer.trouble = lambda told: next(faults, lambda told: None)(told)  # noqa: PLW0108 - each call takes the next
    here.review(*ROWS, patience=HASTY._replace(timeout_seconds=2 if kind == "no answer in time" else 10))

    assert here.states() == EXPECTED
    assert set(here.reviewer.answered.values()) == {1}


@pytest.mark.parametrize("seed", range(2))
def test_a_storm_of_every_fault_is_overcome(bench, seed):
    here = bench()
    chance, kinds = random.Random(seed), list(FAULTS.values())
    here.reviewer.trouble = lambda told: chance.choice(kinds)(told) if chance.random() < 0.3 else None
    here.review(
        *ROWS, settings={"attempts": 40}, patience=HASTY._replace(timeout_seconds=2, attempts=40, give_up_seconds=60)
    )

    assert here.states() == EXPECTED
    assert max(here.reviewer.answered.values()) == 1


@pytest.mark.parametrize("kind", ["500", "connection reset", "HTML instead of JSON", "429 that says nothing"])
def test_a_provider_that_is_down_ends_the_run_which_says_what_is_missing_and_the_next_goes_on(bench, kind):
    here = bench()
    answered = iter(range(5))
    here.reviewer.trouble = lambda told: FAULTS[kind](told) if next(answered, None) is None else None
    first = here.review(*ROWS).review
    here.reviewer.trouble = lambda told: None
    second = here.review(*ROWS).review

    assert first.asked == 5
    rubric = first.rubrics[0]
    told = f"{rubric.not_asked} questions without a verdict; what was answered is kept. The next run goes on."
    assert told in first.unfinished
    assert rubric.not_asked + rubric.held == 35
    assert (second.asked, second.unfinished) == (35, None)
    assert set(here.reviewer.answered.values()) == {1}
    assert here.states() == EXPECTED


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        pytest.param(error(429, "insufficient_quota"), "quota is used up", id="no credit"),
        pytest.param(error(429, None, retry_after="7200"), "wait 120 minutes", id="a limit a day"),
    ],
)
def test_a_provider_that_says_not_today_is_believed_at_once(bench, reply, sentence):
    here = bench()
    here.reviewer.trouble = lambda told: reply
    reviewed = here.review(*ROWS, settings={"concurrency": 1}).review

    assert sentence in reviewed.unfinished
    assert sum(here.reviewer.asked.values()) == 1


BAD = line("strange one")
REFUSALS = {
    "a refusal": lambda told: {"message": {"role": "assistant", "content": None, "refusal": "I will not read this."}},
    "a content filter": lambda told: {"message": verdict(told), "finish": "content_filter"},
    "an answer without end": lambda told: {"message": verdict(told)[:30], "finish": "length"},
    "prose": lambda told: "This one is fine by me.",
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_reviewer_that_fails_on_one_example_holds_it_and_no_other(bench, kind):
    here = bench(lambda told: REFUSALS[kind](told) if "strange" in json.dumps(told["value"]) else verdict(told))
    reviewed = here.review(*ROWS[:5], BAD)

    assert here.states() == [*EXPECTED[:5], "held"]
    assert (reviewed.review.rubrics[0].failed, len(reviewed.findings)) == (1, 1)
    assert reviewed.review.unfinished is None


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(error(400, "context_length_exceeded"), id="too long"),
        pytest.param(error(400, "content_filter"), id="Azure's filter"),
        pytest.param(error(500, "server_error"), id="breaks the server"),
        pytest.param(Reply(seconds=3), id="never in time"),
    ],
)
def test_an_example_that_the_provider_always_fails_on_is_held_while_the_others_are_judged(bench, reply):
    here = bench()
    here.reviewer.trouble = lambda told: reply if "strange" in json.dumps(told["value"]) else None
    patience = HASTY._replace(attempts=3, give_up_seconds=30, timeout_seconds=1, backoff_seconds=0.05)
    here.review(BAD, *ROWS, patience=patience, settings={"concurrency": 2})

    assert here.states() == ["held", *EXPECTED]


@pytest.mark.parametrize("kind", ["500", "connection reset"])
def test_a_last_question_that_breaks_the_provider_is_held_and_does_not_end_every_run_for_ever(bench, kind):
    here = bench()
    here.reviewer.trouble = lambda told: FAULTS[kind](told) if "strange" in json.dumps(told["value"]) else None
    first = here.review(*ROWS[:5], BAD).review
    second = here.review(*ROWS[:5], BAD).review

    assert [first.unfinished, second.unfinished] == [None, None]
    assert here.states() == [*EXPECTED[:5], "held"]
    assert set(here.reviewer.answered.values()) == {1}


def test_a_provider_that_never_answered_is_down_even_when_one_question_is_left(bench):
    here = bench()
    here.reviewer.trouble = FAULTS["500"]

    assert here.review(ROWS[0]).review.unfinished is not None


def test_a_server_that_never_answers_in_the_shape_does_not_hold_the_whole_dataset(bench):
    here = bench(lambda told: "Looks good to me!")
    reviewed = here.review(*ROWS).review

    assert "not one of 20 questions got a verdict, the last because: not the shape" in reviewed.unfinished
    assert reviewed.rubrics[0].passed == 0


def test_after_a_429_with_a_wait_nothing_is_asked_until_it_is_over(bench):
    import time

    here = bench()
    when, denied = [], iter([error(429, "rate_limit_exceeded", retry_after="0.3")])
    here.reviewer.trouble = lambda told: (when.append(time.monotonic()), next(denied, None))[1]
    here.review(*ROWS[:3], settings={"concurrency": 1})

    assert when[1] - when[0] >= 0.3


def test_the_accounts_limit_is_kept(bench):
    import time

    here = bench()
    when = []
    here.reviewer.trouble = lambda told: when.append(time.monotonic())
    here.review(*ROWS, settings={"requests_per_minute": 1_200})

    assert len(when) <= (when[-1] - when[0]) * 1_200 / 60 + 5
