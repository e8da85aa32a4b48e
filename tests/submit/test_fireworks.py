"""Fireworks AI: from a file to an answer, datasets and jobs that are named here, and what they say when they fail."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core.errors import ProviderGaveUp, TunesetError
from pipeline.submit.order import Order
from pipeline.submit.platform import Access, Failure, FileState, Platform
from pipeline.submit.platforms.fireworks import KIND, STATES
from tests.submit.fireworks_standin import ACCOUNT, AT, KEY, Fireworks
from tests.submit.fireworks_standin import STATES as WORDS
from tests.submit.served import LOST, running

BASE = "accounts/fireworks/models/qwen3-8b"
ORDER = Order(BASE, "sft", "a" * 64, None, suffix="support")
HI = '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}\n'


@pytest.fixture
def house() -> Iterator[Fireworks]:
    with running(Fireworks()) as standin:
        yield standin


@pytest.fixture
def account(house: Fireworks) -> Iterator[Platform]:
    opened = KIND.open(Access(KEY, house.address, {"FIREWORKS_ACCOUNT_ID": ACCOUNT}))
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    path.write_text(HI * 3)
    return path


@pytest.fixture
def training(account: Platform, file: Path) -> str:
    return account.upload(file)


def test_a_file_becomes_a_model_that_answers_from_its_deployment(
    house: Fireworks, account: Platform, training: str
) -> None:
    ready = account.file(training)
    job = account.start(ORDER, training=training, validation=None)
    house.things[f"{AT}/supervisedFineTuningJobs/{job.id}"] |= {
        "state": "JOB_STATE_COMPLETED",
        "epochs": 2,
        "completedTime": "2026-11-29T09:30:00Z",
        "status": {"code": "OK", "message": "{'train_loss': 0.1}"},
    }
    done = account.look(job.id)
    answer = account.ask(f"{AT}/deployments/d1", [{"role": "user", "content": "Hi"}], max_tokens=64)

    assert (HI * 3).encode() == house.sent[f"{AT}/datasets/{training}"]
    assert "3" == house.things[f"{AT}/datasets/{training}"]["exampleCount"]
    assert FileState("ready") == ready
    assert (f"tuneset-{ORDER.tag}", "queued", "JOB_STATE_CREATING", BASE, None) == job[:5]
    assert ("succeeded", f"{AT}/models/support-{ORDER.tag}", 2, None) == (
        done.status,
        done.model,
        done.epochs,
        done.failure,
    )
    assert (1795942800, 1795944600) == (done.created, done.finished)
    assert (f"{AT}/deployments/d1 heard Hi", True, 9, 7) == answer
    assert () == account.events(job.id)


def test_a_model_that_no_deployment_serves_is_said_to_be_so(account: Platform) -> None:
    with pytest.raises(TunesetError, match=r"\(404\): Model not found, inaccessible, and/or not deployed"):
        account.ask(f"{AT}/models/support", [{"role": "user", "content": "Hi"}], max_tokens=64)


@pytest.mark.parametrize("end", ["", "/v1", "/v1/", "/inference/v1"])
def test_an_address_may_end_as_the_platforms_own_packages_have_it(house: Fireworks, end: str, file: Path) -> None:
    opened = KIND.open(Access(KEY, house.address + end, {"FIREWORKS_ACCOUNT_ID": f"accounts/{ACCOUNT}"}))
    account = opened.upload(file)
    opened.close()

    assert f"{house.address}/v1" == opened.address
    assert f"{AT}/datasets/{account}" in house.things


@pytest.mark.parametrize("given", ["", "Acme", "acme/models", KEY])
def test_an_accounts_id_that_is_none_is_refused_and_not_quoted(given: str) -> None:
    with pytest.raises(TunesetError, match="FIREWORKS_ACCOUNT_ID: empty, or not an account's id") as caught:
        KIND.open(Access(KEY, None, {"FIREWORKS_ACCOUNT_ID": given}))

    assert not given or given not in str(caught.value)


def test_equal_files_are_one_dataset_that_is_sent_once(
    house: Fireworks, account: Platform, file: Path, training: str
) -> None:
    twin = file.with_name("twin.jsonl")
    twin.write_bytes(file.read_bytes())

    assert training == account.upload(twin)
    assert 1 == sum(request.path.endswith(":upload") for request in house.requests)


def test_an_upload_that_broke_off_is_sent_again(house: Fireworks, account: Platform, file: Path, training: str) -> None:
    house.things[f"{AT}/datasets/{training}"]["state"] = "UPLOADING"

    assert FileState("waiting") == account.file(training)
    assert training == account.upload(file)
    assert FileState("ready") == account.file(training)


def test_a_dataset_whose_answer_was_lost_is_gone_on_with(house: Fireworks, account: Platform, file: Path) -> None:
    house.planned["POST", "/datasets"] = [LOST]

    assert FileState("ready") == account.file(account.upload(file))


def test_a_file_too_large_for_the_api_names_the_way_that_takes_it(
    house: Fireworks, account: Platform, file: Path
) -> None:
    with file.open("r+b") as opened:
        opened.truncate(150_000_001)
    with pytest.raises(TunesetError, match=r"150 MB by its API\. Run `firectl dataset create tuneset-") as caught:
        account.upload(file)
    name = re.search("tuneset-[0-9a-f]{32}", str(caught.value))[0]
    house.things[f"{AT}/datasets/{name}"] = {"state": "READY"}

    assert name == account.upload(file)
    assert not house.sent


def test_a_refused_dataset_says_why(house: Fireworks, account: Platform, training: str) -> None:
    house.things[f"{AT}/datasets/{training}"]["status"] = {"code": "INVALID_ARGUMENT", "message": "line 2: no messages"}

    assert FileState("refused", "line 2: no messages") == account.file(training)


def test_a_job_is_asked_for_in_the_platforms_words(house: Fireworks, account: Platform, training: str) -> None:
    order = ORDER._replace(epochs=3, settings={"loraRank": 16, "learningRate": 1e-4})
    account.start(order, training=training, validation=training)

    assert {"supervisedFineTuningJobId": f"tuneset-{order.tag}"} == house.requests[-1].query
    assert {
        "baseModel": BASE,
        "dataset": f"{AT}/datasets/{training}",
        "evaluationDataset": f"{AT}/datasets/{training}",
        "epochs": 3,
        "loraRank": 16,
        "learningRate": 1e-4,
        "outputModel": f"{AT}/models/support-{order.tag}",
    } == house.requests[-1].json()


def test_a_dpo_job_has_its_settings_where_they_belong(house: Fireworks, account: Platform, training: str) -> None:
    order = ORDER._replace(
        method="dpo", epochs=2, suffix=None, settings={"loraRank": 8, "lossConfig": {"method": "ORPO"}}
    )
    job = account.start(order, training=training, validation=None)
    body = house.requests[-1].json()
    house.things[f"{AT}/dpoJobs/{job.id}"]["state"] = "JOB_STATE_COMPLETED"

    assert {
        "dataset": f"{AT}/datasets/{training}",
        "lossConfig": {"method": "ORPO"},
        "trainingConfig": {"baseModel": BASE, "epochs": 2, "loraRank": 8},
    } == body
    assert f"{AT}/models/{job.id}" == account.look(job.id).model


@pytest.mark.parametrize(("kind", "field"), [("HF_PEFT_ADDON", "warmStartFrom"), ("HF_BASE_MODEL", "baseModel")])
def test_a_job_goes_on_from_an_adapter_and_starts_from_a_base(
    house: Fireworks, account: Platform, training: str, kind: str, field: str
) -> None:
    house.things[f"{AT}/models/mine"] = {"name": f"{AT}/models/mine", "kind": kind}
    job = account.start(ORDER._replace(model=f"{AT}/models/mine"), training=training, validation=None)

    assert f"{AT}/models/mine" == house.requests[-1].json()[field] == job.base


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"seed": 7}, "takes no seed", id="a seed"),
        pytest.param({"suffix": "My Model"}, "does not fit into a model's name", id="a suffix that is no id"),
        pytest.param({"suffix": "s" * 47}, "46 characters at most", id="a suffix without room for the order's name"),
        pytest.param(
            {"method": "dpo", "validation": "b" * 64}, "takes no validation file for DPO", id="validation of DPO"
        ),
    ],
)
def test_what_the_platform_has_no_word_for_is_refused(
    house: Fireworks, account: Platform, training: str, change: dict[str, object], sentence: str
) -> None:
    with pytest.raises(TunesetError, match=sentence):
        account.start(ORDER._replace(**change), training=training, validation=training)

    assert not [name for name in house.things if "Jobs/" in name]


def test_a_job_whose_answer_was_lost_is_found_and_not_created_again(
    house: Fireworks, account: Platform, training: str
) -> None:
    house.planned["POST", "/supervisedFineTuningJobs"] = [LOST]
    with pytest.raises(ProviderGaveUp, match="may have been done all the same"):
        account.start(ORDER, training=training, validation=None)
    [found] = account.find(ORDER, training=training, validation=None)
    again = account.start(ORDER, training=training, validation=None)

    assert [f"{AT}/supervisedFineTuningJobs/{found.id}"] == [name for name in house.things if "Jobs/" in name]
    assert found == again


def test_a_second_attempt_is_another_job(account: Platform, training: str) -> None:
    first = account.start(ORDER, training=training, validation=None)

    assert not account.find(ORDER._replace(attempt=2), training=training, validation=None)
    assert first.id != account.start(ORDER._replace(attempt=2), training=training, validation=None).id


def test_a_failed_job_says_why(house: Fireworks, account: Platform, training: str) -> None:
    job = account.start(ORDER, training=training, validation=None)
    house.things[f"{AT}/supervisedFineTuningJobs/{job.id}"] |= {
        "state": "JOB_STATE_FAILED",
        "status": {"code": "INVALID_ARGUMENT", "message": "No valid training examples after tokenization"},
    }

    assert Failure("INVALID_ARGUMENT", "No valid training examples after tokenization") == account.look(job.id).failure


@pytest.mark.parametrize("method", ["sft", "dpo"])
def test_a_job_is_stopped(account: Platform, training: str, method: str) -> None:
    job = account.start(ORDER._replace(method=method), training=training, validation=None)

    assert "cancelled" == account.cancel(job.id).status


def test_an_unknown_job_cannot_be_stopped(account: Platform) -> None:
    with pytest.raises(TunesetError, match=f"Fireworks AI knows no job nothing in {AT}"):
        account.cancel("nothing")


@pytest.mark.parametrize("word", WORDS)
def test_every_word_for_a_state_has_a_meaning(house: Fireworks, account: Platform, training: str, word: str) -> None:
    said = f"JOB_STATE_{word}"
    job = account.start(ORDER, training=training, validation=None)
    house.things[f"{AT}/supervisedFineTuningJobs/{job.id}"]["state"] = said

    assert said in STATES
    assert (STATES[said], said) == account.look(job.id)[1:3]
