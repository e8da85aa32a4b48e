"""What every platform behind the door keeps: troubles are sentences, the unknown is None, and the key is in nothing."""

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.core.errors import ProviderGaveUp, TunesetError
from pipeline.submit.order import Order
from pipeline.submit.platform import Access, Platform
from pipeline.submit.registry import kinds
from tests.submit import fireworks_standin, together_standin
from tests.submit.served import SOON, Reply, Standin, running

HI = '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}\n'
ASK = [{"role": "user", "content": "Hi"}]
ORDER = Order("accounts/fireworks/models/qwen3-8b", "sft", "a" * 64, None)


class Cloud(NamedTuple):
    kind: str
    key: str
    standin: Callable[[], Standin]
    more: dict[str, str]
    jobs: str
    """How the path ends at which jobs are created."""


CLOUDS = [
    Cloud("together", together_standin.KEY, together_standin.Together, {}, "/fine-tunes"),
    Cloud(
        "fireworks",
        fireworks_standin.KEY,
        fireworks_standin.Fireworks,
        {"FIREWORKS_ACCOUNT_ID": fireworks_standin.ACCOUNT},
        "/supervisedFineTuningJobs",
    ),
]


@pytest.fixture(params=CLOUDS, ids=lambda cloud: cloud.kind)
def cloud(request: pytest.FixtureRequest) -> Cloud:
    return request.param


@pytest.fixture
def house(cloud: Cloud) -> Iterator[Standin]:
    with running(cloud.standin()) as standin:
        yield standin


@pytest.fixture
def account(cloud: Cloud, house: Standin) -> Iterator[Platform]:
    opened = kinds()[cloud.kind].open(Access(cloud.key, house.address, cloud.more))
    yield opened
    opened.close()


@pytest.fixture
def training(account: Platform, tmp_path: Path) -> str:
    path = tmp_path / "train.jsonl"
    path.write_text(HI)
    return account.upload(path)


def told_by(error: BaseException | None) -> str:
    """The traceback and every exception behind it, suppressed or not."""
    shown = "".join(traceback.format_exception(error))
    while error is not None:
        shown += repr(error) + repr(vars(error))
        error = error.__cause__ or error.__context__
    return shown


def test_targets_of_a_size_class_mean_no_model(cloud: Cloud) -> None:
    assert kinds()[cloud.kind].model_of(None) is None


def test_what_the_platform_does_not_know_is_none(account: Platform) -> None:
    assert account.look("ft-unknown") is None
    assert account.file("file-unknown") is None
    assert not account.find(ORDER, training="file-unknown", validation=None)


def test_a_file_is_removed_once(account: Platform, training: str) -> None:
    assert account.remove(training)
    assert not account.remove(training)
    assert account.file(training) is None


def test_an_id_with_a_slash_stays_one_part_of_the_path(house: Standin, account: Platform) -> None:
    account.look("../../v1/files/x?y=z")

    assert not [request for request in house.requests if request.path.endswith("/files/x") or request.query]


def test_another_accounts_key_is_said_to_be_not_taken(cloud: Cloud, house: Standin) -> None:
    opened = kinds()[cloud.kind].open(Access("another-key-0123456789", house.address, cloud.more))
    with pytest.raises(
        TunesetError, match=rf"does not take the key .* \(401\)\. Set {cloud.kind.upper()}_API_KEY anew"
    ):
        opened.look("x")
    opened.close()


def test_too_many_requests_and_faults_are_asked_again(house: Standin, account: Platform, training: str) -> None:
    house.planned["GET", training] = [Reply(429, {}, SOON), Reply(500, {}, SOON), Reply(503, {}, SOON)]

    assert account.file(training) is not None


def test_a_file_is_sent_whole_again_after_a_fault(house: Standin, account: Platform, tmp_path: Path) -> None:
    path = tmp_path / "more.jsonl"
    path.write_text(HI * 1000)
    house.planned["POST", "upload"] = [Reply(503, {}, SOON)]
    account.upload(path)

    assert [path.read_bytes()] == list(house.sent.values())


@pytest.mark.parametrize(("status", "words"), [(429, r"too many requests .* \(429\)"), (500, "status 500")])
def test_what_does_not_stop_ends_in_a_sentence(house: Standin, account: Platform, status: int, words: str) -> None:
    house.planned["GET", "/x"] = [Reply(status, {}, SOON)] * 6
    with pytest.raises(ProviderGaveUp, match=words):
        account.look("x")

    assert 6 == len(house.requests)


def test_a_connection_that_breaks_is_tried_again(house: Standin, account: Platform, training: str) -> None:
    house.planned["GET", training] = [Reply(is_broken=True)]

    assert account.file(training) is not None


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(is_broken=True), id="broken off"),
        pytest.param(Reply(429, {}, SOON), id="too many requests"),
        pytest.param(Reply(500, {}, SOON), id="a fault"),
        pytest.param(Reply(200, b"<html>proxy</html>"), id="an answer that is none"),
    ],
)
def test_a_job_is_asked_for_once_whatever_comes(
    cloud: Cloud, house: Standin, account: Platform, training: str, reply: Reply
) -> None:
    house.planned["POST", cloud.jobs] = [reply]
    with pytest.raises(ProviderGaveUp):
        account.start(ORDER, training=training, validation=None)

    assert 1 == sum(request.method == "POST" and request.path.endswith(cloud.jobs) for request in house.requests)


@pytest.mark.parametrize(
    "page", [Reply(200, b"<html>proxy</html>"), Reply(200, {"choices": []})], ids=["page", "empty"]
)
def test_an_answer_that_is_none_is_not_an_empty_answer(house: Standin, account: Platform, page: Reply) -> None:
    house.planned["POST", "/chat/completions"] = [page]
    with pytest.raises(ProviderGaveUp, match="an answer without `choices` while asking m"):
        account.ask("m", ASK, max_tokens=8)


def test_a_refusal_is_quoted_without_the_key(cloud: Cloud, house: Standin, account: Platform, training: str) -> None:
    house.planned["POST", cloud.jobs] = [Reply(400, {"error": {"message": f"Bad\nmodel for {cloud.key}."}})]
    with pytest.raises(TunesetError, match=r"refuses it while creating the job \(400\): Bad model for \[key\]"):
        account.start(ORDER, training=training, validation=None)


@pytest.mark.parametrize(
    "reply",
    [
        lambda key: Reply(401, {"error": {"message": f"Incorrect API key provided: {key}"}}),
        lambda key: Reply(400, {"code": 3, "message": key, "details": [key]}),
        lambda key: Reply(400, key.encode()),
        lambda key: Reply(429, {"message": key}, {"Retry-After-Ms": "1", "X-Key": key}),
        lambda key: Reply(is_broken=True),
    ],
    ids=["401", "400", "no JSON", "429", "broken"],
)
def test_no_trouble_leaves_the_key_anywhere(
    cloud: Cloud, house: Standin, account: Platform, training: str, reply: Callable[[str], Reply]
) -> None:
    house.planned["POST", cloud.jobs] = [reply(cloud.key)]
    with pytest.raises(TunesetError) as caught:
        account.start(ORDER, training=training, validation=None)

    assert cloud.key not in told_by(caught.value)
    assert cloud.key not in repr(account) + repr(vars(account))
    assert "@" not in account.address
