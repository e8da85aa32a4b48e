"""A finished build becomes a version, and a version becomes the dataset that everybody reads."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import PlanError
from pipeline.publish.disk import drafted, drafted_link, flush, flush_folder, protect
from pipeline.publish.recovery import align_links, set_link
from pipeline.publish.shelf import (
    ACCEPTED,
    LATEST,
    VERSIONS,
    Acceptance,
    Record,
    Version,
    linked,
    record_path,
    versions,
    waiting,
    written,
)

Essence = Callable[[Path], object]
"""Folder of a dataset → what it holds, so that equal ones need not be kept twice; None: nobody knows."""


class Published(NamedTuple):
    """Where a build went."""

    version: str
    """Name of the version's folder."""
    folder: Path
    """The version's folder."""
    is_new: bool
    """False: a version with the same data was there before."""
    held: tuple[str, ...] = ()
    """Why it is kept but not published; empty: it is the dataset that everybody reads now."""


def publish(
    built: Path,
    *,
    folder: Path,
    stamp: str,
    keep: int,
    essence: Essence,
    drifted: Sequence[str] = (),
    acceptance: Acceptance | None = None,
) -> Published:
    """Make the finished files in `built` version `stamp` of `folder`; the old dataset stays until the very switch.

    What `drifted` is kept as a version and not switched in, unless somebody accepts it.
    """
    held = () if acceptance else tuple(drifted)
    for file in built.iterdir():
        _demand_free(folder / file.name)
    twin = _twin(built, folder, essence)
    if twin is not None:
        return _again(twin, folder, keep=keep, held=held, acceptance=acceptance)
    version = _free(folder / VERSIONS, stamp)
    _shelve(built, version, folder)
    _settle(version, folder, Record(state="held" if held else "published", drifted=tuple(drifted), accepted=acceptance))
    _prune(folder, keep)
    return Published(version.name, version, is_new=True, held=held)


def accept(version: Version, *, folder: Path, acceptance: Acceptance) -> None:
    """Publish a version that is on disk and compare later builds with it; call it under the lock."""
    _settle(version.folder, folder, version.record.model_copy(update={"state": "published", "accepted": acceptance}))


def remove(version: Version, *, folder: Path) -> None:
    """Delete a version for good; call it under the lock. What a stop leaves of it is swept by the next run."""
    record = record_path(folder, version.name)
    drafted(record, written(Record(state="leaving"))).replace(record)
    flush_folder(record.parent)
    shutil.rmtree(version.folder)
    record.unlink()


def _again(
    twin: Version, folder: Path, *, keep: int, held: tuple[str, ...], acceptance: Acceptance | None
) -> Published:
    """Publish nothing where the same data is published, or switch to the version that has it."""
    if not twin.is_latest and held:
        return Published(twin.name, twin.folder, is_new=False, held=held)
    if not twin.is_latest or (acceptance and not twin.is_accepted):
        changes = {"state": "published", **({"accepted": acceptance} if acceptance else {})}
        _settle(twin.folder, folder, twin.record.model_copy(update=changes))
        _prune(folder, keep)
    return Published(twin.name, twin.folder, is_new=False)


def _shelve(built: Path, version: Path, folder: Path) -> None:
    """Give the finished files the name of a version; until it is settled, a stop means that it is swept."""
    version.parent.mkdir(exist_ok=True)
    protect(built)
    flush(built)
    record = record_path(folder, version.name)
    drafted(record, written(Record(state="arriving"))).replace(record)
    flush_folder(version.parent)
    built.rename(version)
    flush_folder(version.parent)


def _settle(version: Path, folder: Path, record: Record) -> None:
    """Hold a version back or switch it in, as its record says. All that takes space is done before the switch."""
    file = record_path(folder, version.name)
    settled = drafted(file, written(record))
    if record.state == "held":
        settled.replace(file)
        flush_folder(file.parent)
        return
    for path in sorted(version.iterdir()):
        set_link(folder, path.name)
    goal = Path(VERSIONS) / version.name
    is_accepted = record.accepted is not None or not linked(folder, ACCEPTED)
    accepted = drafted_link(folder / ACCEPTED, goal) if is_accepted else None
    latest = drafted_link(folder / LATEST, goal)
    flush_folder(folder)
    latest.replace(folder / LATEST)
    if accepted is not None:
        accepted.replace(folder / ACCEPTED)
    flush_folder(folder)
    settled.replace(file)
    flush_folder(file.parent)
    align_links(folder)


def _twin(built: Path, folder: Path, essence: Essence) -> Version | None:
    """Find the published or the newest held version that holds the same."""
    all_of_them = versions(folder)
    candidates = [v for v in (*(v for v in all_of_them if v.is_latest), waiting(all_of_them)) if v is not None]
    known = essence(built) if candidates else None
    return next((v for v in candidates if known is not None and essence(v.folder) == known), None)


def _demand_free(link: Path) -> None:
    """Make sure that a link may take this place; a file that tuneset did not make is never replaced."""
    if link.exists() and not link.is_symlink():
        raise PlanError(f"{link}: a file of that name is in the way and was not made by tuneset. Move it.")


def _free(shelf: Path, stamp: str) -> Path:
    number, name = 1, stamp
    while (shelf / name).exists():
        number += 1
        name = f"{stamp}-{number}"
    return shelf / name


def _prune(folder: Path, keep: int) -> None:
    """Delete the oldest versions beyond `keep`; never the published, the accepted and the newest held one.

    What cannot be deleted stays for the next run: no published dataset is worth less for it.
    """
    all_of_them = versions(folder)
    undecided = waiting(all_of_them)
    spare = [v for v in all_of_them if not v.is_latest and not v.is_accepted and v != undecided]
    surplus = len(all_of_them) - keep
    for version in spare[: max(0, surplus)]:
        with suppress(OSError):
            remove(version, folder=folder)
