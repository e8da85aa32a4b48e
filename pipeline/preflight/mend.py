"""--fix: repairs a file into a new one, or in its place by one rename, and tells what was done."""

import os
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from pipeline.core.errors import PlanError
from pipeline.core.place import is_url, shown
from pipeline.core.target import Limits
from pipeline.fix.file import Change, Counts, Old, diff
from pipeline.preflight.source import STDIN, Source

PACKED: Final = (".gz", ".bz2", ".xz", ".zst")


class Fixed(NamedTuple):
    """What became of a file."""

    path: Path
    counts: Counts


def old(source: Source, limits: Limits) -> Old:
    """Give the file as the repairs take it; a byte-order mark stays where the target asks for one."""
    keeps_mark = limits.severities.get("file.bom") == "off"
    return Old(source.path, source.line_end, 0 if keeps_mark else source.skip, limits)


def beside(name: str) -> Path:
    """Give the name of the new file: `train.fixed.jsonl` beside `train.jsonl`, without the ending of a compression."""
    if name == STDIN:
        raise PlanError("--fix: standard input has no place beside it. Name the new file: -o FILE.")
    if is_url(name):
        raise PlanError(f"--fix: {shown(name)} is not on this machine. Name the new file: -o FILE.")
    path = Path(name)
    if path.suffix in PACKED:
        path = path.with_suffix("")
    return path.with_name(f"{path.stem}.fixed{path.suffix or '.jsonl'}")


def writable(name: str, to: str | None) -> Path:
    """Give the path of the new file; a packed file or standard input cannot be replaced by plain lines."""
    if to is not None and is_url(to):
        raise PlanError(f"--fix: cannot write to {shown(to)}. Name a file of this machine: -o FILE.")
    path = Path(to) if to else beside(name)
    if to == name and (name == STDIN or path.suffix in PACKED):
        raise PlanError(f"--in-place: {name} is not a plain file. Name the new file: -o FILE.")
    return path


def fix(source: Source, limits: Limits, *, to: Path) -> Fixed:
    """Write the repaired file; it appears whole or not at all."""
    counts = Counts()
    handle, name = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.")
    beside_it = Path(name)
    with os.fdopen(handle, "wb") as file:
        try:
            _drain(old(source, limits).changes(counts, sink=file))
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            beside_it.unlink(missing_ok=True)
            raise
    _keep_mode(to if to.exists() else source.path, beside_it)
    beside_it.replace(to)
    _count_whole(source, counts)
    return Fixed(to, counts)


def differences(source: Source, limits: Limits, *, to: str) -> Iterator[str]:
    """Give the repairs as a unified diff, and write nothing."""
    return diff(source.address, old(source, limits).changes(Counts()), new_name=to)


def stream(source: Source, limits: Limits, sink: BinaryIO) -> Counts:
    """Write the repaired lines into a stream."""
    counts = Counts()
    _drain(old(source, limits).changes(counts, sink=sink))
    _count_whole(source, counts)
    return counts


def _count_whole(source: Source, counts: Counts) -> None:
    if any(flaw.code == "file.encoding" for flaw in source.flaws):
        counts.names["encoding"] = counts.lines_read


def _keep_mode(like: Path, path: Path) -> None:
    path.chmod(like.stat().st_mode & 0o777)


def _drain(changes: Iterator[Change]) -> None:
    deque(changes, maxlen=0)
