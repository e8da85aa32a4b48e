"""The command line: every command is there, says what it does, and ends with the right code."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.__main__ import run
from pipeline.cli import tuneset

NAMES = tuneset.list_commands(tuneset.make_context("tuneset", [], resilient_parsing=True))


def call(*arguments: str, at: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments], cwd=at, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_that_starts_with_a_verb(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0

    help_text = capsys.readouterr().out.split("\n\n")[1].strip()
    assert help_text[0].isupper()
    assert not help_text.startswith(("The ", "A ", "This "))


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_documented(name: str) -> None:
    root = Path(__file__).parents[2]
    pages = [root / "README.md", *(root / "docs").glob("*.md")]

    assert any(f"tuneset {name}" in page.read_text(encoding="utf-8") for page in pages)


def test_a_missing_plan_is_a_set_up_error_that_says_what_to_do(tmp_path: Path) -> None:
    done = call("build", at=tmp_path)

    assert done.returncode == 2
    assert "dataset.toml: no such plan." in done.stderr
    assert "tuneset init" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_right_one(tmp_path: Path) -> None:
    (tmp_path / "dataset.toml").write_text(
        '[[source]]\npath = "faq.csv"\ncompose = { recipe = "pairs" }\n[split]\nvaildation = 0.1\n'
    )
    done = call("build", at=tmp_path)

    assert done.returncode == 2
    assert "dataset.toml:5: unknown key `split.vaildation`. Did you mean `split.validation`?" in done.stderr


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        pytest.param("name = ", "not valid TOML", id="no toml"),
        pytest.param('name = "x"', "`source` is missing", id="no source"),
        pytest.param('[[source]]\npath = "a.csv"', "`source[1].compose` is missing", id="no recipe"),
        pytest.param(
            '[[source]]\npath = "a.csv"\ncompose = { recipe = "pears" }',
            "`source[1].compose.recipe` must be one of",
            id="recipe",
        ),
        pytest.param(
            '[[source]]\npath = "a.csv"\ncompose = { recipe = "pairs", usr = "q" }',
            "unknown key `source[1].compose.usr`. Did you mean `source[1].compose.user`?",
            id="key of a recipe",
        ),
        pytest.param(
            '[[source]]\npath = "a.csv"\ncompose = { recipe = "pairs" }\n[split]\nvalidation = 2',
            "`split.validation`: Input should be less than 1",
            id="value out of bounds",
        ),
        pytest.param(
            '[[source]]\npath = "a.csv"\ncompose = { recipe = "pairs" }\n[[source]]\npath = "b/a.csv"\ncompose = { recipe = "pairs" }',
            "two sources are named `a`",
            id="same name twice",
        ),
        pytest.param(
            '[target]\nid = "openai/gpt-41-mini"\n[[source]]\npath = "a.csv"\ncompose = { recipe = "pairs" }',
            "Did you mean",
            id="target",
        ),
    ],
)
def test_a_mistake_in_the_plan_is_said_in_one_line(
    tmp_path: Path, plan: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "dataset.toml"
    path.write_text(plan)

    assert run(["build", "--plan", str(path)]) == 2
    assert sentence in capsys.readouterr().err


def test_init_writes_a_plan_that_builds(tmp_path: Path) -> None:
    assert call("init", at=tmp_path).returncode == 0
    done = call("build", "--format", "json", at=tmp_path)

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["rows_read"] == 24
    assert report["fates"]["kept"] == 24
    assert report["expectations"]


def test_init_never_writes_over_a_plan(tmp_path: Path) -> None:
    (tmp_path / "dataset.toml").write_text("mine")

    assert call("init", at=tmp_path).returncode == 2
    assert (tmp_path / "dataset.toml").read_text() == "mine"


def test_a_line_is_traced_to_its_row_and_back(tmp_path: Path) -> None:
    call("init", at=tmp_path)
    call("build", "--quiet", at=tmp_path)

    there = call("trace", "train.jsonl:1", at=tmp_path).stdout
    (row,) = [word.rstrip(":") for word in there.split() if word.startswith("data/raw/example.csv:")]
    assert "train.jsonl:1" in call("why", row, at=tmp_path).stdout


def test_too_few_examples_fail_the_build_with_code_1(tmp_path: Path) -> None:
    (tmp_path / "faq.csv").write_text("question,answer\nHi?,Hello.\n")
    (tmp_path / "dataset.toml").write_text('[[source]]\npath = "faq.csv"\ncompose = { recipe = "pairs" }\n')

    assert call("build", at=tmp_path).returncode == 1
    assert call("build", "--fail-on", "never", at=tmp_path).returncode == 0


def test_explain_knows_rules_and_troubles_and_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "read.ragged", "tokens.too-long"]) == 0
    assert run(["explain", "tokens.to-long"]) == 2
    assert "tokens.too-long" in capsys.readouterr().err


LINE = '{"messages":[{"role":"user","content":"Olé"},{"role":"assistant","content":"Hello"}]}\n'


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(LINE.encode(), id="plain"),
        pytest.param(gzip.compress(LINE.encode()), id="packed"),
        pytest.param(LINE.encode("utf-16"), id="utf-16"),
        pytest.param(LINE.encode() + LINE.encode("latin-1") + b"question,answer\n", id="with lines that are none"),
    ],
)
def test_tokens_are_counted_however_the_file_lies_there(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "chats.jsonl").write_bytes(content)

    assert run(["tokens", str(tmp_path / "chats.jsonl"), "--format", "json"]) == 0

    counted = json.loads(capsys.readouterr().out)
    assert (counted["examples"], counted["unreadable"]) == (1, 2 if content.endswith(b"answer\n") else 0)


def test_export_says_what_was_lost(tmp_path: Path) -> None:
    line = '{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello","weight":1}]}\n'
    (tmp_path / "train.jsonl").write_text(line)
    done = call("export", "train.jsonl", "--target", "vertex/gemini-2.5-flash", at=tmp_path)

    assert done.returncode == 0, done.stderr
    (written,) = (tmp_path / "export").rglob("train.jsonl")
    assert [part["role"] for part in json.loads(written.read_text())["contents"]] == ["user", "model"]


def test_the_same_day_and_data_give_the_same_report_on_the_command_line(tmp_path: Path) -> None:
    call("init", at=tmp_path)
    one = call("build", "--format", "json", "--as-of", "2026-11-22", at=tmp_path).stdout
    other = call("build", "--format", "json", "--as-of", "2026-11-22", "--workers", "1", at=tmp_path).stdout

    assert one == other


def test_the_cache_is_shown_verified_and_cleared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipeline.core.store import Store

    monkeypatch.setattr("pipeline.cli._outside.user_cache_path", lambda _: tmp_path)
    entry = Store(tmp_path, tmp_path / "rows").put(bytes(16), pa.RecordBatch.from_pydict({"a": [1]}))
    sound = Store(tmp_path, tmp_path / "rows").put(bytes([1] * 16), pa.RecordBatch.from_pydict({"a": [1]}))
    entry.path.write_bytes(entry.path.read_bytes()[:-1])

    assert run(["cache", "--verify", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (1, 1) == (told["entries"], told["damaged"])
    assert run(["cache", "clear"]) == 0
    assert not sound.path.exists()


def test_an_unchanged_build_of_the_command_line_reads_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "faq.csv").write_text("question,answer\n" + "".join(f"Where is {n}?,In room {n}.\n" for n in range(40)))
    (tmp_path / "dataset.toml").write_text(
        '[[source]]\npath = "faq.csv"\ncompose = { recipe = "pairs" }\n[expect]\nenabled = false\n'
    )
    monkeypatch.setattr("pipeline.cli._outside.user_cache_path", lambda _: tmp_path / "cache")
    command = ["build", "--plan", str(tmp_path / "dataset.toml"), "--workers", "1", "--fail-on", "never"]
    run(command)
    monkeypatch.setattr("pipeline.run.rows", None)
    capsys.readouterr()

    assert run(command) == 0
    assert "Nothing changed" in capsys.readouterr().out
