"""Publishing: whole or not at all, whatever happens in between."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.core.errors import DiskError, PlanError, TunesetError
from pipeline.publish import Acceptance, accept, find, locked, publish, versions, waiting, workplace

EVE = Acceptance(by="eve", at="2026-11-25")


def essence(folder: Path) -> object:
    return (folder / "manifest.json").read_text()


def build(
    folder: Path,
    text: str,
    stamp: str,
    *,
    keep: int = 5,
    extra: bool = False,
    drifted: tuple[str, ...] = (),
    acceptance: Acceptance | None = None,
) -> str:
    with workplace(folder) as work:
        built = work / "built"
        built.mkdir()
        (built / "train.jsonl").write_text(text)
        (built / "manifest.json").write_text(f"digest of {text}")
        if extra:
            (built / "extra.json").write_text("{}")
        return publish(
            built, folder=folder, stamp=stamp, keep=keep, essence=essence, drifted=drifted, acceptance=acceptance
        ).version


def states(folder: Path) -> dict[str, str]:
    return {version.name: version.state for version in versions(folder)}


def test_the_files_are_there_and_the_workplace_is_gone(tmp_path: Path) -> None:
    build(tmp_path, "one", "2026-11-22")

    assert (tmp_path / "train.jsonl").read_text() == "one"
    assert not (tmp_path / ".work").exists()


def test_a_new_version_replaces_the_old_one_which_stays_on_disk(tmp_path: Path) -> None:
    build(tmp_path, "one", "2026-11-22")
    build(tmp_path, "two", "2026-11-23")

    assert (tmp_path / "train.jsonl").read_text() == "two"
    assert (tmp_path / "versions/2026-11-22/train.jsonl").read_text() == "one"


def test_nobody_can_write_into_a_version(tmp_path: Path) -> None:
    build(tmp_path, "one", "a")

    assert {0o444} == {path.stat().st_mode & 0o777 for path in (tmp_path / "versions/a").iterdir()}


def test_the_same_data_makes_no_new_version(tmp_path: Path) -> None:
    build(tmp_path, "one", "2026-11-22")

    assert build(tmp_path, "one", "2026-11-23") == "2026-11-22"


def test_two_builds_in_one_second_get_two_names_in_their_order(tmp_path: Path) -> None:
    names = [build(tmp_path, f"text {n}", "2026-11-22T101500Z", keep=20) for n in range(11)]

    assert names == [version.name for version in versions(tmp_path)]


def test_the_first_version_is_accepted_and_stays_so_until_somebody_says_otherwise(tmp_path: Path) -> None:
    build(tmp_path, "one", "a")
    build(tmp_path, "two", "b")

    assert {"a": "accepted", "b": "latest"} == states(tmp_path)


def test_old_versions_are_pruned_but_never_the_published_or_the_accepted_one(tmp_path: Path) -> None:
    for day in range(6):
        build(tmp_path, f"text {day}", f"day {day}", keep=3)

    assert {"day 0": "accepted", "day 4": "older", "day 5": "latest"} == states(tmp_path)
    assert {"day 0", "day 4", "day 5"} == {path.stem for path in (tmp_path / "versions").iterdir()}


def test_a_version_that_somebody_put_there_by_hand_is_not_swept(tmp_path: Path) -> None:
    build(tmp_path, "one", "b")
    (tmp_path / "versions/a-copy").mkdir()
    build(tmp_path, "two", "c")

    assert (tmp_path / "versions/a-copy").is_dir()


def test_what_drifted_is_kept_and_not_published(tmp_path: Path) -> None:
    build(tmp_path, "one", "a")
    build(tmp_path, "two", "b", drifted=("Twice as long.",))

    assert (tmp_path / "train.jsonl").read_text() == "one"
    assert (tmp_path / "versions/b/train.jsonl").read_text() == "two"
    assert {"a": "latest, accepted", "b": "held back"} == states(tmp_path)
    assert find(tmp_path, "held").record.drifted == ("Twice as long.",)


def test_what_drifted_the_same_way_again_is_no_new_version(tmp_path: Path) -> None:
    build(tmp_path, "one", "a")
    build(tmp_path, "two", "b", drifted=("Twice as long.",))

    assert build(tmp_path, "two", "c", drifted=("Twice as long.",)) == "b"
    assert {"a": "latest, accepted", "b": "held back"} == states(tmp_path)


def test_what_was_held_back_is_published_once_it_is_within_bounds(tmp_path: Path) -> None:
    build(tmp_path, "one", "a")
    build(tmp_path, "two", "b", drifted=("Twice as long.",))

    assert build(tmp_path, "two", "c") == "b"
    assert {"a": "accepted", "b": "latest"} == states(tmp_path)


def test_accepting_publishes_what_was_held_back_and_says_who_did(tmp_path: Path) -> None:
    build(tmp_path, "one", "a")
    build(tmp_path, "two", "b", drifted=("Twice as long.",))
    with locked(tmp_path):
        accept(find(tmp_path, "held"), folder=tmp_path, acceptance=EVE)

    assert (tmp_path / "train.jsonl").read_text() == "two"
    assert {"a": "older", "b": "latest, accepted"} == states(tmp_path)
    assert json.loads((tmp_path / "versions/b.json").read_text())["accepted"] == {"by": "eve", "at": "2026-11-25"}


def test_a_build_may_be_accepted_at_once(tmp_path: Path) -> None:
    build(tmp_path, "one", "a")
    build(tmp_path, "two", "b", drifted=("Twice as long.",), acceptance=EVE)

    assert {"a": "older", "b": "latest, accepted"} == states(tmp_path)


def test_accepting_an_older_version_goes_back_to_it(tmp_path: Path) -> None:
    build(tmp_path, "one", "a", extra=True)
    build(tmp_path, "two", "b")
    with locked(tmp_path):
        accept(find(tmp_path, "a"), folder=tmp_path, acceptance=EVE)

    assert (tmp_path / "train.jsonl").read_text() == "one"
    assert (tmp_path / "extra.json").exists()


def test_a_held_version_waits_only_until_a_newer_one_is_published(tmp_path: Path) -> None:
    build(tmp_path, "one", "a")
    build(tmp_path, "two", "b", drifted=("Twice as long.",))
    build(tmp_path, "three", "c")

    assert waiting(versions(tmp_path)) is None


def test_a_version_is_found_by_the_beginning_of_its_name_and_a_wrong_name_lists_them(tmp_path: Path) -> None:
    build(tmp_path, "one", "2026-11-22")
    build(tmp_path, "two", "2026-11-23")

    assert find(tmp_path, "2026-11-22").is_accepted
    with pytest.raises(TunesetError, match=r"2 versions begin so .* Known: 2026-11-22, 2026-11-23\."):
        find(tmp_path, "2026-11")
    with pytest.raises(TunesetError, match="no such version"):
        find(tmp_path, "2025")


def test_the_link_of_the_first_tuneset_gets_its_new_name(tmp_path: Path) -> None:
    version = tmp_path / "versions/a"
    version.mkdir(parents=True)
    (version / "train.jsonl").write_text("one")
    (version / "manifest.json").write_text("digest of one")
    (tmp_path / "current").symlink_to("versions/a")
    (tmp_path / "train.jsonl").symlink_to("current/train.jsonl")

    assert build(tmp_path, "one", "b") == "a"
    assert (tmp_path / "train.jsonl").readlink() == Path("latest/train.jsonl")
    assert not (tmp_path / "current").is_symlink()
    assert {"a": "latest, accepted"} == states(tmp_path)


def test_a_file_that_is_no_longer_built_leaves_no_dangling_link(tmp_path: Path) -> None:
    build(tmp_path, "one", "a", extra=True)
    build(tmp_path, "two", "b")

    assert not (tmp_path / "extra.json").is_symlink()


def test_a_file_of_the_users_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("mine")

    with pytest.raises(PlanError, match="in the way"):
        build(tmp_path, "one", "a")
    assert (tmp_path / "train.jsonl").read_text() == "mine"


def test_a_second_run_is_refused_while_the_first_one_builds_and_told_who_it_is(tmp_path: Path) -> None:
    first, second = workplace(tmp_path, holder="process 4711"), workplace(tmp_path)

    with first, pytest.raises(PlanError, match=r"another run \(process 4711\) is at work here.*--wait"), second:
        pass


def test_a_second_run_that_may_wait_says_so_and_goes_on_when_the_first_one_ends(tmp_path: Path) -> None:
    """The first run ends when it sees that the second one waits: no clock is asked."""
    script = (
        "import sys, pathlib\n"
        "from pipeline.publish import workplace\n"
        "with workplace(pathlib.Path(sys.argv[1]), holder='the first'): print(flush=True); sys.stdin.read()\n"
    )
    told: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        first.stdout.readline()
        end = first.stdin.close
        with workplace(tmp_path, wait_seconds=120, waits=lambda sentence: (told.append(sentence), end())[0]) as work:
            assert work.is_dir()

    assert told == [f"{tmp_path}: another run (the first) is at work here; waiting for up to 120 s."]


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


def test_a_disk_without_symbolic_links_is_told_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.symlink", refused)

    with pytest.raises(PlanError, match=r"no symbolic links .* Set `write\.folder`"):
        build(tmp_path, "one", "a")


def test_a_folder_that_cannot_be_written_says_which_version_is_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path, "one", "a")

    def refused(path: object, *_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system", str(path))

    monkeypatch.setattr("os.mkdir", refused)

    with pytest.raises(DiskError, match=r"Read-only file system\. Version a is in place, whole\. Make it writable"):
        build(tmp_path, "two", "b")
