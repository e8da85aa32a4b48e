"""What stopped runs and older versions of tuneset left behind, put right before anything else happens."""

import shutil
from pathlib import Path
from typing import Final

from pipeline.publish.disk import drafted, drafted_link, flush_folder, is_draft
from pipeline.publish.shelf import ACCEPTED, LATEST, VERSIONS, Record, linked, record_of, record_path, written

OLD_LATEST: Final = "current"
"""What `latest` was called by the first tuneset."""


def recover(folder: Path) -> None:
    """Finish or sweep what a stopped run left half done; a sound folder is left as it is. Call it under the lock."""
    _rename_link(folder)
    for place in (folder, folder / VERSIONS):
        for path in place.iterdir() if place.is_dir() else ():
            if is_draft(path):
                path.unlink()
    _settle_records(folder)
    align_links(folder)
    latest = linked(folder, LATEST)
    if latest and not linked(folder, ACCEPTED):
        drafted_link(folder / ACCEPTED, Path(VERSIONS) / latest).replace(folder / ACCEPTED)


def align_links(folder: Path) -> None:
    """Let the dataset's folder have one link for each file of the published version, and no other."""
    published = folder / LATEST
    names = {path.name for path in published.iterdir()} if published.is_dir() else set()
    for name in sorted(names):
        set_link(folder, name)
    for link in folder.iterdir():
        if _is_ours(link, LATEST) and link.name not in names:
            link.unlink()


def set_link(folder: Path, name: str) -> None:
    """Make the link to a file of the published version; a file of that name that is no link is left alone."""
    link, goal = folder / name, Path(LATEST) / name
    if link.is_symlink() and link.readlink() == goal:
        return
    if link.is_symlink() or not link.exists():
        drafted_link(link, goal).replace(link)


def _rename_link(folder: Path) -> None:
    """Turn the layout of the first tuneset into this one, in steps that may each be the last."""
    old = folder / OLD_LATEST
    if not old.is_symlink() or old.readlink().parent.name != VERSIONS:
        return
    if old.is_dir() and not linked(folder, LATEST):
        drafted_link(folder / LATEST, old.readlink()).replace(folder / LATEST)
    for link in folder.iterdir():
        if _is_ours(link, OLD_LATEST):
            drafted_link(link, Path(LATEST) / link.name).replace(link)
    for version in (folder / VERSIONS).iterdir():
        record = record_path(folder, version.name)
        if version.is_dir() and not record.exists():
            drafted(record, written(Record(state="published"))).replace(record)
    old.unlink()
    flush_folder(folder)


def _settle_records(folder: Path) -> None:
    """Sweep the versions that were coming or going; one that readers see already has come."""
    latest = linked(folder, LATEST)
    for path in sorted((folder / VERSIONS).glob("*.json")):
        name = path.name.removesuffix(".json")
        state = record_of(folder, name).state
        if state in ("arriving", "leaving") and name == latest:
            settled = Record(state="published")
            drafted(path, written(settled)).replace(path)
        elif state in ("arriving", "leaving") or not (folder / VERSIONS / name).is_dir():
            shutil.rmtree(folder / VERSIONS / name, ignore_errors=True)
            if not (folder / VERSIONS / name).exists():
                record_path(folder, name).unlink()


def _is_ours(link: Path, goal: str) -> bool:
    return link.is_symlink() and link.readlink().parent == Path(goal)
