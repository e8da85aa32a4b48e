"""OpenAI's and Azure's protocol against a stand-in on loopback: what is asked, what is understood, what is never told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core.errors import ProviderGaveUp, TunesetError
from pipeline.submit import Access, FileState, Order, Platform, kinds, openai_jobs
from tests.submit.chats import train
from tests.submit.openai_standin import KEY, standing
from tests.submit.openai_standin import Platform as Standin

ORDER = Order("gpt-4.1-mini-2025-04-14", "sft", "a" * 64, None, suffix="acorn", epochs=2, seed=5)


@pytest.fixture
def standin() -> Iterator[Standin]:
    with standing() as platform:
        yield platform


@pytest.fixture
def account(standin: Standin) -> Iterator[Platform]:
    platform = kinds()["openai"].open(Access(KEY, standin.url))
    yield platform
    platform.close()


def test_a_job_goes_from_its_file_to_an_answer(standin: Standin, account: Platform, tmp_path: Path) -> None:
    file = account.upload(train(tmp_path))
    job = account.start(ORDER, training=file, validation=None)
    seen = [account.look(job.id) for _ in range(4)]

    assert standin.files[file] == (tmp_path / "train.jsonl").read_bytes()
    assert [one.status for one in seen] == ["checking", "queued", "running", "succeeded"]
    assert seen[-1].model == "ft:gpt-4.1-mini-2025-04-14:org:acorn:1"
    assert (seen[-1].trained_tokens, seen[-1].epochs) == (800, 2)
    assert account.events(job.id)[0].message.startswith("Created")
    turns = [{"role": "user", "content": "Hi"}]
    assert account.ask(seen[-1].model, turns, max_tokens=9).text == f"{seen[-1].model} answers: Hi"
    assert standin.asked[-1]["max_completion_tokens"] == 9


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        pytest.param(
            ORDER,
            {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}},
            id="epochs stand among the hyperparameters",
        ),
        pytest.param(ORDER._replace(epochs=None), {"type": "supervised"}, id="left to the platform"),
        pytest.param(
            ORDER._replace(method="dpo", settings={"beta": 0.1}),
            {"type": "dpo", "dpo": {"hyperparameters": {"n_epochs": 2, "beta": 0.1}}},
            id="a preference's beta",
        ),
    ],
)
def test_the_method_is_asked_for_in_the_words_of_the_api(
    standin: Standin, account: Platform, tmp_path: Path, order: Order, expected: dict
) -> None:
    account.start(order, training=account.upload(train(tmp_path)), validation=None)
    asked = standin.jobs["ftjob-1"]["asked"]

    assert asked["method"] == expected
    assert (asked["suffix"], asked["seed"], asked["metadata"]) == ("acorn", 5, {"tuneset": order.tag})
    assert "validation_file" not in asked


def test_a_setting_that_is_no_hyperparameter_stands_beside_the_model(
    standin: Standin, account: Platform, tmp_path: Path
) -> None:
    order = ORDER._replace(settings={"trainingType": "globalStandard", "batch_size": 4})
    account.start(order, training=account.upload(train(tmp_path)), validation=None)
    asked = standin.jobs["ftjob-1"]["asked"]

    assert asked["trainingType"] == "globalStandard"
    assert asked["method"]["supervised"]["hyperparameters"] == {"n_epochs": 2, "batch_size": 4}


def test_a_large_file_goes_up_in_parts(standin: Standin, tmp_path: Path) -> None:
    platform = openai_jobs.OpenAIJobs(
        title="OpenAI", access=Access(KEY), address=standin.url, variables=("K", "A"), whole_bytes=1_000
    )
    path = train(tmp_path)
    file = platform.upload(path)
    platform.close()

    assert standin.files[file] == path.read_bytes()
    assert standin.calls["POST /v1/files"] == 0


@pytest.mark.parametrize("keeps_metadata", [True, False])
def test_a_job_is_found_by_its_order_alone(
    standin: Standin, account: Platform, tmp_path: Path, *, keeps_metadata: bool
) -> None:
    standin.keeps_metadata = keeps_metadata
    file, other = account.upload(train(tmp_path)), account.upload(train(tmp_path))
    job = account.start(ORDER, training=file, validation=None)
    account.start(ORDER._replace(attempt=2), training=other, validation=None)

    assert [one.id for one in account.find(ORDER, training=file, validation=None)] == [job.id]


def test_the_creation_of_a_job_is_asked_for_once_whatever_breaks(
    standin: Standin, account: Platform, tmp_path: Path
) -> None:
    file = account.upload(train(tmp_path))
    standin.fault = lambda call: "done-reset" if call == "POST /v1/fine_tuning/jobs" else None
    with pytest.raises(ProviderGaveUp, match="looks for it first"):
        account.start(ORDER, training=file, validation=None)

    assert standin.calls["POST /v1/fine_tuning/jobs"] == 1
    assert len(account.find(ORDER, training=file, validation=None)) == 1


def test_a_passing_fault_is_outwaited(standin: Standin, account: Platform, tmp_path: Path) -> None:
    job = account.start(ORDER, training=account.upload(train(tmp_path)), validation=None)
    faults = iter([(429, {"error": {"message": "slow"}}), (503, {})])
    standin.fault = lambda _: next(faults, None)

    assert account.look(job.id) is not None


@pytest.mark.parametrize(
    ("status", "body", "error", "says"),
    [
        pytest.param(
            403,
            {"error": {"message": "Your organization may not create fine-tuning jobs."}},
            TunesetError,
            r"refuses it while creating the job \(403\): Your organization may not",
            id="may not",
        ),
        pytest.param(
            429,
            {
                "error": {
                    "message": "You have reached the maximum of 4 requests per day",
                    "code": "daily_rate_limit_exceeded",
                }
            },
            ProviderGaveUp,
            r"too many requests while creating the job \(429\): You have reached",
            id="a limit of the day",
        ),
        pytest.param(500, {}, ProviderGaveUp, "status 500 while creating the job", id="it broke"),
        pytest.param(
            400,
            {"error": {"message": f"No key {KEY} \x1b[31mhere\x1b[0m\nand there" + "x" * 999}},
            TunesetError,
            r"No key \[key\] \[31mhere \[0m and therex+\.$",
            id="what it says is one line without the key",
        ),
    ],
)
def test_a_refusal_is_told_in_one_sentence(
    standin: Standin, account: Platform, tmp_path: Path, *, status: int, body: dict, error: type, says: str
) -> None:
    file = account.upload(train(tmp_path))
    standin.fault = lambda call: (status, body) if call == "POST /v1/fine_tuning/jobs" else None
    with pytest.raises(error, match=says) as caught:
        account.start(ORDER, training=file, validation=None)

    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("answer", [{}, {"error": None}, {"id": None}, {"id": 5, "status": []}])
def test_an_answer_that_is_none_is_a_lost_one(
    standin: Standin, account: Platform, tmp_path: Path, answer: dict
) -> None:
    file = account.upload(train(tmp_path))
    standin.fault = lambda _: (200, answer)

    with pytest.raises(ProviderGaveUp, match="looks for it first"):
        account.start(ORDER, training=file, validation=None)
    with pytest.raises(ProviderGaveUp, match="without `id`"):
        account.upload(train(tmp_path))
    with pytest.raises(ProviderGaveUp, match="without `choices`"):
        account.ask("m", [{"role": "user", "content": "Hi"}], max_tokens=1)
    assert account.file(file) == FileState("waiting")
    assert account.events("ftjob-1") == []


def test_a_key_that_is_not_taken_is_never_quoted(standin: Standin) -> None:
    platform = kinds()["openai"].open(Access("sk-wrong-0123456789", standin.url))
    with pytest.raises(
        TunesetError, match=r"does not take the key while looking at a job \(401\). Set OPENAI_API_KEY"
    ) as caught:
        platform.look("ftjob-1")
    platform.close()

    assert "sk-wrong" not in f"{caught.value}{platform!r}"


def test_what_the_platform_does_not_know_is_none(account: Platform) -> None:
    assert account.look("ftjob-9") is None
    assert account.file("file-9") is None


@pytest.mark.parametrize(
    ("word", "state"), [("processed", "ready"), ("uploaded", "waiting"), ("pending", "waiting"), ("error", "refused")]
)
def test_a_file_is_ready_when_it_was_read(
    standin: Standin, account: Platform, tmp_path: Path, word: str, state: str
) -> None:
    file = account.upload(train(tmp_path))
    standin.states[file] = word

    assert account.file(file).state == state


def test_a_failed_job_says_why_and_of_which_file(standin: Standin, account: Platform, tmp_path: Path) -> None:
    job = account.start(ORDER, training=account.upload(train(tmp_path, 7)), validation=None)
    for _ in range(3):
        failed = account.look(job.id)

    assert (failed.status, failed.failure.code, failed.failure.where) == ("failed", "invalid_n_examples", "training")
    assert "must have at least 10" in failed.failure.message


def test_azure_is_reached_at_the_path_of_its_resource(standin: Standin) -> None:
    azure = kinds()["azure"]

    assert (
        azure.open(Access(KEY, "https://acorn.openai.azure.com/")).address == "https://acorn.openai.azure.com/openai/v1"
    )
    assert azure.open(Access(KEY, standin.url)).address == standin.url
    with pytest.raises(TunesetError, match="AZURE_OPENAI_ENDPOINT: not set"):
        azure.open(Access(KEY))


def test_an_address_is_written_down_without_its_password() -> None:
    assert (
        kinds()["openai"].open(Access(KEY, "https://me:secret@proxy.example/v1")).address == "https://proxy.example/v1"
    )
