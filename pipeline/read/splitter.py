"""Rows of delimited text, field by field, each with the physical line on which it begins.

The grammar, for a quote that is doubled inside a quoted field:

* a field is quoted when its first character is the quote, and ends at the next quote that is not doubled;
* after that must come the delimiter or the end of the line: anything else is a stray quote;
* a quote elsewhere in a field is an ordinary character;
* a quoted field may hold line ends of any kind, and keeps them as they are.

A stray quote on the row's own line is read with the quotes inside as ordinary characters, or else as they would be
without the closing one, where that gives as many fields as the header has; it is trouble otherwise. A stray quote on a later
line, or no closing quote at all, means that the first line's quote never closes: that line alone is trouble, and reading
goes on with the next, so that one forgotten quote cannot swallow a file.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from pipeline.core.trouble import Trouble
from pipeline.read.damage import Damaged
from pipeline.read.fields import Dialect, Open, Stray, closing, dropped, literal, scan, scan_rest, unescaped
from pipeline.read.lines import without_end

MAX_ROW_BYTES: Final = 1 << 26
"""A quote that has not closed after 64 MB never will; the bound on memory."""

UNCLOSED: Final = "A quote opens on this line and does not close; a closing quote was expected."
STRAY: Final = "Text follows a closing quote; a delimiter or the end of the line was expected."
NOT_TEXT: Final = "Bytes that are not text in the file's encoding."


class Row(NamedTuple):
    """One row: its fields, or why it has none."""

    line: int
    raw: bytes
    """The row's lines with their ends."""
    fields: list[str] | None
    trouble: Trouble | None = None


class _Lines:
    """Physical lines with a look ahead, counted from `number`."""

    def __init__(self, blocks: Iterable[list[bytes]], number: int) -> None:
        self.number = number
        self._blocks = iter(blocks)
        self._queue: list[bytes] = []
        self._at = 0

    def peek(self, ahead: int = 0) -> bytes | None:
        """Give the line that is `ahead` lines further on; None after the last."""
        while self._at + ahead >= len(self._queue):
            block = next(self._blocks, None)
            if block is None:
                return None
            del self._queue[: self._at]
            self._at = 0
            self._queue += block
        return self._queue[self._at + ahead]

    def advance(self, count: int) -> None:
        """Leave `count` lines behind."""
        self._at += count
        self.number += count

    def rest(self) -> bytes:
        """Give everything that was peeked at and not left behind."""
        return b"".join(self._queue[self._at :])


def split(blocks: Iterable[list[bytes]], dialect: Dialect, *, line: int = 1, width: int | None = None) -> Iterator[Row]:
    """Give the rows of these lines, blank lines left out; `width` is the header's, by which stray quotes are judged.

    Where the stream breaks off, the last row is the unfinished one, with the trouble `read.damaged`.
    """
    lines = _Lines(blocks, line)
    marks = dialect.marks
    try:
        while (raw := lines.peek()) is not None:
            if any(mark in raw for mark in marks):
                row, count = _quoted(lines, raw, dialect, width)
                yield row
                lines.advance(count)
                continue
            if raw.strip(b" \r\n"):
                yield _plain(lines.number, raw, dialect)
            lines.advance(1)
    except Damaged as damage:
        yield Row(lines.number, lines.rest() + damage.rest, None, Trouble("read.damaged", damage.message))


def _plain(line: int, raw: bytes, dialect: Dialect) -> Row:
    try:
        text = without_end(raw.decode())
    except UnicodeDecodeError:
        return _not_text(line, raw)
    return Row(line, raw, text.split(dialect.delimiter) if dialect.delimiter else [text])


def _not_text(line: int, raw: bytes) -> Row:
    return Row(line, raw, None, Trouble("read.encoding", NOT_TEXT))


def _quoted(lines: _Lines, raw: bytes, dialect: Dialect, width: int | None) -> tuple[Row, int]:
    """Give the row that begins here and the number of lines it takes."""
    line = lines.number
    fields: list[str] = []
    try:
        scan(without_end(_text(raw)), 0, dialect, fields)
    except Open as field:
        return _long(lines, raw, dialect, fields, field.start)
    except Stray:
        return _mended(line, raw, dialect, width), 1
    return _sound(line, raw, fields), 1


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _sound(line: int, raw: bytes, fields: list[str]) -> Row:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return _not_text(line, raw)
    return Row(line, raw, fields)


def _long(lines: _Lines, raw: bytes, dialect: Dialect, fields: list[str], start: int) -> tuple[Row, int]:
    """Read on through the lines of a quoted field until the row ends."""
    pieces = [_text(raw)[start:]]
    count, size = 1, len(raw)
    while size <= MAX_ROW_BYTES and (following := lines.peek(count)) is not None:
        count += 1
        size += len(following)
        text = _text(following)
        end = closing(text, 0, dialect)
        if end < 0:
            pieces.append(text)
            continue
        fields.append(unescaped("".join((*pieces, text[:end])), dialect))
        try:
            scan_rest(without_end(text), end + 1, dialect, fields)
        except Open as field:
            pieces = [text[field.start :]]
        except Stray:
            break
        else:
            whole = b"".join(_taken(lines, count))
            return _sound(lines.number, whole, fields), count
    return Row(lines.number, raw, None, Trouble("read.unclosed-quote", UNCLOSED)), 1


def _taken(lines: _Lines, count: int) -> Iterator[bytes]:
    for ahead in range(count):
        yield lines.peek(ahead) or b""


def _mended(line: int, raw: bytes, dialect: Dialect, width: int | None) -> Row:
    text = without_end(_text(raw))
    for fields in (literal(text, dialect), dropped(text, dialect)):
        if fields is not None and len(fields) == width:
            return _sound(line, raw, fields)
    return Row(line, raw, None, Trouble("read.stray-quote", STRAY))
