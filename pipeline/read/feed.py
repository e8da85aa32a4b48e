"""The bytes of a file from where reading stands: a block may be read as a whole, or row by row with care."""

from collections.abc import Iterable, Iterator
from typing import Final

from pipeline.read.damage import Damaged
from pipeline.read.fields import Dialect
from pipeline.read.lines import whole_lines
from pipeline.read.splitter import Row, split

MOST_BYTES: Final = 1 << 23
"""A row that is not complete after 8 MB is read with care, which does not begin again with every block."""


class Feed:
    """Whole lines that were not used yet; what was looked at and not used comes again."""

    def __init__(self, blocks: Iterable[bytes], line: int = 1) -> None:
        self.data = b""
        self.line = line
        """Physical line on which `data` begins."""
        self.is_last = False
        """Whether `data` can only be read with care: nothing follows, or far too much of it is one row."""
        self._source: Iterator[bytes] = whole_lines(blocks)
        self._is_ended = False

    def more(self) -> bool:
        """Add the next lines to `data`; False at the end of the file."""
        try:
            fresh = next(self._source, None)
        except Damaged as damage:
            fresh, self._source = b"", _breaking(damage)
            self._is_ended = True
        if fresh is None:
            self._is_ended = True
        self.data += fresh or b""
        self.is_last = self._is_ended or len(self.data) > MOST_BYTES
        return fresh is not None or bool(self.data)

    def leave(self, size: int, lines: int) -> None:
        """Leave these bytes behind, which are so many lines."""
        self.data, self.line = self.data[size:], self.line + lines

    def rows(self, dialect: Dialect, width: int) -> Iterator[Row]:
        """Give the rows that begin in `data`, or all there are where nothing follows; the last may go on beyond it."""
        lines = self.data.splitlines(keepends=True)
        begin, end = self.line, self.line + len(lines)
        for row in split(self._blocks(lines), dialect, line=begin, width=width):
            if row.line >= end and not self._is_ended:
                self.data, self.line = b"".join(lines[row.line - begin :]), row.line
                return
            yield row
        self.data, self.line, self._source = b"", begin + len(lines), iter(())

    def _blocks(self, lines: list[bytes]) -> Iterator[list[bytes]]:
        """Give the lines, then those that follow, which are added to `lines`."""
        yield list(lines)
        try:
            for following in self._source:
                fresh = following.splitlines(keepends=True)
                lines += fresh
                yield fresh
        except Damaged as damage:
            self._source = _breaking(damage)
            raise


def _breaking(damage: Damaged) -> Iterator[bytes]:
    """Break off again in the same place."""
    raise damage
    yield b""
