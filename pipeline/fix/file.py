"""A whole file repaired as a stream: byte-order mark, line ends, blank lines, exact duplicates, and every line's own."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from pipeline.core.target import Limits
from pipeline.fix.dialect import SHAREGPT, is_whole
from pipeline.fix.repair import Repair, mended, repairs

BOM: Final = b"\xef\xbb\xbf"
TITLES: Final = {
    "bom": "byte-order mark removed",
    "encoding": "UTF-8 written",
    "line-ends": "line ends written as LF",
    "blank-lines": "blank lines removed",
    "duplicates": "exact duplicate lines removed",
    "last-line-end": "last line ended",
}


class Change(NamedTuple):
    """One line that is no longer what it was."""

    line: int
    """Its number in the old file, from 1."""
    before: bytes
    after: bytes | None
    """None: the line goes."""
    names: tuple[str, ...]
    """Repairs that changed it."""


@dataclass
class Counts:
    """How often each repair changed something, filled while a file is repaired."""

    names: Counter[str] = field(default_factory=Counter)
    lines_read: int = 0
    lines_written: int = 0

    def told(self) -> Iterator[str]:
        """Give a line for each repair: `12 exact duplicate lines removed`."""
        titles = {**TITLES, SHAREGPT.name: SHAREGPT.title, **{name: one.title for name, one in repairs().items()}}
        for name, count in sorted(self.names.items()):
            yield f"{count:,} {'line' if count == 1 else 'lines'}: {titles[name]}"


@dataclass(frozen=True)
class Old:
    """A file as it was found."""

    path: Path
    line_end: bytes = b"\n"
    skip: int = 0
    """Bytes of a byte-order mark to leave out."""
    limits: Limits = field(default_factory=Limits)

    def changes(self, counts: Counts, *, sink: BinaryIO | None = None) -> Iterator[Change]:
        """Repair line by line, writing into the sink, and give every change in order."""
        chosen = self._chosen()
        seen: set[bytes] = set()
        for number, (line, end) in enumerate(_lines(self.path, self.line_end, self.skip), 1):
            counts.lines_read += 1
            text, names = _repaired(line, end, self.limits, chosen, seen)
            if self.skip and number == 1:
                names = ("bom", *names)
            counts.names.update(names)
            if text is not None:
                counts.lines_written += 1
                if sink:
                    sink.write(text + b"\n")
            if names:
                yield Change(number, (BOM if "bom" in names else b"") + line + end, text, names)

    def _chosen(self) -> list[Repair]:
        texts = (
            line.decode("utf-8", "replace") for line, _ in _lines(self.path, self.line_end, self.skip) if line.strip()
        )
        dialect = [SHAREGPT] if is_whole(texts) else []
        return [*dialect, *repairs().values()]


def _repaired(
    line: bytes, end: bytes, limits: Limits, chosen: list[Repair], seen: set[bytes]
) -> tuple[bytes | None, tuple[str, ...]]:
    """Give the new line without its end (None: it goes) and what was done; bytes that are no text stay."""
    if not line.strip():
        return None, ("blank-lines",)
    ends = () if end == b"\n" else ("line-ends",) if end else ("last-line-end",)
    try:
        text, names = mended(line.decode(), limits, among=chosen)
        line = text.encode()
    except UnicodeDecodeError:
        names = ()
    digest = hashlib.sha256(line).digest()[:16]
    if digest in seen:
        return None, ("duplicates",)
    seen.add(digest)
    return line, (*ends, *names)


def _lines(path: Path, line_end: bytes, skip: int) -> Iterator[tuple[bytes, bytes]]:
    """Give each line and its end: LF, CR LF, CR where the file has no other, or nothing at the file's end."""
    with path.open("rb") as file:
        file.seek(skip)
        for whole in file if line_end == b"\n" else _split(file, line_end):
            body = whole.rstrip(b"\r\n")
            yield body, whole[len(body) :]


def _split(file: BinaryIO, line_end: bytes) -> Iterator[bytes]:
    rest = b""
    while block := file.read(1 << 20):
        *whole, rest = (rest + block).split(line_end)
        yield from (line + line_end for line in whole)
    if rest:
        yield rest


def diff(name: str, changes: Iterator[Change], *, new_name: str) -> Iterator[str]:
    """Give the changes as a unified diff without context, as `patch` and `git apply --unidiff-zero` read it."""
    shift = 0
    for index, change in enumerate(changes):
        if index == 0:
            yield f"--- {name}\n+++ {new_name}\n"
        gone = change.after is None
        old, new = f"-{change.line}", change.line + shift - gone
        yield f"@@ {old} +{new}{',0' if gone else ''} @@\n"
        yield _shown("-", change.before)
        if change.after is not None:
            yield _shown("+", change.after + b"\n")
        shift -= gone


def _shown(mark: str, line: bytes) -> str:
    text = line.decode("utf-8", "backslashreplace")
    return f"{mark}{text}" if text.endswith("\n") else f"{mark}{text}\n\\ No newline at end of file\n"
