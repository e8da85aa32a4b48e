"""Steps on disk that happen whole or not at all, in an order that survives a loss of power."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipeline.core.errors import DiskError, TunesetError

FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
SHUT: Final = {errno.EACCES, errno.EPERM, errno.EROFS}
BROKEN: Final = {errno.EIO, errno.ESTALE, errno.ENXIO, errno.ENODEV}


def flush(folder: Path) -> None:
    """Bring every byte of a folder to the disk before a rename makes it visible: power may fail in between."""
    for path in folder.rglob("*"):
        if path.is_file():
            flush_file(path)
    flush_folder(folder)


def flush_file(path: Path) -> None:
    """Bring the bytes of one file to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def drafted(path: Path, content: bytes) -> Path:
    """Write what is to become `path` beside it, flushed: to replace `path` with it then takes no space."""
    draft = _draft(path)
    draft.write_bytes(content)
    flush_file(draft)
    return draft


def drafted_link(link: Path, goal: Path) -> Path:
    """Make a link to `goal` that is to become `link`; to replace `link` with it then takes no space."""
    draft = _draft(link)
    draft.unlink(missing_ok=True)
    draft.symlink_to(goal)
    return draft


def is_draft(path: Path) -> bool:
    """Say whether a file is what a dead run had drafted."""
    return path.name.startswith(".") and path.name.endswith(".new")


def protect(folder: Path) -> None:
    """Take the right to write from every file: a version is never changed once it is named."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o444)


@contextmanager
def told(folder: Path, *, in_place: Callable[[], str]) -> Iterator[None]:
    """Turn what the disk refuses into one sentence: where, what, what to do.

    `in_place` names the published version, empty where there is none; it is asked when the disk has refused something.
    """
    try:
        yield
    except TunesetError:
        raise
    except OSError as error:
        cure = _cure(error.errno)
        if cure is None:
            raise
        where = error.filename if isinstance(error.filename, str) else folder
        reason = os.strerror(error.errno or 0)
        raise DiskError(f"{where}: {reason}. {_place(in_place())} {cure}") from error


def _cure(number: int | None) -> str | None:
    """Say what to do; None: it is no trouble of the disk."""
    if number in FULL:
        return "Make room, or set `write.folder` to a folder on another disk, and run again."
    if number in SHUT:
        return "Make it writable, or set `write.folder`, and run again."
    return "See to the disk, and run again." if number in BROKEN else None


def _place(version: str) -> str:
    return f"Version {version} is in place, whole." if version else "Nothing was published."


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")
