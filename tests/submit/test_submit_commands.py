"""`tuneset submit`, `jobs` and `ask` as a user meets them, against a stand-in on loopback."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.__main__ import run
from tests.submit.chats import chat, train, validation, written
from tests.submit.openai_standin import KEY, Platform, standing


class Said(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Desk(NamedTuple):
    """A terminal in a folder with a key."""

    folder: Path
    platform: Platform
    call: Callable[..., Said]

    def submit(self, *more: str) -> Said:
        """Submit the files of the folder."""
        files = ("train.jsonl", "--validation", "validation.jsonl")
        return self.call("submit", *files, "--target", "openai/gpt-4.1-mini", *more)

    def told(self) -> dict:
        """The ledger."""
        return json.loads((self.folder / "jobs.json").read_text())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    train(tmp_path), validation(tmp_path)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Said:
        code = run([*arguments])
        out = capsys.readouterr()
        assert KEY not in out.out + out.err
        return Said(code, out.out, out.err)

    with standing() as platform:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", platform.url)
        yield Desk(tmp_path, platform, call)


def test_a_dataset_becomes_a_model_that_answers(desk: Desk) -> None:
    started = desk.submit("--yes", "--suffix", "acorn", "--epochs", "3")
    watched = desk.call("jobs", "--folder", ".", "--watch", "--every", "0.001")
    answered = desk.call("ask", "Where is my parcel?", "--folder", ".")

    assert (started.code, started.out) == (0, "ftjob-1 started: validating_files\n")
    assert "20 examples" in started.err
    assert "$0.01 (3 epochs, given; $5.00 per million tokens" in started.err
    assert watched.code == 0
    assert "Job is running" in watched.err
    assert "ftjob-1: succeeded" in watched.out
    assert answered.out == "ft:gpt-4.1-mini-2025-04-14:org:acorn:1 answers: Where is my parcel?\n"
    assert desk.platform.asked[-1]["messages"][0] == {"role": "system", "content": "You are Acorn's support."}


def test_the_same_again_starts_and_uploads_nothing(desk: Desk) -> None:
    desk.submit("--yes")
    again = desk.submit("--yes")

    assert "is there already, for the same files, model and settings" in again.out
    assert desk.platform.calls["POST /v1/files"] == 2
    assert desk.platform.calls["POST /v1/fine_tuning/jobs"] == 1


def test_a_dry_run_needs_no_key_and_sends_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    done = desk.submit("--dry-run")

    assert done.code == 0
    assert "clean" in done.err
    assert "moderation: `tuneset moderate train.jsonl` asks" in done.err
    assert not desk.platform.calls
    assert not (desk.folder / "jobs.json").exists()


def test_a_dry_run_tells_machines_what_would_be_sent_and_why_not(desk: Desk) -> None:
    fine = json.loads(desk.submit("--dry-run", "--format", "json").out)
    dear = json.loads(desk.submit("--dry-run", "--max-usd", "0", "--format", "json").out)

    assert (fine["training"]["examples"], fine["validation"]["examples"], fine["why_not"]) == (20, 12, None)
    assert float(fine["estimate"]["high_usd"]) > 0
    assert "--max-usd" in dear["why_not"]


@pytest.mark.parametrize(
    ("more", "code", "why"),
    [
        pytest.param(["--yes", "--max-usd", "0.001"], 1, "more than under $0.01 (--max-usd)", id="too dear"),
        pytest.param([], 2, "Say --yes, best with --max-usd", id="nobody agrees"),
        pytest.param(["--yes", "--max-usd", "much"], 2, "'much' is no amount of dollars", id="no amount"),
        pytest.param(["--yes", "--suffix", "x" * 65], 2, "Give 1 to 64", id="a long suffix"),
        pytest.param(["--yes", "--set", "x"], 2, "expected KEY=VALUE", id="a setting without value"),
    ],
)
def test_what_may_not_be_paid_is_not_sent(desk: Desk, more: list[str], code: int, why: str) -> None:
    done = desk.submit(*more)

    assert done.code == code
    assert why in done.err
    assert not desk.platform.calls


def test_a_flawed_file_never_leaves_the_machine(desk: Desk) -> None:
    written(desk.folder / "train.jsonl", [chat("Hi", "Hello")] * 3)
    done = desk.submit("--yes")

    assert done.code == 1
    assert "Nothing was sent: " in done.err
    assert "dataset.too-few (1)" in done.err
    assert (
        "`tuneset check train.jsonl --validation validation.jsonl --target openai/gpt-4.1-mini` shows where."
        in done.err
    )
    assert not desk.platform.calls


def test_a_target_that_is_closed_gets_nothing(desk: Desk) -> None:
    done = desk.call("submit", "train.jsonl", "--target", "openai/gpt-4.1-nano", "--yes", "--fail-on", "never")

    assert done.code == 1
    assert "openai/gpt-4.1-nano is shut down" in done.err
    assert not desk.platform.calls


def test_without_a_key_the_variable_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    done = desk.submit("--yes")

    assert done.code == 2
    assert "OPENAI_API_KEY: not set, and OpenAI asks for it" in done.err


def test_a_lost_answer_is_found_by_the_next_run(desk: Desk) -> None:
    desk.platform.fault = lambda call: "done-reset" if call == "POST /v1/fine_tuning/jobs" else None
    lost = desk.submit("--yes")
    desk.platform.fault = lambda _: None
    listed = desk.call("jobs", "--folder", ".", "--format", "json")
    found = desk.submit("--yes")

    assert lost.code == 4
    assert "It may have been done all the same" in lost.err
    assert json.loads(listed.out)[0]["job"] is None
    assert found.out.startswith("ftjob-1 is there already")
    assert len(desk.platform.jobs) == 1


def test_a_refused_order_leaves_no_trace(desk: Desk) -> None:
    refusal = (403, {"error": {"message": "Not for your organization."}})
    desk.platform.fault = lambda call: refusal if call == "POST /v1/fine_tuning/jobs" else None
    done = desk.submit("--yes")

    assert (done.code, desk.told()["jobs"]) == (2, [])
    assert "Not for your organization." in done.err
    assert len(desk.told()["uploads"]) == 2


def test_waiting_ends_with_the_bill(desk: Desk) -> None:
    desk.submit("--yes", "--epochs", "3")
    tokens = desk.told()["jobs"][0]["estimate"]["tokens"]
    desk.platform.tokens_an_example = 1_000
    dear = desk.call("jobs", "--folder", ".", "--watch", "--every", "0.001")

    assert (
        f"60,000 tokens over 3 epochs, {60_000 / (3 * tokens) - 1:.1%} more than the estimate ({3 * tokens:,})"
        in dear.out
    )


def test_a_failed_job_ends_with_1_and_is_started_anew(desk: Desk) -> None:
    desk.submit("--yes")
    desk.platform.files["file-1"] = b"{}\n" * 7
    failed = desk.call("jobs", "--folder", ".", "--watch", "--every", "0.001")
    listed = desk.call("jobs", "--folder", ".")
    again = desk.submit("--yes")

    assert failed.code == 1
    assert "invalid_n_examples: Training file has 7 example(s), but must have at least 10 examples" in failed.out
    assert "do        " in failed.out
    assert "tuneset explain dataset.too-few" in failed.out
    assert "failed" in listed.out
    assert again.out.startswith("ftjob-2 started")
    assert desk.platform.calls["POST /v1/files"] == 2


def test_a_job_is_cancelled_and_a_cancelled_one_has_no_model(desk: Desk) -> None:
    desk.submit("--yes")
    cancelled = desk.call("jobs", "--folder", ".", "--cancel")
    asked = desk.call("ask", "Hi", "--folder", ".")

    assert "cancelled" in cancelled.out
    assert asked.code == 2
    assert "ftjob-1: is cancelled, and has no model to ask" in asked.err


def test_uploads_are_deleted_when_no_job_reads_them_any_more(desk: Desk) -> None:
    desk.submit("--yes")
    early = desk.call("jobs", "--folder", ".", "--delete-uploads")
    desk.call("jobs", "--folder", ".", "--watch", "--every", "0.001")
    late = desk.call("jobs", "--folder", ".", "--delete-uploads")

    assert "stays: a job still reads it" in early.err
    assert "file-1  train.jsonl deleted at http://127.0.0.1" in late.out
    assert (desk.platform.files, desk.told()["uploads"]) == ({}, [])
    assert desk.told()["jobs"][0]["status"] == "succeeded"


def test_jobs_are_listed_without_a_key_as_they_were_last_seen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.submit("--yes")
    monkeypatch.delenv("OPENAI_API_KEY")
    done = desk.call("jobs", "--folder", ".")

    assert done.out.startswith("ftjob-1  checking  20")
    assert "as it was last seen: OPENAI_API_KEY: not set" in done.err


def test_examples_are_answered_beside_their_references(desk: Desk) -> None:
    desk.submit("--yes")
    desk.call("jobs", "--folder", ".", "--watch", "--every", "0.001")
    done = desk.call("ask", "--folder", ".", "--examples", "2", "--format", "json")
    told = json.loads(done.out)

    assert [one["name"] for one in told] == ["validation.jsonl:1", "validation.jsonl:2"]
    assert told[0]["reference"] == "Yes, within 30 days of sale."
    assert [turn["role"] for turn in told[0]["turns"]] == ["system", "user"]
    assert told[0]["tuned"]["text"].startswith("ft:gpt-4.1-mini")
    assert told[0]["base"]["text"].startswith("gpt-4.1-mini-2025-04-14 answers")


def test_an_answer_cannot_move_the_cursor(desk: Desk) -> None:
    desk.submit("--yes")
    desk.call("jobs", "--folder", ".", "--watch", "--every", "0.001")
    done = desk.call("ask", "line one\nline \x1b[2Jtwo", "--folder", ".")

    assert "\x1b" not in done.out
    assert "line one\nline " in done.out


def test_a_folder_without_jobs_says_what_to_do(desk: Desk) -> None:
    assert "Start one with `tuneset submit`" in desk.call("jobs", "--folder", ".").out
    assert "Start one with `tuneset submit`" in desk.call("ask", "Hi", "--folder", ".").err


PLAN = """
[target]
id = "openai/gpt-4.1-mini"
[[source]]
path = "faq.csv"
compose = { recipe = "pairs", system = "You are Acorn.", user = "q", assistant = "a" }
[moderation]
enabled = false
[cost]
epochs = 2
[split]
validation = 0.3
"""
ROWS = "".join(f"Where is parcel {n * 7919}?,It left the depot {n} minutes ago today\n" for n in range(60))
BUILD = ("build", "--quiet", "--fail-on", "never", "--no-cache")


@pytest.fixture
def shop(desk: Desk) -> Desk:
    (desk.folder / "faq.csv").write_text("q,a\n" + ROWS)
    (desk.folder / "dataset.toml").write_text(PLAN)
    assert desk.call(*BUILD).code == 0
    return desk


def test_a_plan_sends_what_it_built(shop: Desk) -> None:
    done = shop.call("submit", "--yes")
    sent = json.loads((shop.folder / "data/processed/jobs.json").read_text())["jobs"][0]

    assert done.code == 0, done.err
    assert sent["dataset"] == (shop.folder / "data/processed/latest").resolve().name
    assert sent["epochs"] == 2
    assert sent["validation"] is not None
    assert shop.call("ask", "--examples", "1").code == 2, "it has only just begun"


def test_a_line_that_the_platform_names_is_traced_to_its_row(shop: Desk) -> None:
    shop.call("submit", "--yes")
    job = shop.platform.jobs["ftjob-1"]
    said = (
        "The job failed due to an invalid training file. Example 2 message contains an invalid token: <|fim_suffix|>."
    )
    job |= {"status": "failed", "error": {"code": "invalid_training_file", "message": said, "param": "training_file"}}
    told = shop.call("jobs", "ftjob-1")
    row = shop.call("trace", "train.jsonl:2").out

    assert told.code == 1
    assert "tuneset explain content.control-token" in told.out
    assert "train.jsonl:2, made of faq.csv:" in told.out
    assert told.out.split("made of ")[1].split()[0] in row


def test_a_model_that_is_blocked_after_training_is_told(desk: Desk) -> None:
    desk.submit("--yes")
    desk.platform.events["ftjob-1"].append(
        {
            "id": "e",
            "object": "fine_tuning.job.event",
            "created_at": 1_790_000_009,
            "level": "warn",
            "message": "Too many evaluated examples failed in the category violence: the model is blocked.",
            "type": "moderation_checks",
        }
    )
    watched = desk.call("jobs", "--folder", ".", "--watch", "--every", "0.001")

    assert "warning: Too many evaluated examples failed" in watched.err
    assert "tuneset review" in watched.err


def test_the_price_of_the_plan_is_that_of_its_own_target(shop: Desk) -> None:
    plan = shop.folder / "dataset.toml"
    plan.write_text(PLAN.replace("epochs = 2", "epochs = 2\ntraining_usd_per_million_tokens = 1000.0"))
    own = json.loads(shop.call("submit", "--dry-run", "--format", "json").out)
    other = json.loads(shop.call("submit", "--target", "openai/gpt-4.1", "--dry-run", "--format", "json").out)

    assert float(own["estimate"]["low_usd"]) == own["estimate"]["tokens"] * 2 / 1000
    assert float(other["estimate"]["low_usd"]) == pytest.approx(other["estimate"]["tokens"] * 2 * 25 / 1e6)


def test_a_later_build_leaves_the_ledger_where_it_is(shop: Desk) -> None:
    shop.call("submit", "--yes")
    (shop.folder / "faq.csv").write_text("q,a\n" + ROWS + "One more?,It comes tomorrow\n")

    assert shop.call(*BUILD).code == 0
    assert shop.call("jobs", "ftjob-1").code == 0


def test_who_asks_to_be_erased_is_told_where_their_rows_went(shop: Desk) -> None:
    shop.call("submit", "--yes")
    forgotten = shop.call("forget", "--where", "q=Where is parcel 7919?")

    assert "ftjob-1 at openai was trained on it, and its model has learned from it." in forgotten.out
    assert "tuneset jobs ftjob-1 --folder data/processed --delete-uploads" in forgotten.out
