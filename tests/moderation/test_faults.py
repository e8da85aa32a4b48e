"""Whatever the provider does: every text is judged once in the result, or its row is held, or the run says it gave up."""

import json
import random

import pytest

from pipeline.core.errors import ProviderGaveUp, TunesetError
from tests.moderation.desk import FAST, HASTY, row
from tests.moderation.standin import KEY, Reply, error, result, scores

ROWS = [row(f"question {number}", "BAD:hate" if number % 10 == 0 else f"answer {number}") for number in range(60)]
SMALL = FAST.model_copy(update={"max_texts_per_request": 4, "concurrency": 8})


def whole(texts):
    return json.dumps({"id": "modr-1", "model": "omni-moderation-2024-09-26", "results": [result(t) for t in texts]})


def cut(texts):
    body = whole(texts).encode()
    return Reply(body=body[: len(body) // 2], promised=len(body))


def without(texts, *path):
    answer = json.loads(whole(texts))
    holder = answer
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return Reply(body=json.dumps(answer).encode())


def with_score(texts, value):
    """The first result has one score more."""
    return Reply(
        body=whole(texts).replace('"category_scores": {', f'"category_scores": {{"odd": {value}, ', 1).encode()
    )


FAULTS = {
    "429 that says nothing": lambda texts: error(429, "rate_limit_exceeded"),
    "429 with retry-after-ms": lambda texts: error(429, "rate_limit_exceeded", retry_after_ms="5"),
    "429 with retry-after": lambda texts: error(429, "rate_limit_exceeded", retry_after="0.01"),
    "429 with a date": lambda texts: error(429, None, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"),
    "408": lambda texts: error(408, None),
    "409": lambda texts: error(409, None),
    "500": lambda texts: error(500, "server_error"),
    "503 in HTML": lambda texts: Reply(503, b"<html>busy</html>", {"content-type": "text/html"}),
    "connection reset": lambda texts: Reply(is_reset=True),
    "no answer in time": lambda texts: Reply(seconds=4),
    "body cut short": cut,
    "empty body": lambda texts: Reply(body=b""),
    "JSON cut short": lambda texts: Reply(body=whole(texts)[:-9].encode()),
    "HTML instead of JSON": lambda texts: Reply(body=b"<html>login</html>", headers={"content-type": "text/html"}),
    "JSON of another shape": lambda texts: Reply(body=b'{"results": {}}'),
    "null": lambda texts: Reply(body=b"null"),
    "no flag": lambda texts: without(texts, "results", 0, "flagged"),
    "no scores": lambda texts: without(texts, "results", 0, "category_scores"),
    "no model": lambda texts: without(texts, "model"),
    "a score that is no number": lambda texts: with_score(texts, '"low"'),
    "a score over one": lambda texts: with_score(texts, "1.5"),
    "a score that is NaN": lambda texts: with_score(texts, "NaN"),
    "a result too few": lambda texts: Reply(body=whole(texts[1:]).encode()),
    "a result too many": lambda texts: Reply(body=whole([*texts, "more"]).encode()),
}


def expected(rows):
    """What an undisturbed API would have said of the rows: hate of their texts."""
    texts = [[turn["content"] for turn in json.loads(payload)["messages"]] for _, payload in rows]
    return [max(scores(text)["hate"] for text in some) for some in texts]


def hate(facts):
    return [pytest.approx(dict(fact.scores)["hate"], rel=1e-6) for fact in facts]


@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_once_is_overcome(desk, kind):
    faults = iter([FAULTS[kind]])
    here = desk(lambda _, texts: next(faults, lambda texts: None)(texts))

    facts = here.facts(ROWS, SMALL, patience=HASTY._replace(timeout_seconds=2 if kind == "no answer in time" else 10))

    assert expected(ROWS) == hate(facts)
    assert {fact.state for fact in facts} == {"verified"}
    assert set(here.standin.texts.values()) == {1}
    assert here.standin.complaints == []


@pytest.mark.parametrize("seed", range(3))
def test_a_storm_of_every_fault_is_overcome(desk, seed):
    chance = random.Random(seed)
    kinds = list(FAULTS.values())
    here = desk(lambda _, texts: chance.choice(kinds)(texts) if chance.random() < 0.4 else None)

    patience = HASTY._replace(timeout_seconds=2, attempts=40)
    facts = here.facts(ROWS, SMALL, patience=patience)

    assert expected(ROWS) == hate(facts)
    assert set(here.standin.texts.values()) == {1}


def test_after_a_429_with_a_wait_nothing_is_asked_until_it_is_over(desk):
    denied = iter([error(429, "rate_limit_exceeded", retry_after="0.3")])
    here = desk(lambda _, texts: next(denied, None))

    here.moderate(ROWS, SMALL.model_copy(update={"concurrency": 1}))

    first, second = (when for when, _, _ in here.standin.requests[:2])
    assert second - first >= 0.3


def test_429s_for_longer_than_the_attempts_are_waited_out(desk):
    denied = iter([error(429, "rate_limit_exceeded")] * 30)
    here = desk(lambda _, texts: next(denied, None))

    facts = here.facts(ROWS, SMALL, patience=HASTY._replace(attempts=2, give_up_seconds=60, backoff_seconds=0.0001))

    assert {fact.state for fact in facts} == {"verified"}


def test_one_text_that_is_refused_holds_its_rows_and_no_other(desk):
    here = desk(lambda _, texts: error(400, "invalid_input") if "question 7" in texts else None)

    moderated = here.moderate(ROWS)
    facts = moderated.facts([name for name, _ in ROWS])

    assert [number for number, fact in enumerate(facts) if fact.state == "held"] == [7]
    assert (moderated.summary.held, moderated.summary.verified) == (1, 59)
    assert facts[7].flagged is None


def test_a_held_row_keeps_the_flags_of_what_was_judged(desk):
    here = desk(lambda _, texts: error(400, "invalid_input") if "strange" in texts else None)

    [fact] = here.facts([row("strange", "BAD:hate")])

    assert (fact.state, fact.flagged, fact.categories) == ("held", True, ("hate",))


def test_a_held_row_is_asked_again_by_the_next_run_and_then_verified(desk):
    here = desk(lambda _, texts: error(400, "invalid_input") if "strange" in texts else None)
    rows = [row("strange", "answer"), row("plain")]
    here.moderate(rows)

    here.standin.fault = None
    moderated = here.moderate(rows)

    assert [fact.state for fact in moderated.facts([name for name, _ in rows])] == ["verified", "verified"]
    assert moderated.summary.asked == 1


def test_a_text_that_always_breaks_the_server_holds_its_row_while_the_others_are_judged(desk):
    here = desk(lambda _, texts: error(500, "server_error") if "question 7" in texts else None)

    facts = here.facts(ROWS, SMALL, patience=HASTY._replace(attempts=2, give_up_seconds=30, timeout_seconds=10))

    assert [number for number, fact in enumerate(facts) if fact.state == "held"] == [7]


def test_a_text_that_always_breaks_the_server_is_held_though_nothing_else_is_asked(desk):
    here = desk(lambda _, texts: error(500, "server_error") if "question 7" in texts else None)

    facts = here.facts([row("question 7")], SMALL, patience=HASTY._replace(attempts=2, give_up_seconds=30))

    assert [fact.state for fact in facts] == ["held"]


def test_a_server_that_gives_one_result_for_many_texts_is_asked_one_by_one(desk):
    here = desk(lambda _, texts: Reply(body=whole(texts[:1]).encode()))

    assert expected(ROWS) == hate(here.facts(ROWS))


@pytest.mark.parametrize("kind", ["500", "connection reset", "HTML instead of JSON", "429 that says nothing"])
def test_a_provider_that_is_down_ends_the_run_which_says_what_is_missing_and_the_next_goes_on(desk, kind):
    answered = iter(range(5))
    here = desk(lambda _, texts: FAULTS[kind](texts) if next(answered, None) is None else None)

    with pytest.raises(ProviderGaveUp, match=r"The next run goes on") as told:
        here.moderate(ROWS, SMALL)
    kept = sum(here.standin.texts.values())
    here.standin.fault = None
    moderated = here.moderate(ROWS, SMALL)

    assert f"{115 - kept} texts have no verdict; {kept} texts were judged" in str(told.value)
    assert told.value.exit_code == 4
    assert moderated.summary.asked == 115 - kept
    assert expected(ROWS) == hate(moderated.facts([name for name, _ in ROWS]))
    assert set(here.standin.texts.values()) == {1}


def test_nobody_at_the_address_ends_the_run(desk):
    with pytest.raises(ProviderGaveUp, match=r"the last failure was: connection\. 115 texts have no verdict"):
        desk().moderate(ROWS, base_url="http://127.0.0.1:9/v1")


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        pytest.param(error(429, "insufficient_quota"), "quota is used up", id="no credit"),
        pytest.param(error(429, None, retry_after="7200"), "wait 120 minutes", id="a limit a day"),
        pytest.param(error(503, None, retry_after_ms="3600000"), "wait 60 minutes", id="maintenance"),
    ],
)
def test_a_provider_that_says_not_today_is_believed_at_once(desk, reply, told):
    here = desk(lambda *_: reply)

    with pytest.raises(ProviderGaveUp, match=told):
        here.moderate(ROWS[:3])
    assert len(here.standin.requests) == 1


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        pytest.param(error(401, "invalid_api_key"), "does not take the key in OPENAI_API_KEY", id="wrong key"),
        pytest.param(error(403, None), "may not use the Moderation API", id="no permission"),
        pytest.param(error(404, "model_not_found"), "no model 'omni-moderation-latest'", id="no such model"),
        pytest.param(error(400, None, param="model"), "OPENAI_BASE_URL", id="a model that does not moderate"),
    ],
)
def test_a_wrong_set_up_is_told_at_once_with_what_to_do(desk, reply, told):
    here = desk(lambda *_: reply)

    with pytest.raises(TunesetError, match=told) as found:
        here.moderate(ROWS, FAST.model_copy(update={"concurrency": 1}))
    assert found.value.exit_code == 2
    assert len(here.standin.requests) == 1


def test_when_everything_is_refused_the_run_does_not_hold_the_whole_dataset(desk):
    here = desk(lambda *_: error(422, "unprocessable"))

    with pytest.raises(ProviderGaveUp, match="every one of 20 texts was refused"):
        here.moderate(ROWS)


def test_a_flaw_in_the_rows_themselves_passes_through(desk):
    def rows():
        yield row("one")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        desk().moderate(rows())


def test_a_fault_in_our_own_code_is_not_taken_for_the_provider(desk, monkeypatch):
    monkeypatch.setattr("pipeline.measure.moderation.talk.interpret", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        desk().moderate(ROWS)


def test_a_wrong_key_is_refused_by_the_provider(desk):
    with pytest.raises(TunesetError, match="401"):
        desk().moderate(ROWS, api_key=KEY[:-1])
