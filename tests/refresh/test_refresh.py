"""tuneset refresh: one exit code, one line, one hook and one set of metrics for each way in which a night can end."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.__main__ import run
from pipeline.publish import workplace

ROWS = "question,answer\n" + "".join(f"Where is desk {n}?,It is in room {n}.\n" for n in range(30))
SAYS = (
    "import os; open('told','a').write(' '.join(os.environ['TUNESET_' + k] for k in ('STATUS', 'EXIT_CODE')) + '\\n')"
)

Refresh = Callable[..., int]


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write a plan with this `[refresh]` table and go to its folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "TUNESET_SALT"):
        monkeypatch.delenv(name, raising=False)

    def write(table: str = "", rows: str = ROWS) -> Path:
        (tmp_path / "faq.csv").write_text(rows)
        (tmp_path / "dataset.toml").write_text(
            'name = "desks"\n[refresh]\nwait_seconds = 0.0\n'
            + table
            + '\n[expect]\nenabled = false\n[[source]]\npath = "faq.csv"\ncompose = { recipe = "pairs" }\n'
        )
        return tmp_path

    return write


def hook(code: str) -> str:
    return json.dumps([sys.executable, "-c", code])


def test_a_first_night_publishes_and_says_so_and_a_second_one_says_nothing(
    night: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    night()

    assert run(["refresh"]) == 0
    first = capfd.readouterr()
    assert run(["refresh"]) == 0
    second = capfd.readouterr()

    assert ("", "") == (first.out, second.out)
    assert "is published: 30 examples." in first.err
    assert second.err == ""


def test_a_flawed_dataset_ends_with_1(night: Callable[..., Path]) -> None:
    night(rows="question,answer\nHi,Hello\n")

    assert run(["refresh"]) == 1


def test_a_night_that_drifted_is_held_back_until_somebody_accepts_it(
    night: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    hooks = f"on_success = {hook(SAYS)}\non_failure = {hook(SAYS)}"
    many = [f"Where is desk {n}?,It is in room {n}.\n" for n in range(300)]
    folder = night(hooks, rows="question,answer\n" + "".join(many))
    assert run(["refresh"]) == 0
    before = (folder / "data/processed/train.jsonl").read_bytes()
    night(hooks, rows="question,answer\n" + "".join(many[:60]))

    assert run(["refresh"]) == 1
    told = capfd.readouterr().err
    assert before == (folder / "data/processed/train.jsonl").read_bytes()
    assert run(["accept"]) == 0
    assert before != (folder / "data/processed/train.jsonl").read_bytes()
    assert run(["refresh"]) == 0

    assert "Held back: Kept examples: 60" in told
    assert "tuneset accept 20" in told
    assert (folder / "told").read_text().splitlines()[1] == "held 1"


def test_a_wrong_plan_ends_with_2(night: Callable[..., Path], capfd: pytest.CaptureFixture[str]) -> None:
    night("nonsense = 1")

    assert run(["refresh"]) == 2
    assert "refresh.nonsense" in capfd.readouterr().err


def test_a_vanished_source_ends_with_2_and_leaves_the_dataset(night: Callable[..., Path]) -> None:
    root = night()
    run(["refresh"])
    (root / "faq.csv").unlink()

    assert run(["refresh"]) == 2
    assert (root / "data/processed/train.jsonl").read_text()


def test_a_bug_ends_with_3(night: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    night()
    monkeypatch.setattr("pipeline.run.survey", lambda *_: 1 / 0)

    assert run(["refresh"]) == 3


def test_an_interrupt_ends_with_130(night: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    night()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.run.survey", stop)

    assert run(["refresh"]) == 130


def test_another_run_at_work_ends_with_75(night: Callable[..., Path], capfd: pytest.CaptureFixture[str]) -> None:
    root = night()
    with workplace(root / "data/processed"):
        assert run(["refresh"]) == 75
        assert run(["build", "--quiet"]) == 75
    assert "another run" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param(ROWS, ["published 0", "unchanged 0"], id="on_success"),
        pytest.param("question,answer\nHi,Hello\n", ["flawed 1", "flawed 1"], id="on_failure"),
    ],
)
def test_the_hook_of_each_end_is_told_how_it_ended(night: Callable[..., Path], rows: str, told: list[str]) -> None:
    root = night(f"on_success = {hook(SAYS)}\non_failure = {hook(SAYS)}\n", rows=rows)
    run(["refresh"])
    run(["refresh"])

    assert told == (root / "told").read_text().splitlines()


def test_a_hook_finds_the_version_and_its_report(night: Callable[..., Path]) -> None:
    code = "import os, json; e=os.environ; json.dump([e['TUNESET_DATASET'], e['TUNESET_VERSION'], json.load(open(e['TUNESET_REPORT']))['name']], open('told','w'))"
    root = night(f"on_success = {hook(code)}")
    run(["refresh"])

    name, version, reported = json.loads((root / "told").read_text())
    assert ("desks", "desks") == (name, reported)
    assert (root / "data/processed/versions" / version).is_dir()


def test_a_failing_on_success_ends_with_5_and_the_dataset_is_published(
    night: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    root = night(f"on_success = {hook('print(41 + 1); raise SystemExit(7)')}")

    assert run(["refresh"]) == 5
    assert (root / "data/processed/train.jsonl").exists()
    assert "ended with 7.\n42" in capfd.readouterr().err


def test_a_failing_on_failure_changes_no_exit_code(night: Callable[..., Path]) -> None:
    night('on_failure = ["./no-such-command"]', rows="question,answer\nHi,Hello\n")

    assert run(["refresh"]) == 1


def test_a_hook_that_hangs_is_stopped_with_all_it_started(
    night: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    night(
        f"hook_seconds = 1\non_success = {hook('import subprocess; subprocess.run([chr(115)+chr(108)+chr(101)+chr(101)+chr(112), chr(54)+chr(48)])')}"
    )

    assert run(["refresh"]) == 5
    assert "took longer than 1 s and was stopped" in capfd.readouterr().err


def test_no_shell_reads_a_hook(night: Callable[..., Path]) -> None:
    root = night(
        f"on_success = {json.dumps([sys.executable, '-c', 'import sys; open(chr(116), chr(119)).write(sys.argv[1])', '$(touch owned); a > b'])}"
    )
    run(["refresh"])

    assert (root / "t").read_text() == "$(touch owned); a > b"
    assert not (root / "owned").exists()


def test_the_refresh_table_is_no_part_of_the_dataset(night: Callable[..., Path]) -> None:
    root = night('on_success = ["true", "https://hooks.example/secret"]')
    run(["refresh"])
    night()
    run(["refresh"])

    assert len(list((root / "data/processed/versions").glob("*/"))) == 1
    assert b"hooks.example" not in (root / "data/processed/manifest.json").read_bytes()


@pytest.mark.parametrize("command", ["refresh", "build"])
def test_the_log_is_json_lines_with_a_line_for_each_stage(
    night: Callable[..., Path], capfd: pytest.CaptureFixture[str], command: str
) -> None:
    night(f"on_success = {hook('print(1)')}")
    run([command, "--log-format", "json"])

    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    stages = {line["stage"]: line for line in lines if line["event"] == "stage"}
    assert {"rows", "group", "write", "report"} <= set(stages)
    assert stages["rows"]["rows"] == 30
    assert all({"time", "level", "event", "message"} <= set(line) for line in lines)
    if command == "refresh":
        assert ["begin", "stage", "end", "hook"] == list(dict.fromkeys(line["event"] for line in lines))
        (end,) = (line for line in lines if line["event"] == "end")
        assert ("published", 0, "info") == (end["status"], end["exit_code"], end["level"])


def test_an_error_is_a_line_of_the_log_too(night: Callable[..., Path], capfd: pytest.CaptureFixture[str]) -> None:
    (night() / "faq.csv").unlink()
    run(["refresh", "--log-format", "json"])

    (end,) = (json.loads(line) for line in capfd.readouterr().err.splitlines() if '"end"' in line)
    assert ("setup", 2, "error") == (end["status"], end["exit_code"], end["level"])


def test_a_check_logs_its_verdict_and_its_troubles(
    night: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    root = night()
    (root / "one.jsonl").write_text('{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":""}]}\n')
    assert run(["check", "one.jsonl", "--log-format", "json", "--target", "openai/gpt-4.1-mini"]) == 1
    assert run(["check", "none.jsonl", "--log-format", "json"]) == 2

    found, missing = (json.loads(line) for line in capfd.readouterr().err.splitlines())
    assert ("errors", 1, 1) == (found["verdict"], found["exit_code"], found["rows"])
    assert (2, "error") == (missing["exit_code"], missing["level"])
