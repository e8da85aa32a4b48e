"""Together AI: from a file to an answer, an order that starts once, and what its files and jobs say when they fail."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core.errors import ProviderGaveUp, TunesetError
from pipeline.submit.order import Order
from pipeline.submit.platform import Access, Event, Failure, FileState, Platform
from pipeline.submit.platforms.together import KIND, STATES
from tests.submit.served import LOST, Reply, running
from tests.submit.together_standin import KEY, STATUSES, Together

ORDER = Order("Qwen/Qwen3-8B", "sft", "a" * 64, None, suffix="support")
HI = '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}\n'


@pytest.fixture
def house() -> Iterator[Together]:
    with running(Together()) as standin:
        yield standin


@pytest.fixture
def account(house: Together) -> Iterator[Platform]:
    opened = KIND.open(Access(KEY, house.address))
    yield opened
    opened.close()


@pytest.fixture
def training(account: Platform, tmp_path: Path) -> str:
    path = tmp_path / "train.jsonl"
    path.write_text(HI)
    return account.upload(path)


def test_a_file_becomes_a_model_that_answers(house: Together, account: Platform, training: str) -> None:
    house.files[training]["processing_status"] = "COMPLETED"
    ready = account.file(training)
    job = account.start(ORDER, training=training, validation=None)
    house.jobs[job.id] |= {"status": "completed", "token_count": 850_000}
    done = account.look(job.id)
    answer = account.ask(done.model, [{"role": "user", "content": "Hi"}], max_tokens=64)

    assert HI.encode() == house.sent[training]
    assert FileState("ready") == ready
    assert ("queued", "pending", None) == (job.status, job.said, job.model)
    assert f"acme/Qwen/Qwen3-8B:support-{ORDER.tag}:{job.id}" == done.model
    assert ("succeeded", "Qwen/Qwen3-8B", 850_000, 1) == (done.status, done.base, done.trained_tokens, done.epochs)
    assert (1795942800, 1795944600) == (done.created, done.finished)
    assert (f"{done.model} heard Hi", False, 9, 7) == answer


def test_a_job_is_asked_for_in_the_platforms_words(house: Together, account: Platform, training: str) -> None:
    settings = {"learning_rate": 1e-4, "lora_r": 16, "lora_alpha": 32, "dpo_beta": 0.2}
    account.start(
        ORDER._replace(method="dpo", epochs=3, seed=7, settings=settings), training=training, validation=training
    )

    assert {
        "model": "Qwen/Qwen3-8B",
        "training_file": training,
        "validation_file": training,
        "training_method": {"method": "dpo", "dpo_beta": 0.2},
        "training_type": {"type": "Lora", "lora_r": 16, "lora_alpha": 32},
        "learning_rate": 1e-4,
        "n_epochs": 3,
        "n_evals": 3,
        "random_seed": 7,
    }.items() <= house.requests[-1].json().items()


def test_a_validation_file_is_used_as_often_as_the_settings_say(
    house: Together, account: Platform, training: str
) -> None:
    account.start(ORDER._replace(settings={"n_evals": 10}), training=training, validation=training)

    assert 10 == house.requests[-1].json()["n_evals"]


def test_a_job_whose_answer_was_lost_is_found_and_not_created_again(
    house: Together, account: Platform, training: str
) -> None:
    house.planned["POST", "/fine-tunes"] = [LOST]
    with pytest.raises(ProviderGaveUp, match="may have been done all the same"):
        account.start(ORDER, training=training, validation=None)
    [found] = account.find(ORDER, training=training, validation=None)

    assert ["ft-1"] == list(house.jobs)
    assert "ft-1" == found.id


def test_a_job_of_another_order_is_not_taken_for_it(account: Platform, training: str) -> None:
    account.start(ORDER, training=training, validation=None)

    assert not account.find(ORDER._replace(attempt=2), training=training, validation=None)
    assert not account.find(ORDER._replace(settings={"learning_rate": 1e-4}), training=training, validation=None)


def test_a_suffix_without_room_for_the_orders_name_is_refused_before_anything_is_asked(
    house: Together, account: Platform
) -> None:
    with pytest.raises(TunesetError, match="The suffix has 24 characters; Together AI has room for 23"):
        account.start(ORDER._replace(suffix="s" * 24), training="file-1", validation=None)

    assert [] == house.requests


@pytest.mark.parametrize(
    ("told", "state"),
    [
        pytest.param({"processing_status": state}, FileState("waiting"), id=state)
        for state in ("PENDING", "QUEUED", "RUNNING")
    ]
    + [
        pytest.param({"processing_status": "COMPLETED"}, FileState("ready"), id="checked"),
        pytest.param(
            {"processing_status": "INVALID_FORMAT", "validation_report": {"valid": False, "error": "Line 3: no role"}},
            FileState("refused", "Line 3: no role"),
            id="refused, and the report says why",
        ),
        pytest.param({"processing_status": "FAILED"}, FileState("refused", "FAILED"), id="refused without a report"),
        pytest.param({"Processed": True}, FileState("ready"), id="an address without states of the check"),
        pytest.param({"Processed": False}, FileState("waiting"), id="not yet, without states of the check"),
    ],
)
def test_a_file_says_whether_it_can_be_used(
    house: Together, account: Platform, told: dict[str, object], state: FileState
) -> None:
    house.files["file-9"] = {"id": "file-9", **told}

    assert state == account.file("file-9")


def test_a_failed_job_says_why_by_its_last_error(house: Together, account: Platform, training: str) -> None:
    job = account.start(ORDER, training=training, validation=None)
    house.jobs[job.id]["status"] = "user_error"
    house.happen(job.id, "JOB_USER_ERROR", "Sequence is too long", at="2026-11-29T09:20:00Z", level="Error")
    house.happen(job.id, "JOB_ERROR", "Retried", at="2026-11-29T09:10:00Z", level="")
    house.happen(job.id, "REFUND", "Refunded", at="2026-11-29T09:21:00Z", level="Info")

    assert Failure("user_error", "Sequence is too long") == account.look(job.id).failure


def test_events_are_told_the_oldest_first(house: Together, account: Platform, training: str) -> None:
    job = account.start(ORDER, training=training, validation=None)
    house.happen(job.id, "training_start", "Training started", at="2026-11-29T09:10:00Z")
    house.happen(job.id, "job_start", "Job started", at="2026-11-29T09:05:00Z", level="legacy_iwarning")

    assert [
        Event("2026-11-29T09:05:00Z-job_start", 1795943100, "warning", "Job started"),
        Event("2026-11-29T09:10:00Z-training_start", 1795943400, "info", "Training started"),
    ] == account.events(job.id)


def test_a_job_is_stopped(account: Platform, training: str) -> None:
    job = account.start(ORDER, training=training, validation=None)

    assert ("running", "cancel_requested") == account.cancel(job.id)[1:3]


@pytest.mark.parametrize("said", STATUSES)
def test_every_word_for_a_status_has_a_meaning(house: Together, account: Platform, training: str, said: str) -> None:
    job = account.start(ORDER, training=training, validation=None)
    house.jobs[job.id]["status"] = said

    assert said in STATES
    assert (STATES[said], said) == account.look(job.id)[1:3]


def test_a_redirect_takes_the_key_to_no_other_host(house: Together, account: Platform, tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text(HI)
    with running(Together()) as foreign:
        house.planned["POST", "/files/upload"] = [Reply(307, {}, {"Location": f"{foreign.address}/files/upload"})]
        with pytest.raises(TunesetError):
            account.upload(path)

    assert ["authorization" in request.headers for request in foreign.requests] == [False]
