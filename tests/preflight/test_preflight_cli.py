"""The command: exit codes, formats, baselines, repairs, and what it prints where."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.__main__ import run

ROOT = Path(__file__).parents[2]


def chat(number: int, **last: Any) -> str:
    turns = [{"role": "user", "content": f"What is {number} plus {number * number}?"}]
    answer = {"role": "assistant", "content": f"It is {number + number * number}.", **last}
    return json.dumps({"messages": [*turns, answer]})


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    path = tmp_path / "train.jsonl"
    path.write_text("".join(f"{chat(number)}\n" for number in range(60)), encoding="utf-8")
    return path


@pytest.fixture
def flawed(sound: Path) -> Path:
    path = sound.with_name("flawed.jsonl")
    path.write_text(sound.read_text(encoding="utf-8") + chat(99, role="bot") + "\n", encoding="utf-8")
    return path


def test_a_sound_file_exits_with_0(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "train.jsonl"]) == 0
    assert "60 examples in 1 file" in capsys.readouterr().out


def test_an_error_exits_with_1_and_names_its_place(flawed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "flawed.jsonl"]) == 1
    assert "flawed.jsonl:61  roles.unknown  /messages/1/role" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--fail-on", "never"], 0),
        (["--ignore", "roles."], 0),
        (["--severity", "roles.unknown=info", "--severity", "roles.no-assistant=info", "--ignore", "roles.last"], 0),
        (["--select", "tokens."], 0),
        (["--target", "openai/gpt-9"], 2),
        (["--select", "rolls."], 2),
        (["--severity", "roles.unknown"], 2),
        (["--severity", "roles.unknown=grave"], 2),
        (["--baseline", "absent.json"], 2),
    ],
)
def test_flags_decide_what_fails(
    flawed: Path, options: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(["check", "flawed.jsonl", *options])

    assert found == code, capsys.readouterr()


@pytest.mark.parametrize("arguments", [["absent.jsonl"], [], ["."]])
def test_a_missing_file_is_a_wrong_set_up(
    sound: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", *arguments]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("form", ["json", "sarif", "github", "junit"])
def test_every_format_is_printed_or_written(flawed: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", "flawed.jsonl", "--format", form])
    printed = capsys.readouterr().out
    run(["check", "flawed.jsonl", "--format", form, "--output", "out"])

    assert "roles.unknown" in printed
    assert Path("out").read_text(encoding="utf-8") == printed
    assert capsys.readouterr().out == ""


def test_standard_input_is_a_file(sound: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "check", "-", "--format", "json"]
    done = subprocess.run(command, input=sound.read_bytes(), capture_output=True, check=False, cwd=ROOT)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"][0]["name"] == "<stdin>"


def test_nothing_is_quoted_unless_asked(flawed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", "flawed.jsonl"])
    silent = capsys.readouterr().out
    run(["check", "flawed.jsonl", "--show"])

    assert '    "bot"\n' not in silent
    assert '    "bot"\n' in capsys.readouterr().out


def test_a_baseline_hides_old_findings_and_shows_new_ones(flawed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "flawed.jsonl", "--write-baseline", "old.json"]) == 1
    assert run(["check", "flawed.jsonl", "--baseline", "old.json"]) == 0
    assert "old findings hidden" in capsys.readouterr().out
    text = flawed.read_text(encoding="utf-8")
    flawed.write_text("\n" * 0 + text + chat(100, role="bot") + "\n", encoding="utf-8")

    assert run(["check", "flawed.jsonl", "--baseline", "old.json"]) == 1
    assert "flawed.jsonl:62  roles.unknown" in (out := capsys.readouterr().out)
    assert "flawed.jsonl:61  roles.unknown" not in out


def test_a_baseline_follows_its_rows_when_they_move(flawed: Path) -> None:
    run(["check", "flawed.jsonl", "--write-baseline", "old.json"])
    lines = flawed.read_text(encoding="utf-8").splitlines(keepends=True)
    flawed.write_text("".join(reversed(lines)), encoding="utf-8")

    assert run(["check", "flawed.jsonl", "--baseline", "old.json"]) == 0


def test_an_accepted_result_is_a_gate_on_rates(sound: Path, flawed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", "train.jsonl", "--format", "json", "--output", "accepted.json"])
    run(["check", "flawed.jsonl", "--format", "json", "--output", "worse.json"])

    assert run(["check", "flawed.jsonl", "--baseline", "accepted.json"]) == 1
    assert "baseline.worse" in capsys.readouterr().out
    assert run(["check", "flawed.jsonl", "--baseline", "worse.json"]) == 0


def test_fix_writes_a_file_beside(flawed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = flawed.read_bytes()

    assert run(["check", "flawed.jsonl", "--fix"]) == 0
    assert flawed.read_bytes() == before
    assert run(["check", "flawed.fixed.jsonl"]) == 0
    assert "1 line: role names of other dialects" in capsys.readouterr().err


def test_fix_in_place_and_into_a_named_file(flawed: Path) -> None:
    assert run(["check", "flawed.jsonl", "--fix", "-o", "new.jsonl"]) == 0
    assert run(["check", "flawed.jsonl", "--fix", "--in-place"]) == 0
    assert flawed.read_bytes() == Path("new.jsonl").read_bytes()


def test_the_diff_is_printed_and_nothing_written(flawed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in flawed.parent.glob("*.jsonl")}

    assert run(["check", "flawed.jsonl", "--fix", "--diff"]) == 1
    assert capsys.readouterr().out.startswith("--- flawed.jsonl\n+++ flawed.fixed.jsonl\n@@ -61 +61 @@\n")
    assert run(["check", "train.jsonl", "--fix", "--diff"]) == 0
    assert before == {path: path.read_bytes() for path in flawed.parent.glob("*.jsonl")}


@pytest.mark.parametrize("options", [["-o", "x", "--in-place"], ["train.jsonl", "-o", "x"]])
def test_fix_refuses_what_contradicts_itself(flawed: Path, options: list[str]) -> None:
    assert run(["check", "flawed.jsonl", "--fix", *options]) == 2


def test_every_target_is_shown_with_its_way(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "train.jsonl", "--target", "all"]) == 0
    assert "portable/core" in (text := capsys.readouterr().out)
    assert "after conversion" in text
    assert run(["check", "train.jsonl", "--target", "all", "--format", "json"]) == 0
    ways = {way["target"]: way["verdict"] for way in json.loads(capsys.readouterr().out)}
    assert ways["portable/core"] == "as it is"


def test_a_plan_gives_target_rules_and_files(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = sound.parent / "data/processed"
    folder.mkdir(parents=True)
    (folder / "train.jsonl").write_bytes(sound.read_bytes())
    (folder / "validation.jsonl").write_text("".join(f"{chat(n)}\n" for n in range(100, 115)), encoding="utf-8")
    plan = """
        [target]
        id = "together/up-to-9b"
        [[source]]
        path = "x.csv"
        compose = { recipe = "messages" }
        [rules]
        ignore = ["duplicates."]
    """
    Path("dataset.toml").write_text(plan, encoding="utf-8")

    assert run(["check", "--plan", "dataset.toml", "--format", "json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert ("together/up-to-9b", 75, 2) == (value["target"], value["examples"], len(value["files"]))


def test_a_suite_that_is_not_met_fails(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = {"type": "expect_column_max_to_be_between", "kwargs": {"column": "tokens", "max_value": 3}}
    suite = {
        "name": "mine",
        "expectations": [{**line, "meta": {"table": "examples", "severity": "error", "why": "Short."}}],
    }
    Path("suite.json").write_text(json.dumps(suite), encoding="utf-8")

    assert run(["check", "train.jsonl", "--expect", "suite.json"]) == 1
    assert "expect.not-met" in capsys.readouterr().out


def test_help_begins_with_a_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--help"]) == 0
    assert "Find everything that would waste a fine-tune" in capsys.readouterr().out
