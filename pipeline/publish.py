"""A dataset appears whole or not at all: built aside, then switched in with one rename.

data/processed/
  train.jsonl ...     links into current/
  current             link to the published version; replacing it is the only step that readers can see
  versions/           dated, never changed once named; older ones are pruned
  .work/              what a run is building; a dead run's leftovers are swept by the next
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from filelock import FileLock, Timeout

from pipeline.core.errors import PlanError

CURRENT: Final = "current"
VERSIONS: Final = "versions"


class Published(NamedTuple):
    """Where the dataset lies now."""

    version: str
    """Name of the version's folder."""
    is_new: bool
    """False: the build gave the very bytes that were published before."""


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """Give an empty folder to build in, locked against a second run; a process that dies frees the lock."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        with lock.acquire(timeout=0):
            work = folder / ".work"
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            try:
                yield work
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except Timeout:
        raise PlanError(
            f"{folder}: another run is building here. Wait for it, or give `write.folder` another name."
        ) from None
    except PermissionError as error:
        raise PlanError(
            f"{folder}: cannot be written ({error.strerror}). Make it writable, or set `write.folder`."
        ) from error


def publish(built: Path, *, folder: Path, stamp: str, keep: int) -> Published:
    """Switch the finished files in `built` into `folder` as version `stamp`; the old dataset stays until that moment."""
    now = _current(folder)
    if now is not None and _same(built, now):
        return Published(now.name, is_new=False)
    for file in built.iterdir():
        _clear(folder / file.name)
    _flush(built)
    version = _free(folder / VERSIONS, stamp)
    version.parent.mkdir(exist_ok=True)
    built.rename(version)
    _flush_folder(version.parent)
    _link(folder / CURRENT, Path(VERSIONS) / version.name)
    for file in sorted(version.iterdir()):
        _link(folder / file.name, Path(CURRENT) / file.name)
    for link in folder.iterdir():
        if link.is_symlink() and not link.exists():
            link.unlink()  # a file that earlier versions had
    _flush_folder(folder)
    _prune(folder, keep)
    return Published(version.name, is_new=True)


def _link(link: Path, goal: Path) -> None:
    """Make `link` lead to `goal` in one step."""
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(goal)
    fresh.replace(link)


def _clear(link: Path) -> None:
    """Make sure that a link may take this place; a file that tuneset did not make is never replaced."""
    if link.exists() and not link.is_symlink():
        raise PlanError(f"{link}: a file of that name is in the way and was not made by tuneset. Move it.")


def _current(folder: Path) -> Path | None:
    link = folder / CURRENT
    return link.resolve() if link.is_dir() else None


def _same(built: Path, published: Path) -> bool:
    """Say whether the two manifests agree; a manifest holds the digest of every file beside it."""
    one, other = built / "manifest.json", published / "manifest.json"
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def _free(versions: Path, stamp: str) -> Path:
    number, name = 1, stamp
    while (versions / name).exists():
        number += 1
        name = f"{stamp}-{number}"
    return versions / name


def _prune(folder: Path, keep: int) -> None:
    current = _current(folder)
    old = sorted(path for path in (folder / VERSIONS).iterdir() if path != current)
    for path in old[: max(0, len(old) - (keep - 1))]:
        shutil.rmtree(path, ignore_errors=True)


def _flush(folder: Path) -> None:
    """Bring every byte to the disk before the rename makes it visible: power may fail in between."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
