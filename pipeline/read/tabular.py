"""The rows of delimited text become records, all of them in order or any whole rows of the file by themselves."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipeline.core.record import Record
from pipeline.core.trouble import Trouble
from pipeline.read import swift
from pipeline.read.feed import MOST_BYTES, Feed
from pipeline.read.fields import Dialect
from pipeline.read.format import Chunk
from pipeline.read.splitter import Row, split


@dataclass(frozen=True)
class Tabular:
    """How the rows of one file are written and what their columns are called."""

    dialect: Dialect
    names: tuple[str, ...]
    least: int
    """Fewest fields of a row that is filled up; below it is ragged."""
    header: int
    """Rows that name the columns."""

    most_bytes = MOST_BYTES

    @property
    def identity(self) -> str:
        """Give all of it as text."""
        return repr(("csv", self.dialect, self.names, self.least, self.header))

    @cached_property
    def swift(self) -> swift.Table | None:
        """Give how it is read fast; None: it cannot be."""
        return swift.table(self.dialect, self.names)

    def record(self, row: Row, original: Callable[[bytes], bytes]) -> Record:
        """Give a row as an object of its columns, or its trouble with the bytes of the file."""
        fields, names = row.fields, self.names
        if fields is None:
            return Record(row.line, None, raw=original(row.raw), trouble=row.trouble)
        if len(fields) == len(names):
            return Record(row.line, dict(zip(names, fields, strict=True)))
        if len(fields) > len(names) and not any(fields[len(names) :]):
            return Record(row.line, dict(zip(names, fields, strict=False)))
        if self.least <= len(fields) < len(names):
            return Record(row.line, dict(zip(names, fields + [""] * (len(names) - len(fields)), strict=True)))
        return Record(row.line, None, raw=original(row.raw), trouble=_ragged(len(fields), len(names), self.header))

    def head(self, data: bytes) -> bytes | None:
        """Give the header with the blank lines around it; None where it is not sound or not all there."""
        lines = data.splitlines(keepends=True)
        rows = split([lines], self.dialect, width=len(self.names))
        for count in range(self.header + 1):
            row = next(rows, None)
            if row is None:
                return data if count == self.header and data.endswith(b"\n") else None
            if row.fields is None:
                return b"".join(lines[: row.line - 1]) if count == self.header else None
        return b"".join(lines[: row.line - 1]) if row is not None else None

    def ends(self, data: bytes) -> npt.NDArray[np.int64] | None:
        """Give the places after rows; None where a quote stands at no edge of a field or a line ends in CR alone."""
        return None if self.swift is None else swift.ends(data, self.swift)

    def records(self, data: bytes) -> Iterator[Record | Chunk]:
        """Give the records of these rows, the complete ones together where they are well-behaved."""
        taken = swift.take(data, self.swift, 1) if self.swift else None
        line = 1
        if taken is not None:
            yield taken.chunk
            data, line = data[taken.size :], 1 + taken.lines
        for row in split(
            [data.splitlines(keepends=True)] if data else [], self.dialect, line=line, width=len(self.names)
        ):
            yield self.record(row, bytes)

    def careful(
        self,
        blocks: Iterable[bytes],
        line: int,
        *,
        has_head: bool,
        original: Callable[[bytes], bytes] = bytes,
    ) -> Iterator[Record | Chunk]:
        """Give the records of all that follows, row by row where a block is not well-behaved."""
        feed, heads = Feed(blocks, line), self.header if has_head else 0
        while feed.more():
            taken = None if feed.is_last or self.swift is None else swift.take(feed.data, self.swift, feed.line)
            if taken is not None:
                passed = min(heads, len(taken.chunk.lines))
                heads -= passed
                yield Chunk(taken.chunk.lines[passed:], taken.chunk.texts[passed:])
                feed.leave(taken.size, taken.lines)
                continue
            for row in feed.rows(self.dialect, len(self.names)):
                if heads and row.fields is not None:
                    heads -= 1
                    continue
                yield self.record(row, original)


def _ragged(count: int, width: int, header: int) -> Trouble:
    whose = "the header has" if header else "the first row has"
    return Trouble("read.ragged", f"{count} field{'s' * (count != 1)}, {whose} {width}.")
