"""A review handed to the Batch API comes back once, within the budget, however often the work on it is broken off."""

import json
from decimal import Decimal

import pytest

from pipeline.core.errors import ProviderGaveUp
from pipeline.measure.providers import openai_batch
from pipeline.review.purse import Price
from pipeline.review.verdict import Usage
from tests.moderation.standin import Reply
from tests.review.bench import SETTINGS, line
from tests.review.reviewer import verdict

ROWS = [line(f"question {number}", "BAD" if number == 3 else "Fine.") for number in range(12)]
EXPECTED = ["failed" if number == 3 else "passed" for number in range(12)]
HALF = Price(SETTINGS.input_usd_per_million_tokens, SETTINGS.output_usd_per_million_tokens).for_batches()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(openai_batch, "RETRIES", 0)


def test_submitted_then_collected_then_known(bench):
    here = bench()
    first = here.review(*ROWS, is_batch=True).review
    here.reviewer.finish()
    second = here.review(*ROWS, is_batch=True).review

    assert first.rubrics[0].not_asked_because == {"in a batch that is not finished": 12}
    assert "1 batch is open, 0 of 12 questions answered" in first.unfinished
    assert (second.asked, second.unfinished, here.states()) == (12, None, EXPECTED)
    assert here.review().review.requests == 0


def test_a_batch_costs_half(bench):
    here = bench()
    here.review(*ROWS, is_batch=True)
    here.reviewer.finish()
    cost = here.review(*ROWS, is_batch=True).review.cost

    assert Decimal(cost.spent_usd) == HALF.of(Usage(*here.reviewer.used))


def test_while_a_batch_is_open_nothing_is_submitted_twice_and_only_the_new_is(bench):
    here = bench()
    here.review(*ROWS, is_batch=True)
    here.review(*ROWS, is_batch=True)
    here.review(*ROWS, line("new"), is_batch=True)

    totals = [batch["request_counts"]["total"] for batch in here.reviewer.batches.values()]
    assert totals == [12, 1]


def test_the_budget_covers_open_batches_too(bench):
    here = bench()
    budget = {"budget_usd": Decimal("0.02")}
    first = here.review(*ROWS, is_batch=True, settings=budget).review
    second = here.review(*ROWS, is_batch=True, settings=budget).review

    assert 0 < first.requests < 12
    assert (second.requests, second.cost.set_aside_usd) == (0, first.cost.set_aside_usd)
    assert 0 < Decimal(first.cost.set_aside_usd) <= Decimal("0.02")


def test_a_small_budget_reaches_through_in_several_runs_and_is_never_passed(bench):
    here = bench()
    budget = Decimal("0.02")
    for _ in range(12):
        here.reviewer.finish()
        reviewed = here.review(*ROWS, is_batch=True, settings={"budget_usd": budget}).review
        if reviewed.unfinished is None:
            break

    assert here.states() == EXPECTED
    assert len(here.reviewer.batches) > 1
    assert set(here.reviewer.asked.values()) == {1}


def test_answers_that_are_no_verdict_are_asked_again(bench):
    here = bench(lambda told: "PASS" if "question 5" in json.dumps(told["value"]) else verdict(told))
    here.review(*ROWS, is_batch=True)
    here.reviewer.finish()
    here.reviewer.think = verdict
    again = here.review(*ROWS, is_batch=True).review
    here.reviewer.finish()
    here.review(*ROWS, is_batch=True)

    assert "Of the batches' answers 1 cannot be used: not the shape." in again.unfinished
    assert again.rubrics[0].passed == 10
    assert here.states() == EXPECTED


@pytest.mark.parametrize("status", ["expired", "cancelled", "failed"])
def test_what_a_batch_left_is_submitted_again(bench, status):
    here = bench()
    here.review(*ROWS, is_batch=True)
    here.reviewer.finish(status, share=0.0 if status == "failed" else 0.5)
    second = here.review(*ROWS, is_batch=True).review

    assert f"ended as {status}" in second.unfinished
    assert second.requests == (12 if status == "failed" else 6)


def test_what_a_batch_left_can_be_asked_at_once(bench):
    here = bench()
    here.review(*ROWS, is_batch=True)
    here.reviewer.finish("expired", share=0.5)
    here.review(*ROWS, is_batch=True)
    here.review(*ROWS)

    assert here.states() == EXPECTED


@pytest.mark.parametrize("call", range(6))
def test_the_work_may_break_off_at_any_call(bench, call):
    here = bench()
    here.reviewer.breaks[call] = Reply(is_reset=True)
    for _ in range(6):
        try:
            reviewed = here.review(*ROWS, is_batch=True).review
        except ProviderGaveUp:
            continue
        if reviewed.unfinished is None:
            break
        here.reviewer.finish()

    assert here.states() == EXPECTED
    assert len(here.reviewer.batches) == 1


def test_no_text_is_left_here_or_at_the_provider(bench):
    here = bench()
    here.review(*ROWS, is_batch=True)
    here.reviewer.finish()
    here.review(*ROWS, is_batch=True)

    assert [one.name for one in (here.folder / "cache" / "batches").iterdir()] in ([], ["lock"])
    assert here.reviewer.files == {}
