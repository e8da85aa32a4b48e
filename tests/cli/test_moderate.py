"""tuneset moderate: answers come into the cache, at once or by a batch, and a key is never shown."""

from pathlib import Path

import pytest

from pipeline.__main__ import run
from tests.moderation.batch_standin import BatchStandin
from tests.moderation.standin import KEY, Standin, running

LINE = '{"messages":[{"role":"user","content":"question %d"},{"role":"assistant","content":"%s"}]}\n'


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    path = tmp_path / "train.jsonl"
    path.write_text("".join(LINE % (n, "BAD:hate" if n == 3 else f"answer {n}") for n in range(12)))
    return path


def test_texts_are_asked_once_and_flags_end_with_code_1(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(Standin()) as standin:
        monkeypatch.setenv("OPENAI_BASE_URL", standin.base_url)
        first, second = run(["moderate", str(file)]), run(["moderate", str(file)])

    said = capsys.readouterr().out
    assert (1, 1) == (first, second)
    assert "flagged for hate: 1" in said
    assert set(standin.texts.values()) == {1}
    assert KEY not in said


def test_a_batch_is_open_at_first_and_collected_later(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(BatchStandin()) as standin:
        monkeypatch.setenv("OPENAI_BASE_URL", standin.base_url)
        assert run(["moderate", str(file), "--batch"]) == 4
        standin.finish()
        assert run(["moderate", str(file), "--batch"]) == 0

    assert "Every text has its verdict" in capsys.readouterr().out


def test_without_a_key_it_says_so(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")

    assert run(["moderate", str(file)]) == 2
    assert "OPENAI_API_KEY is not set" in capsys.readouterr().err
