"""The versions of a dataset: their folders, their records, and the two links that say which one is which."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

from pydantic import ValidationError

from pipeline.core.errors import TunesetError
from pipeline.core.target import Settings

LATEST: Final = "latest"
ACCEPTED: Final = "accepted"
VERSIONS: Final = "versions"
State = Literal["arriving", "published", "held", "leaving"]


class Acceptance(Settings):
    """Who let a version pass, and when."""

    by: str
    at: str
    """The time in UTC, as versions are named."""


class Record(Settings):
    """The whole of versions/NAME.json."""

    state: State
    """`arriving` and `leaving` last a moment; what a dead run left in them is swept by the next."""
    drifted: tuple[str, ...] = ()
    """Why it was held back: one sentence for each figure out of bounds."""
    accepted: Acceptance | None = None
    """None: no person looked; the gate let it pass, or it is the first."""


class Version(NamedTuple):
    """One version on disk."""

    name: str
    folder: Path
    record: Record
    is_latest: bool
    is_accepted: bool

    @property
    def state(self) -> str:
        """The state for people."""
        if self.is_latest:
            return "latest, accepted" if self.is_accepted else "latest"
        if self.is_accepted:
            return "accepted"
        return "held back" if self.record.state == "held" else "older"


def versions(folder: Path) -> list[Version]:
    """Give the versions of a dataset, the oldest first, without those that are just coming or going."""
    shelf = folder / VERSIONS
    names = [path.name for path in shelf.iterdir() if path.is_dir()] if shelf.is_dir() else []
    latest, accepted = linked(folder, LATEST), linked(folder, ACCEPTED)
    found = [
        Version(name, shelf / name, record_of(folder, name), name == latest, name == accepted)
        for name in sorted(names, key=age)
        if not name.startswith(".")
    ]
    return [version for version in found if version.record.state in ("published", "held") or version.is_latest]


def waiting(found: Sequence[Version]) -> Version | None:
    """Give the version that was held back since the last one was published; None: nobody has to decide anything."""
    latest = next((v for v in found if v.is_latest), None)
    held = [v for v in found if v.record.state == "held" and (latest is None or age(v.name) > age(latest.name))]
    return held[-1] if held else None


def linked(folder: Path, link: str) -> str:
    """Give the name of the version that a link leads to; empty where there is none."""
    path = folder / link
    return path.resolve().name if path.is_symlink() and path.is_dir() else ""


def record_of(folder: Path, name: str) -> Record:
    """Give what is known of a version; one without a record was published by an older tuneset, or put there by hand."""
    try:
        return Record.model_validate_json(record_path(folder, name).read_bytes())
    except (FileNotFoundError, ValidationError):
        return Record(state="published")


def record_path(folder: Path, name: str) -> Path:
    """Give the file of a version's record."""
    return folder / VERSIONS / f"{name}.json"


def written(record: Record) -> bytes:
    """Give the bytes of a record's file."""
    return (json.dumps(record.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n").encode()


def age(name: str) -> tuple[str, int]:
    """Give what puts versions in the order they were built: the stamp, then the number within one second."""
    numbered = re.fullmatch(r"(.*Z)-(\d+)", name)
    return (numbered[1], int(numbered[2])) if numbered else (name, 1)


def find(folder: Path, name: str) -> Version:
    """Give the version of this name: `latest`, `accepted`, `held`, or its own name or the beginning of it.

    Raises TunesetError that lists the versions where there is none, or more than one.
    """
    all_of_them = versions(folder)
    choices = {
        LATEST: [v for v in all_of_them if v.is_latest],
        ACCEPTED: [v for v in all_of_them if v.is_accepted],
        "held": [v for v in (waiting(all_of_them),) if v is not None],
    }
    exact = [v for v in all_of_them if v.name == name]
    found = choices.get(name) or exact or [v for v in all_of_them if v.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(v.name for v in all_of_them) or "none yet"
    problem = f"{len(found)} versions begin so" if found else "no such version"
    raise TunesetError(f"{name}: {problem} in {folder}. Known: {known}.")
