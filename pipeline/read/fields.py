"""The fields of one line of delimited text, by the grammar that `splitter` explains."""

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Dialect:
    """How fields are delimited and quoted."""

    delimiter: str = ","
    """Any text; empty: one field a line."""
    quote: str = '"'
    """One character; empty: there are no quotes."""
    escape: str = ""
    """`\\\\` where it stands before a quote, a delimiter or itself; empty: only doubled quotes."""
    trims: bool = False
    """Whether spaces between a delimiter and a quote are passed over."""

    @cached_property
    def marks(self) -> tuple[bytes, ...]:
        """Give what a line without any quoting does not contain."""
        return tuple(sign.encode() for sign in (self.quote, self.escape) if sign)


class Open(Exception):  # noqa: N818 - a signal from inside one row
    """The line ends inside a quoted field that begins at `start`."""

    def __init__(self, start: int) -> None:
        super().__init__(start)
        self.start = start


class Stray(Exception):  # noqa: N818 - a signal from inside one row
    """Something other than a delimiter follows a closing quote."""


def scan(text: str, start: int, dialect: Dialect, fields: list[str]) -> None:
    """Append the fields of one line from `start`; raise Open or Stray where it is not the end of a row."""
    delimiter, quote = dialect.delimiter, dialect.quote
    while True:
        if dialect.trims:
            start = _past_spaces(text, start, quote)
        if quote and text.startswith(quote, start):
            end = closing(text, start + 1, dialect)
            if end < 0:
                raise Open(start + 1)
            fields.append(unescaped(text[start + 1 : end], dialect))
            end += 1
        else:
            end = _delimiter(text, start, dialect)
            fields.append(unescaped(text[start:end], dialect, quoted=False))
        if end == len(text):
            return
        if not delimiter or not text.startswith(delimiter, end):
            raise Stray
        start = end + len(delimiter)


def scan_rest(text: str, end: int, dialect: Dialect, fields: list[str]) -> None:
    """Go on after a quoted field that closed before `end`."""
    if end == len(text):
        return
    if not dialect.delimiter or not text.startswith(dialect.delimiter, end):
        raise Stray
    scan(text, end + len(dialect.delimiter), dialect, fields)


def _past_spaces(text: str, start: int, quote: str) -> int:
    end = start
    while text.startswith(" ", end):
        end += 1
    return end if quote and text.startswith(quote, end) else start


def _delimiter(text: str, start: int, dialect: Dialect) -> int:
    if not dialect.delimiter:
        return len(text)
    end = text.find(dialect.delimiter, start)
    while dialect.escape and end > start and _is_escaped(text, end, start, dialect.escape):
        end = text.find(dialect.delimiter, end + 1)
    return end if end >= 0 else len(text)


def closing(text: str, start: int, dialect: Dialect) -> int:
    """Give the place of the quote that closes the field whose text begins at `start`; -1: not in this text."""
    quote, begin = dialect.quote, start
    while (end := text.find(quote, start)) >= 0:
        if dialect.escape and _is_escaped(text, end, begin, dialect.escape):
            start = end + 1
        elif text.startswith(quote, end + 1):
            start = end + 2
        else:
            return end
    return -1


def _is_escaped(text: str, place: int, begin: int, escape: str) -> bool:
    count = 0
    while place - count > begin and text[place - count - 1] == escape:
        count += 1
    return count % 2 == 1


def unescaped(text: str, dialect: Dialect, *, quoted: bool = True) -> str:
    """Give a field's text without doubled quotes, or without the escape before what it protects."""
    if dialect.escape and dialect.escape in text:
        signs = "|".join(re.escape(sign) for sign in (dialect.escape, dialect.quote, dialect.delimiter) if sign)
        doubled = f"|{re.escape(dialect.quote)}(?={re.escape(dialect.quote)})" if quoted and dialect.quote else ""
        text = re.sub(f"{re.escape(dialect.escape)}({signs}){doubled}", lambda found: found[1] or "", text)
    elif quoted and dialect.quote:
        text = text.replace(dialect.quote * 2, dialect.quote)
    return text


def literal(text: str, dialect: Dialect) -> list[str] | None:
    """Read a line so that a quote closes only before a delimiter or the end: quotes inside are ordinary characters."""
    delimiter, quote = dialect.delimiter, dialect.quote
    fields, start = [], 0
    while True:
        if text.startswith(quote, start):
            found = re.compile(f"{re.escape(quote)}(?={re.escape(delimiter)}|$)" if delimiter else f"{quote}$").search(
                text, start + 1
            )
            if found is None:
                return None
            fields.append(unescaped(text[start + 1 : found.start()], dialect))
            end = found.end()
        else:
            end = _delimiter(text, start, dialect)
            fields.append(text[start:end])
        if end >= len(text):
            return fields
        start = end + len(delimiter)


def dropped(text: str, dialect: Dialect) -> list[str] | None:
    """Read a line so that what follows a closing quote still belongs to the field."""
    fields, start = [], 0
    while True:
        head = ""
        if text.startswith(dialect.quote, start):
            end = closing(text, start + 1, dialect)
            if end < 0:
                return None
            head, start = unescaped(text[start + 1 : end], dialect), end + 1
        end = _delimiter(text, start, dialect)
        fields.append(head + text[start:end])
        if end >= len(text):
            return fields
        start = end + len(dialect.delimiter)
