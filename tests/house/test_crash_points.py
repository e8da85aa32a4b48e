"""Publishing is stopped before each step that it takes on disk, by death or by a full disk: the dataset stays whole."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import DiskError
from pipeline.publish import Acceptance, accept, find, locked, publish, versions, workplace

STEPS = ("fsync", "rename", "replace", "symlink", "unlink", "rmdir", "mkdir", "chmod")
SPACE = ("fsync", "symlink", "mkdir")
"""Steps that a full disk may refuse; writing itself is the other one."""
ENDLESS = 200
FILES = ("train.jsonl", "validation.jsonl", "manifest.json")


@pytest.fixture(autouse=True)
def _a_quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count flushes without waiting for them: there is no power to lose in here."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


class Killed(BaseException):
    """The process is gone: nothing after this moment reaches the disk."""


class Fate:
    """Counts the steps on disk, and refuses every one from `at` on."""

    def __init__(self, at: int, error: Callable[[], BaseException], steps: tuple[str, ...]) -> None:
        self.at, self.error, self.steps = at, error, steps
        self.taken = 0

    def step(self) -> None:
        self.taken += 1
        if self.taken > self.at:
            raise self.error()

    @contextmanager
    def rules(self) -> Iterator[None]:
        """Let every step ask first; a write that is refused has written a part."""
        write = Path.write_bytes

        def torn(path: Path, data: bytes) -> int:
            try:
                self.step()
            except BaseException:
                write(path, data[: len(data) // 2])
                raise
            return write(path, data)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "write_bytes", torn)
            for name in self.steps:
                patch.setattr(os, name, self._asking(getattr(os, name)))
            yield

    def _asking(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*given: Any, **named: Any) -> Any:
            self.step()
            return call(*given, **named)

        return asked


def killed(at: int) -> Fate:
    return Fate(at, Killed, STEPS)


def full(at: int) -> Fate:
    return Fate(at, lambda: OSError(28, "No space left on device"), SPACE)


def build(folder: Path, text: str, stamp: str, **how: Any) -> None:
    with workplace(folder) as work:
        built = work / "built"
        built.mkdir()
        for name in (*FILES, *how.pop("more", ())):
            (built / name).write_text(f"{name} {text}")
        essence = lambda version: (version / "manifest.json").read_text()  # noqa: E731 - one line of a story
        publish(built, folder=folder, stamp=stamp, keep=2, essence=essence, **how)


def accept_held(folder: Path) -> None:
    with locked(folder):
        accept(find(folder, "held"), folder=folder, acceptance=Acceptance(by="eve", at="now"))


def seen(folder: Path) -> str:
    """Give the one text that all files tell, as a reader sees them."""
    (text,) = {(folder / name).read_text().removeprefix(f"{name} ") for name in FILES}
    return text


def is_tidy(folder: Path) -> bool:
    """Say whether nothing is left but versions, their records, and links that lead somewhere."""
    shelf = folder / "versions"
    hidden = [path.name for path in (*folder.iterdir(), *shelf.iterdir()) if path.name.startswith(".")]
    records = {path.stem for path in shelf.glob("*.json")}
    folders = {path.name for path in shelf.iterdir() if path.is_dir()}
    dangling = [path for path in folder.iterdir() if not path.exists()]
    return hidden in ([], [".lock"]) and records == folders == {v.name for v in versions(folder)} and not dangling


def first(folder: Path) -> None:
    """Nothing was there before."""


def second(folder: Path) -> None:
    build(folder, "one", "a")


def third(folder: Path) -> None:
    """One is there, one is accepted, and the next prunes one."""
    build(folder, "zero", "0")
    build(folder, "half", "05")
    build(folder, "one", "a", more=("old.json",))


def held(folder: Path) -> None:
    build(folder, "one", "a")
    build(folder, "two", "b", drifted=("It drifted.",))


def old_layout(folder: Path) -> None:
    version = folder / "versions/a"
    version.mkdir(parents=True)
    (folder / "current").symlink_to("versions/a")
    for name in FILES:
        (version / name).write_text(f"{name} one")
        (folder / name).symlink_to(f"current/{name}")


PUBLISH = "publish"
STORIES = {
    "the first build": (first, lambda folder: build(folder, "two", "b")),
    "a second build": (second, lambda folder: build(folder, "two", "b")),
    "a build with another file and something to prune": (third, lambda folder: build(folder, "two", "b", more=("x",))),
    "a build that drifted": (second, lambda folder: build(folder, "two", "b", drifted=("It drifted.",))),
    "a build that is accepted at once": (
        second,
        lambda folder: build(folder, "two", "b", drifted=("It did.",), acceptance=Acceptance(by="eve", at="now")),
    ),
    "accepting what was held back": (held, accept_held),
    "moving from the layout of the first tuneset": (old_layout, lambda folder: build(folder, "two", "b")),
}


@pytest.mark.parametrize("fate", [killed, full])
@pytest.mark.parametrize("story", STORIES)
def test_whichever_step_fails_the_dataset_is_whole_and_the_next_run_completes(
    story: str, fate: Callable[[int], Fate], tmp_path: Path
) -> None:
    before, act = STORIES[story]
    points = 0
    for at in range(ENDLESS):
        folder = tmp_path / str(at)
        folder.mkdir()
        before(folder)
        law = fate(at)
        with law.rules(), suppress(Killed, DiskError):
            act(folder)
        if law.taken <= at:
            break
        points += 1
        assert before is first or seen(folder) in ("one", "two")
        build(folder, "three", "c")
        assert seen(folder) == "three"
        assert is_tidy(folder)

    assert 5 < points < ENDLESS


def test_a_reader_of_the_first_build_sees_no_file_or_all_of_them(tmp_path: Path) -> None:
    for at in range(ENDLESS):
        folder = tmp_path / str(at)
        folder.mkdir()
        law = killed(at)
        with law.rules(), suppress(Killed):
            build(folder, "two", "b")
        assert len([name for name in FILES if (folder / name).exists()]) in (0, len(FILES))
        if law.taken <= at:
            break


def test_a_full_disk_says_which_version_is_in_place(tmp_path: Path) -> None:
    second(tmp_path)

    with full(0).rules(), pytest.raises(DiskError, match=r"No space left on device\. Version a is in place, whole\."):
        build(tmp_path, "two", "b")
