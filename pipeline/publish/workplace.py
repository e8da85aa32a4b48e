"""A place to build in, for one run at a time; what dead runs left is put right first."""

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from pipeline.core.errors import Busy, PlanError
from pipeline.publish.disk import drafted_link, told
from pipeline.publish.recovery import recover
from pipeline.publish.shelf import LATEST, linked

WORK: Final = ".work"
LOCK: Final = ".lock"
LINKLESS: Final = {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP}
"""What file systems without symbolic links answer."""
HOLDER: Final = "holder"
"""File in the workplace that names the process at work."""


@contextmanager
def workplace(
    folder: Path, *, holder: str = "", wait_seconds: float = 0.0, waits: Callable[[str], None] | None = None
) -> Iterator[Path]:
    """Give an empty folder to build in, locked against a second run; a process that dies frees the lock.

    `holder` names this run to the ones that find the door shut. `waits` is told once when it has to wait.
    """
    with locked(folder, wait_seconds=wait_seconds, waits=waits):
        work = folder / WORK
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            (work / HOLDER).write_text(holder, encoding="utf-8")
            _demand_links(work)
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


@contextmanager
def locked(folder: Path, *, wait_seconds: float = 0.0, waits: Callable[[str], None] | None = None) -> Iterator[None]:
    """Let nobody else build or publish here for a while; what a dead run left is put right first."""
    with told(folder, in_place=lambda: linked(folder, LATEST)):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK)
        _acquire(lock, folder, wait_seconds, waits)
        try:
            recover(folder)
            yield
        finally:
            lock.release()


def _acquire(lock: FileLock, folder: Path, wait_seconds: float, waits: Callable[[str], None] | None) -> None:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        busy = f"{folder}: another run{_holder(folder)} is at work here"
    except NotImplementedError:
        raise PlanError(f"{folder}: this disk has no file locks. Set `write.folder` to a folder on another.") from None
    else:
        return
    if wait_seconds and waits is not None:
        waits(f"{busy}; waiting for up to {wait_seconds:g} s.")
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise Busy(f"{busy}. Wait for it (`--wait SECONDS`), or give `write.folder` another name.") from None


def _holder(folder: Path) -> str:
    try:
        name = (folder / WORK / HOLDER).read_text(encoding="utf-8")
    except OSError:
        return ""
    return f" ({name})" if name else ""


def _demand_links(work: Path) -> None:
    """Say before the work, not after it, that the disk cannot hold what publishing needs."""
    try:
        drafted_link(work / "link", Path(HOLDER)).unlink()
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in LINKLESS:
            raise
        raise PlanError(
            f"{work.parent}: this disk has no symbolic links ({error}), by which a dataset is switched in one step. "
            "Set `write.folder` to a folder on another."
        ) from None
