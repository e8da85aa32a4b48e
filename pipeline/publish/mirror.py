"""A dataset behind a URL: brought here, changed here like any other, and taken back so that readers see all of it or nothing.

URL/
  latest.json          which version is published and where its files lie; replacing it is the only step that readers can see
  versions/NAME/       the objects of a version, all there before latest.json names it, and never changed

An object store has neither links nor renames. What it has is the replacing of one small object on condition that nobody else
replaced it first; two runs that publish at once are told apart by that, and no lock can be left behind by a dead one.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from filelock import FileLock, Timeout
from pydantic import Field, ValidationError

from pipeline.core import remote
from pipeline.core.errors import DiskError, PlanError, TunesetError
from pipeline.core.place import shown
from pipeline.core.remote.door import Changed
from pipeline.core.target import Settings
from pipeline.publish.disk import drafted_link
from pipeline.publish.shelf import ACCEPTED, LATEST, VERSIONS, Record, age, record_path, versions, written

POINTER: Final = "latest.json"
LEFT_THERE: Final = ".jsonl"
"""Files of this ending are not brought here: they are large, and no build reads those of an earlier version."""


BESIDE: Final = ("timings.json", "profile.html")
"""What lies beside a dataset and is no part of it."""


class Pointer(Settings):
    """The whole of latest.json."""

    latest: str
    """Name of the version that everybody reads."""
    accepted: str
    """Name of the version that later builds are compared with."""
    files: dict[str, str]
    """Name of each file of the published version and its place below the URL."""
    versions: dict[str, Record] = Field(default_factory=dict)
    """Every version that is kept, the oldest first."""


class Brought(NamedTuple):
    """What stood behind the URL when it was looked at."""

    pointer: Pointer | None
    tag: str | None
    """The mark of latest.json, `""` where there is none; None where its store gives no marks."""


@contextmanager
def mirrored(url: str, home: Path, *, tell: Callable[[str], None] | None = None) -> Iterator[Path]:
    """Give a folder that stands for the one behind the URL; what was published in it is published there at the end.

    `home` holds such folders. Nothing is taken back when the block fails.
    """
    place = home / sha256(url.rstrip("/").encode()).hexdigest()[:16]
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(place.with_suffix(".lock"), timeout=0):
            shutil.rmtree(place, ignore_errors=True)
            try:
                brought = bring(url.rstrip("/"), place)
                yield place
                take(url.rstrip("/"), place, brought, tell=tell)
            finally:
                shutil.rmtree(place, ignore_errors=True)
    except Timeout:
        raise PlanError(f"{shown(url)}: another run on this machine is at work on it. Wait for it.") from None


def published(url: str) -> dict[str, str]:
    """Give the files of the published version: name → URL; a TunesetError where nothing is published."""
    pointer = _looked_at(url.rstrip("/")).pointer
    if pointer is None:
        raise TunesetError(f"{shown(url)}: no dataset is published there yet. Build one with `tuneset build`.")
    return {name: f"{url.rstrip('/')}/{path}" for name, path in pointer.files.items()}


def bring(url: str, folder: Path) -> Brought:
    """Fill a folder with what is known of the versions behind the URL: records, links, and the small files."""
    folder.mkdir(parents=True)
    brought = _looked_at(url)
    if brought.pointer is None:
        return brought
    there = remote.names(f"{url}/{VERSIONS}")
    for name, record in brought.pointer.versions.items():
        (folder / VERSIONS / name).mkdir(parents=True)
        record_path(folder, name).write_bytes(written(record))
    for path in there:
        name, _, file = path.partition("/")
        if name in brought.pointer.versions and not file.endswith(LEFT_THERE):
            found = remote.get(f"{url}/{VERSIONS}/{path}")
            (folder / VERSIONS / name / file).write_bytes(found[0] if found else b"")
    for link, version in ((LATEST, brought.pointer.latest), (ACCEPTED, brought.pointer.accepted)):
        drafted_link(folder / link, Path(VERSIONS) / version).replace(folder / link)
    return brought


def take(url: str, folder: Path, brought: Brought, *, tell: Callable[[str], None] | None = None) -> None:
    """Publish behind the URL what is published in the folder: first every object, then latest.json, then the sweeping."""
    pointer = _pointed(folder)
    if pointer is not None and pointer != brought.pointer:
        _publish(url, folder, brought, pointer)
        if tell is not None:
            tell(f"{shown(url)}: version {pointer.latest} is published.")
        _sweep(url, pointer)
    for path in (folder / name for name in BESIDE):
        if path.exists():
            remote.put_file(f"{url}/{path.name}", path)


def _publish(url: str, folder: Path, brought: Brought, pointer: Pointer) -> None:
    """Put every object of the new versions, and then, in one step, latest.json."""
    known = set(brought.pointer.versions) if brought.pointer else set()
    fresh = [name for name in pointer.versions if name not in known]
    for name in fresh:
        for path in sorted((folder / VERSIONS / name).iterdir()):
            remote.put_file(f"{url}/{VERSIONS}/{name}/{path.name}", path)
    content = (json.dumps(pointer.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n").encode()
    try:
        remote.put(f"{url}/{POINTER}", content, over=brought.tag)
    except Changed:
        for name in fresh:
            _remove(url, name)
        raise DiskError(
            f"{shown(url)}: another run published there meanwhile. Its dataset is in place, whole. Run again."
        ) from None


def _sweep(url: str, pointer: Pointer) -> None:
    """Remove what was pruned, and what dead runs left: older than the newest version, and known to nobody.

    A run that is uploading now began after latest.json was put, so its version is newer. What cannot be removed stays.
    """
    newest = max(map(age, pointer.versions))
    with suppress(TunesetError):
        for name in {path.partition("/")[0] for path in remote.names(f"{url}/{VERSIONS}")} - set(pointer.versions):
            if age(name) < newest:
                _remove(url, name)


def _remove(url: str, name: str) -> None:
    with suppress(TunesetError):
        for path in remote.names(f"{url}/{VERSIONS}/{name}"):
            remote.remove(f"{url}/{VERSIONS}/{name}/{path}")


def _looked_at(url: str) -> Brought:
    found = remote.get(f"{url}/{POINTER}")
    if found is None:
        return Brought(None, "")
    try:
        return Brought(Pointer.model_validate_json(found[0]), found[1])
    except ValidationError as error:
        raise TunesetError(f"{shown(url)}/{POINTER}: was not written by tuneset. Name another folder.") from error


def _pointed(folder: Path) -> Pointer | None:
    """Give what latest.json has to say of a folder; None: nothing is published in it."""
    found = versions(folder)
    latest = next((version for version in found if version.is_latest), None)
    if latest is None:
        return None
    accepted = next((version for version in found if version.is_accepted), latest)
    return Pointer(
        latest=latest.name,
        accepted=accepted.name,
        files=_files(latest.folder),
        versions={version.name: version.record for version in found},
    )


def _files(folder: Path) -> dict[str, str]:
    """Give the files of a version by what its manifest lists, because not all of them are here."""
    listed = {file["name"] for file in json.loads((folder / "manifest.json").read_bytes())["files"]}
    return {name: f"{VERSIONS}/{folder.name}/{name}" for name in sorted({*listed, "manifest.json"})}
