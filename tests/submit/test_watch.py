"""Watching: everything new once, through losses, to the end; and the bill beside the estimate."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import ProviderGaveUp, TunesetError
from pipeline.submit import Event, Order
from pipeline.submit.ledger import Estimate, Sent
from pipeline.submitting.watch import PATIENCE, bill, watch
from tests.submit.account import Account
from tests.submit.chats import train

ORDER = Order("m", "sft", "a" * 64, None)


def running(folder: Path, account: Account) -> str:
    return account.start(ORDER, training=account.upload(train(folder)), validation=None).id


def test_each_event_is_told_once_and_the_end_is_the_last(tmp_path: Path) -> None:
    account, slept = Account(), []
    job = running(tmp_path, account)

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        account.said = [*account.said, Event(f"e{len(slept)}", len(slept), "info", "step")]
        if len(slept) == 3:
            account.end(job, "succeeded")

    seen = list(watch(account, job, sleep=sleep, seconds=7))

    assert [event.id for one in seen for event in one.news] == ["e1", "e2", "e3"]
    assert seen[-1].job.status == "succeeded"
    assert slept == [7, 7, 7]


def test_a_job_of_hours_outlives_minutes_without_a_network(tmp_path: Path) -> None:
    account = Account([("look", False)] * PATIENCE)
    job = running(tmp_path, account)
    account.end(job, "succeeded")

    assert [one.job.status for one in watch(account, job, sleep=lambda _: None)] == ["succeeded"]


def test_but_not_for_ever(tmp_path: Path) -> None:
    account = Account([("look", False)] * (PATIENCE + 1))
    job = running(tmp_path, account)

    with pytest.raises(ProviderGaveUp):
        list(watch(account, job, sleep=lambda _: None))


def test_a_job_of_another_account_is_a_question_about_the_key() -> None:
    with pytest.raises(TunesetError, match="Is the key of the account that started it"):
        list(watch(Account(), "job-9", sleep=lambda _: None))


def sent(tokens: int | None, *, epochs: int | None, padded: int = 1_000, validation: int = 0) -> Sent:
    estimate = Estimate(
        tokens=1_000,
        padded_tokens=padded,
        epochs_low=2,
        epochs_high=3,
        low_usd=None,
        high_usd=None,
        validation_tokens=validation,
    )
    return Sent(
        platform="openai",
        address="https://x",
        target="openai/gpt-4.1-mini",
        model="m",
        method="sft",
        training="a",
        tag="t",
        submitted="s",
        estimate=estimate,
        trained_tokens=tokens,
        trained_epochs=epochs,
    )


@pytest.mark.parametrize(
    ("tokens", "epochs", "padded", "says"),
    [
        (2_000, 2, 1_000, "2,000 tokens over 2 epochs, as estimated (2,000)"),
        (2_500, None, 1_000, "2,500 tokens, as estimated (2,000 to 3,000)"),
        (2_200, 2, 1_200, "2,200 tokens over 2 epochs, as estimated (2,000 to 2,400)"),
        (1_500, 2, 1_000, "1,500 tokens over 2 epochs, 25.0% less than the estimate (2,000)"),
        (3_000, 1, 1_000, "3,000 tokens over 1 epoch, 200.0% more than the estimate (1,000)"),
    ],
)
def test_a_bill_is_held_against_the_estimate(tokens: int, epochs: int | None, padded: int, says: str) -> None:
    assert bill(sent(tokens, epochs=epochs, padded=padded)) == says


def test_evaluations_may_be_on_the_bill() -> None:
    said = bill(sent(2_100, epochs=2, validation=100))

    assert said == "2,100 tokens over 2 epochs, as estimated (2,000 to 2,200)"


def test_nothing_is_said_of_a_bill_that_is_not_told() -> None:
    assert bill(sent(None, epochs=2)) is None


@given(tokens=st.integers(0, 10**9), epochs=st.none() | st.integers(1, 50), padded=st.integers(1_000, 10**6))
def test_any_bill_can_be_told(tokens: int, epochs: int | None, padded: int) -> None:
    assert str(f"{tokens:,}") in (bill(sent(tokens, epochs=epochs, padded=padded)) or "")
