"""Sending: once, whatever breaks, and only what was checked."""

import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import Busy, ProviderGaveUp, TunesetError
from pipeline.core.settings import RuleSettings
from pipeline.submit.ledger import FILE, Book
from pipeline.submitting import Proposal, Task, propose, send
from tests.submit.account import Account
from tests.submit.chats import chat, train, validation, written

ON = date(2026, 11, 29)
BREAKS = [
    ("upload", False),
    ("upload", True),
    ("file", False),
    ("find", False),
    ("start", False),
    ("start", True),
    ("look", False),
]


def proposed(folder: Path, **asked) -> Proposal:
    return propose(Task(str(train(folder)), str(validation(folder)), "openai/gpt-4.1-mini", ON, **asked))


def sent(proposal: Proposal, account: Account, **asked):
    return send(proposal, account, submitted="2026-11-29T100000Z", sleep=lambda _: None, told=lambda _: None, **asked)


def until_sent(proposal: Proposal, account: Account, **asked):
    """Run again after each loss, as the user is told to."""
    while True:
        try:
            return sent(proposal, account, **asked)
        except ProviderGaveUp:
            continue


@pytest.fixture(scope="module")
def proposal(tmp_path_factory: pytest.TempPathFactory) -> Proposal:
    return proposed(tmp_path_factory.mktemp("sent"), suffix="acorn")


@pytest.fixture(autouse=True)
def _no_ledger(request: pytest.FixtureRequest) -> None:
    if "proposal" in request.fixturenames:
        (request.getfixturevalue("proposal").folder / FILE).unlink(missing_ok=True)


@settings(max_examples=60)
@given(lost=st.lists(st.sampled_from(BREAKS), max_size=6))
def test_whatever_is_lost_on_the_way_one_job_is_started(lost: list[tuple[str, bool]]) -> None:
    account = Account(lost)
    with TemporaryDirectory() as folder:
        here = proposed(Path(folder))
        going = until_sent(here, account)
        again = until_sent(here, account)

    assert len(account.jobs) == 1
    assert (again.job.id, again.is_new) == (going.job.id, False)


@settings(max_examples=30)
@given(lost=st.lists(st.sampled_from(BREAKS), max_size=4), ends=st.sampled_from(["failed", "cancelled", "succeeded"]))
def test_a_lost_ledger_starts_no_second_job_beside_a_good_one(lost: list[tuple[str, bool]], ends: str) -> None:
    account = Account()
    with TemporaryDirectory() as folder:
        here = proposed(Path(folder))
        first = sent(here, account)
        account.end(first.job.id, ends)
        (Path(folder) / FILE).unlink()
        account.lost = list(lost)
        going = until_sent(here, account)

    assert len(account.jobs) == (1 if ends == "succeeded" else 2)
    assert (going.job.id == first.job.id) == (ends == "succeeded")


@settings(max_examples=30)
@given(lost=st.lists(st.sampled_from(BREAKS), max_size=4))
def test_again_starts_exactly_one_more(lost: list[tuple[str, bool]]) -> None:
    account = Account()
    with TemporaryDirectory() as folder:
        here = proposed(Path(folder))
        sent(here, account)
        account.lost = list(lost)
        until_sent(here, account, is_again=True)

    # an answer that is lost after the job was made is found by the next run, which still says --again
    assert len(account.jobs) == 2


def test_files_that_are_there_are_not_uploaded_again(proposal: Proposal) -> None:
    account = Account()
    first = sent(proposal, account)
    account.end(first.job.id, "failed")
    second = sent(proposal, account)

    assert second.is_new
    assert len(account.files) == 2
    assert [one.attempt for one in Book(proposal.folder).read().jobs] == [1, 2]


def test_a_file_that_the_platform_has_lost_is_uploaded_again(proposal: Proposal) -> None:
    account = Account()
    account.end(sent(proposal, account).job.id, "failed")
    account.files.pop("file-0")
    sent(proposal, account)

    assert len(Book(proposal.folder).read().uploads) == 3


def test_another_suffix_is_another_job_of_the_same_files(proposal: Proposal) -> None:
    account = Account()
    sent(proposal, account)
    other = proposal._replace(order=proposal.order._replace(suffix="oak"))

    assert sent(other, account).is_new
    assert (len(account.jobs), len(account.files)) == (2, 2)


def test_what_has_changed_since_the_check_is_not_sent(tmp_path: Path) -> None:
    here = proposed(tmp_path)
    with (tmp_path / "train.jsonl").open("a") as file:
        file.write(chat("One more?", "Sneaked in.") + "\n")
    account = Account()

    with pytest.raises(TunesetError, match="has changed since it was checked"):
        sent(here, account)
    assert account.files == {}


def test_a_link_that_was_switched_meanwhile_sends_what_was_checked(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    train(tmp_path / "old", 20), train(tmp_path / "new", 30)
    link = tmp_path / "train.jsonl"
    link.symlink_to("old/train.jsonl")
    here = propose(Task(str(link), None, "openai/gpt-4.1-mini", ON))
    link.unlink()
    link.symlink_to("new/train.jsonl")
    account = Account()
    sent(here, account)

    assert account.files["file-0"] == (tmp_path / "old/train.jsonl").read_bytes()


def test_two_runs_at_once_send_once(proposal: Proposal) -> None:
    account = Account()
    with Book(proposal.folder).held(), pytest.raises(Busy, match="another run is sending"):
        sent(proposal, account)
    assert account.jobs == {}


def test_the_ledger_holds_no_text_of_the_dataset(proposal: Proposal) -> None:
    sent(proposal, Account())
    told = (proposal.folder / FILE).read_text()

    assert json.loads(told)["jobs"][0]["suffix"] == "acorn"
    assert "parcel" not in told
    assert "support" not in told


def test_a_ledger_that_cannot_be_read_is_not_thrown_away(proposal: Proposal) -> None:
    path = proposal.folder / FILE
    path.write_text("{")

    with pytest.raises(TunesetError, match=r"cannot be read as a ledger"):
        sent(proposal, Account())
    assert path.read_text() == "{"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        pytest.param("train.txt", b"{}\n", "named", id="another suffix"),
        pytest.param("train.jsonl", b"\x1f\x8b\x08\x00\x00\x00", "compressed", id="packed"),
        pytest.param("absent.jsonl", None, "no such file", id="absent"),
    ],
)
def test_what_no_platform_takes_is_refused_before_it_is_checked(
    tmp_path: Path, name: str, content: bytes | None, why: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(TunesetError, match=why):
        propose(Task(str(tmp_path / name), None, "openai/gpt-4.1-mini", ON))


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("vertex/gemini-2.5-flash", "tuneset export --target vertex/gemini-2.5-flash"),
        ("trl/open-model", "tuneset starts jobs at"),
    ],
)
def test_a_target_without_a_platform_is_told_what_to_do_instead(tmp_path: Path, target: str, why: str) -> None:
    with pytest.raises(TunesetError, match=why):
        propose(Task(str(train(tmp_path)), None, target, ON))


def test_the_model_is_the_dated_one_and_a_tuned_one_is_trained_further(tmp_path: Path) -> None:
    path, tuned = str(train(tmp_path)), "ft:gpt-4.1-mini-2025-04-14:org:acorn:1"

    assert propose(Task(path, None, "openai/gpt-4.1-mini", ON)).order.model == "gpt-4.1-mini-2025-04-14"
    assert propose(Task(path, None, tuned, ON)).order.model == tuned
    assert propose(Task(path, None, "openai/gpt-4.1-mini", ON, model="mine")).order.model == "mine"


def test_the_estimate_is_that_of_the_check(tmp_path: Path) -> None:
    here = proposed(tmp_path)

    assert here.estimate is not None
    assert here.checked.tokens is not None
    assert here.estimate.tokens == here.checked.tokens.billable
    assert str(here.priced.training) == here.checked.cost.usd


@pytest.mark.parametrize(
    ("target", "asked", "why"),
    [
        pytest.param("fireworks/open-model", {"seed": 1}, "takes no seed", id="a seed for Fireworks"),
        pytest.param("fireworks/open-model", {"suffix": "Acorn!"}, "does not fit", id="a name for Fireworks"),
        pytest.param("together/up-to-9b", {"suffix": "x" * 24}, "has room for 23", id="a name for Together"),
        pytest.param("openai/gpt-4.1-mini", {"suffix": "x" * 65}, "Give 1 to 64", id="a name for OpenAI"),
    ],
)
def test_what_a_platform_has_no_word_for_is_refused_before_anything_is_sent(
    tmp_path: Path, target: str, asked: dict, why: str
) -> None:
    with pytest.raises(TunesetError, match=why):
        propose(Task(str(train(tmp_path)), None, target, ON, model="m", **asked))


def test_validation_is_in_the_estimate_where_it_is_billed(tmp_path: Path) -> None:
    files = str(train(tmp_path)), str(validation(tmp_path))
    free = propose(Task(*files, "openai/gpt-4.1-mini", ON)).estimate
    billed = propose(Task(*files, "together/up-to-9b", ON, model="m"))

    assert free.validation_tokens == 0
    assert billed.estimate.validation_tokens == billed.checked.tokens.total - billed.estimate.tokens > 0


def test_rules_of_the_plan_hold(tmp_path: Path) -> None:
    path = written(tmp_path / "train.jsonl", [chat(f"q {n}", f"a {n}") for n in range(3)])
    ignoring = RuleSettings(ignore=("dataset.too-few", "dataset.few"))

    assert propose(Task(str(path), None, "openai/gpt-4.1-mini", ON)).checked.verdict == "errors"
    assert propose(Task(str(path), None, "openai/gpt-4.1-mini", ON, rules=ignoring)).checked.verdict != "errors"
