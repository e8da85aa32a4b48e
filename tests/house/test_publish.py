"""Publishing: whole or not at all, whatever happens in between."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.core.errors import PlanError
from pipeline.publish import publish, workplace


def build(folder: Path, text: str, stamp: str, *, keep: int = 5, extra: bool = False) -> str:
    with workplace(folder) as work:
        built = work / "built"
        built.mkdir()
        (built / "train.jsonl").write_text(text)
        (built / "manifest.json").write_text(f"digest of {text}")
        if extra:
            (built / "extra.json").write_text("{}")
        return publish(built, folder=folder, stamp=stamp, keep=keep).version


def test_the_files_are_there_and_the_workplace_is_gone(tmp_path: Path) -> None:
    build(tmp_path, "one", "2026-11-22")

    assert (tmp_path / "train.jsonl").read_text() == "one"
    assert not (tmp_path / ".work").exists()


def test_a_new_version_replaces_the_old_one_which_stays_on_disk(tmp_path: Path) -> None:
    build(tmp_path, "one", "2026-11-22")
    build(tmp_path, "two", "2026-11-23")

    assert (tmp_path / "train.jsonl").read_text() == "two"
    assert (tmp_path / "versions/2026-11-22/train.jsonl").read_text() == "one"


def test_the_same_bytes_make_no_new_version(tmp_path: Path) -> None:
    build(tmp_path, "one", "2026-11-22")

    assert build(tmp_path, "one", "2026-11-23") == "2026-11-22"


def test_two_builds_in_one_second_get_two_names(tmp_path: Path) -> None:
    assert build(tmp_path, "one", "now") != build(tmp_path, "two", "now")


def test_old_versions_are_pruned_and_the_current_one_never(tmp_path: Path) -> None:
    for day in range(5):
        build(tmp_path, f"text {day}", f"day {day}", keep=2)

    assert ["day 3", "day 4"] == sorted(path.name for path in (tmp_path / "versions").iterdir())


def test_a_file_that_is_no_longer_built_leaves_no_dangling_link(tmp_path: Path) -> None:
    build(tmp_path, "one", "a", extra=True)
    build(tmp_path, "two", "b")

    assert not (tmp_path / "extra.json").is_symlink()


def test_a_file_of_the_users_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("mine")

    with pytest.raises(PlanError, match="in the way"):
        build(tmp_path, "one", "a")
    assert (tmp_path / "train.jsonl").read_text() == "mine"


def test_a_second_run_is_refused_while_the_first_one_builds(tmp_path: Path) -> None:
    with workplace(tmp_path), pytest.raises(PlanError, match="another run"), workplace(tmp_path):
        pass


def test_a_failed_build_leaves_the_published_one(tmp_path: Path) -> None:
    build(tmp_path, "one", "a")

    def half_a_build() -> None:
        with workplace(tmp_path) as work:
            (work / "half").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_a_build()
    assert (tmp_path / "train.jsonl").read_text() == "one"


def test_a_killed_run_leaves_the_published_one_and_frees_the_lock(tmp_path: Path) -> None:
    build(tmp_path, "one", "a")
    script = (
        "import sys, os, time, pathlib\n"
        "from pipeline.publish import workplace\n"
        "with workplace(pathlib.Path(sys.argv[1])) as work:\n"
        "    (work / 'half').write_text('half'); print('ready', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        run.stdout.readline()
        os.kill(run.pid, signal.SIGKILL)
        run.wait()

    assert (tmp_path / "train.jsonl").read_text() == "one"
    build(tmp_path, "two", "b")
    assert (tmp_path / "train.jsonl").read_text() == "two"
