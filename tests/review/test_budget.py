"""The budget is never passed: at any number of requests in flight, with any usage, through faults, and by batches."""

import asyncio
import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.review.purse import Price, Purse
from pipeline.review.verdict import Usage
from tests.moderation.standin import Reply, error
from tests.review.bench import HASTY, SETTINGS, line

MANY = [line(f"question {number}") for number in range(60)]
PRICE = Price(SETTINGS.input_usd_per_million_tokens, SETTINGS.output_usd_per_million_tokens)


def billed(here):
    """What the provider's invoice says."""
    return PRICE.of(Usage(*here.reviewer.used))


def most(body):
    """The most that a request may use: a token for each byte, and every token of the answer."""
    import json

    told = json.dumps([body["messages"], body["response_format"]], ensure_ascii=False)
    return len(told.encode()) + 512, body["max_completion_tokens"]


@pytest.mark.parametrize("concurrency", [1, 8, 32])
@pytest.mark.parametrize("usage", [most, lambda body: (most(body)[0] // 4, 60)], ids=["the most", "ordinary"])
def test_no_invoice_is_over_the_budget_however_many_are_in_flight(bench, concurrency, usage):
    here = bench(seconds=0.005)
    here.reviewer.usage = usage
    budget = Decimal("0.04")
    reviewed = here.review(*MANY, settings={"budget_usd": budget, "concurrency": concurrency})

    assert 0 < billed(here) <= budget
    assert Decimal(reviewed.review.cost.spent_usd) == billed(here)
    assert "The budget does not reach for more." in (reviewed.review.unfinished or "")
    count = reviewed.review.rubrics[0]
    assert (count.passed + count.not_asked, count.held) == (60, 0)
    assert count.not_asked_because == {"the budget is spent": count.not_asked}


def test_nearly_all_of_the_budget_is_used(bench):
    here = bench()
    budget = Decimal("0.06")
    here.review(*MANY, settings={"budget_usd": budget, "concurrency": 16})

    assert billed(here) > budget * Decimal("0.85")


def test_the_next_run_goes_on_with_a_budget_of_its_own(bench):
    here = bench()
    first = here.review(*MANY, settings={"budget_usd": Decimal("0.03")}).review
    second = here.review(*MANY).review

    assert (second.asked, second.from_cache) == (60 - first.asked, first.asked)
    assert second.unfinished is None
    assert set(here.reviewer.asked.values()) == {1}


def test_nothing_is_sent_where_not_even_one_question_can_be_paid(bench):
    here = bench()
    reviewed = here.review(*MANY, settings={"budget_usd": Decimal("0.000001")}).review

    assert (reviewed.requests, reviewed.rubrics[0].not_asked) == (0, 60)


def test_a_server_of_ones_own_costs_nothing_and_needs_no_money(bench):
    free = {
        "budget_usd": Decimal(0),
        "input_usd_per_million_tokens": Decimal(0),
        "output_usd_per_million_tokens": Decimal(0),
    }
    reviewed = bench().review(*MANY, settings=free).review

    assert (reviewed.asked, reviewed.unfinished) == (60, None)


def test_what_was_lost_may_have_been_billed_and_counts_at_its_highest_price(bench):
    here = bench()
    resets = iter([Reply(is_reset=True)] * 3)
    here.reviewer.trouble = lambda told: next(resets, None)
    cost = here.review(*MANY[:5], settings={"concurrency": 1}).review.cost

    assert Decimal(cost.unsure_usd) > 0
    assert Decimal(cost.spent_usd) == billed(here) + Decimal(cost.unsure_usd)


def test_a_429_costs_nothing(bench):
    here = bench()
    denied = iter([error(429, "rate_limit_exceeded", retry_after_ms="5")] * 3)
    here.reviewer.trouble = lambda told: next(denied, None)

    assert here.review(*MANY[:5]).review.cost.unsure_usd == "0"


def test_a_storm_of_lost_answers_that_are_billed_all_the_same_stays_within_the_budget(bench):
    here = bench()
    chance = random.Random(1)
    lost = [0]

    def trouble(told):
        if chance.random() < 0.4:
            lost[0] += PRICE.of(Usage(*most(told["request"])))
            return Reply(is_reset=True)
        return None

    here.reviewer.trouble, here.reviewer.usage = trouble, most
    budget = Decimal("0.2")
    patience = HASTY._replace(attempts=40, give_up_seconds=60)
    here.review(*MANY, settings={"budget_usd": budget, "concurrency": 16}, patience=patience)

    assert 0 < billed(here) + lost[0] <= budget


def test_an_answer_without_usage_counts_at_its_highest_price(bench):
    here = bench()
    here.reviewer.usage = lambda body: None
    cost = here.review(*MANY[:3]).review.cost

    assert cost.spent_usd == cost.unsure_usd == cost.most_usd


def test_a_provider_that_counts_more_than_it_may_is_asked_no_more(bench):
    from pipeline.core.errors import TunesetError

    here = bench()
    here.reviewer.usage = lambda body: (10**6, 10**6)

    with pytest.raises(TunesetError, match="No budget can be kept there"):
        here.review(*MANY, settings={"concurrency": 1})
    assert sum(here.reviewer.asked.values()) == 1


@given(
    st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 100), st.floats(0, 1) | st.none()), max_size=40),
    st.integers(0, 20_000),
)
def test_a_purse_never_gives_out_more_than_it_has(questions, micro_usd):
    budget = Decimal(micro_usd) / 1_000_000
    invoice = []

    async def one(purse, given, made, share):
        usage = Usage(given, made)
        if await purse.reserve(usage):
            await asyncio.sleep(0)
            paid = None if share is None else Usage(int(given * share), int(made * share))
            invoice.append(purse.price.of(paid or usage))
            purse.settle(usage, paid=paid)

    async def all_of_them():
        purse = Purse(budget, Price(Decimal(1), Decimal(4)))
        await asyncio.gather(*(one(purse, *question) for question in questions))
        return purse

    purse = asyncio.run(all_of_them())
    assert sum(invoice) == purse.spent.usd <= budget
    assert purse.set_aside_usd == 0


def test_where_nobody_listens_nothing_can_have_been_billed(bench):
    alone = {"concurrency": 1}  # of several in flight, the first to give up leaves the others unsure
    reviewed = bench().review(*MANY[:3], base_url="http://127.0.0.1:9/v1", settings=alone).review

    assert "the last failure was: connection" in reviewed.unfinished
    assert (reviewed.cost.spent_usd, reviewed.cost.unsure_usd) == ("0", "0")
