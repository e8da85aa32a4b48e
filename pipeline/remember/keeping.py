"""The cache of rows as a whole: how large it is, what goes when it is full, and that it can be emptied.

<folder>/
  CACHEDIR.TAG      backup programs pass it over (bford.info/cachedir)
  ab/cd....arrow    entries; see core/store.py
  last.json         what the last run found here
  erased            which requests for erasure were obeyed: at a new one everything goes
"""

import contextlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from pipeline.core.store import SUFFIX, is_sound, make_private

TAG: Final = "CACHEDIR.TAG"
TAG_TEXT: Final = "Signature: 8a477f597d28d172789f06886806bc55\n# Made by tuneset; it may be deleted at any time.\n"
LAST: Final = "last.json"
ERASED: Final = "erased"
GRACE_NS: Final = 3_600 * 10**9
"""Entries used within an hour of the latest are another run's perhaps, and stay."""


class Kept(NamedTuple):
    """One entry as its file system tells of it."""

    path: Path
    size: int
    used_ns: int


class Tally(msgspec.Struct, frozen=True):
    """What a run found: pieces of the sources looked up whole, and those that something had to be worked out for."""

    pieces: int = 0
    pieces_found: int = 0
    rows: int = 0
    rows_found: int = 0


def prepare(folder: Path, erased: bytes) -> str | None:
    """Make the folder ready for a run; give a sentence where it cannot be used, None where all is well.

    `erased` stands for the requests for erasure that the run obeys: what was kept before a new one may hold those rows.
    """
    try:
        make_private(folder)
        if not (folder / TAG).exists():
            (folder / TAG).write_text(TAG_TEXT, encoding="utf-8")
        if erased and erased.hex() not in _obeyed(folder):
            clear(folder)
            (folder / ERASED).write_text("\n".join([*sorted(_obeyed(folder)), erased.hex()]), encoding="utf-8")
    except OSError as error:
        return (
            f"{folder}: the cache cannot be used ({error.strerror or error}); this run begins anew and keeps nothing."
        )
    return None


def entries(folder: Path) -> Iterator[Kept]:
    """Give every entry, in no particular order; those that another run removes meanwhile are passed over."""
    for place in _folders(folder):
        with contextlib.suppress(OSError), os.scandir(place) as found:
            for one in found:
                if one.name.endswith(SUFFIX):
                    told = one.stat()
                    yield Kept(Path(one.path), told.st_size, told.st_mtime_ns)


def trim(folder: Path, *, most_bytes: int, keep: Collection[Path] = ()) -> int:
    """Remove what was not used for longest until the cache is within its bound; give the bytes removed.

    What this run used stays, and so does what was used in the last hour before the latest use of all.
    """
    held = sorted(entries(folder), key=lambda one: one.used_ns)
    excess = sum(one.size for one in held) - most_bytes
    spared, removed = set(keep), 0
    for one in held:
        if removed >= excess or one.used_ns > held[-1].used_ns - GRACE_NS:
            break
        if one.path not in spared:
            _remove(one.path)
            removed += one.size
    return removed


def clear(folder: Path) -> int:
    """Remove every entry, and what dying runs left behind; give the bytes removed."""
    removed = 0
    for place in _folders(folder):
        for path in list(place.iterdir()):
            removed += path.stat().st_size
            _remove(path)
        with contextlib.suppress(OSError):
            place.rmdir()
    return removed


def sweep(folder: Path) -> int:
    """Remove entries that are damaged; give their number. A run does not believe them either."""
    bad = [one.path for one in entries(folder) if not is_sound(one.path)]
    for path in bad:
        _remove(path)
    return len(bad)


def write_tally(folder: Path, tally: Tally) -> None:
    """Keep what the run found, for `tuneset cache`; a cache that cannot be written keeps none."""
    with contextlib.suppress(OSError):
        fresh = folder / f".{LAST}.{os.getpid()}"
        fresh.write_bytes(msgspec.json.encode(tally))
        fresh.replace(folder / LAST)


def read_tally(folder: Path) -> Tally | None:
    """Give what the last run found; None where none is told."""
    try:
        return msgspec.json.decode((folder / LAST).read_bytes(), type=Tally)
    except (OSError, msgspec.DecodeError):
        return None


def _folders(folder: Path) -> list[Path]:
    """Give the folders of entries, and nothing else that may lie there."""
    try:
        return [path for path in folder.iterdir() if len(path.name) == 2 and path.is_dir()]  # noqa: PLR2004 - two hex digits
    except OSError:
        return []


def _obeyed(folder: Path) -> set[str]:
    try:
        return set((folder / ERASED).read_text(encoding="utf-8").split())
    except OSError:
        return set()


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
