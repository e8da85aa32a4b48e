"""Which delimiter and quote a delimited file uses, by reading its beginning in every way and taking the tidiest."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from pipeline.read.damage import Damaged
from pipeline.read.fields import Dialect
from pipeline.read.splitter import Row, split

DELIMITERS: Final = (",", "\t", ";", "||", "|")
"""The usual ones, the likelier first where two fit equally."""
RARE_DELIMITERS: Final = ("::", ":", "^", "~", "\x1f", "\x01", "¦", "§")
"""Tried only where none of the usual ones makes a table."""

_SURE: Final = 0.35
"""Two columns in nearly all rows; less tidy than this is no table."""


class Reading(NamedTuple):
    """A sample read in one dialect, and how much it looks like a table."""

    dialect: Dialect
    rows: tuple[Row, ...]
    score: float
    """0 to 1."""

    @property
    def width(self) -> int:
        """Give the number of fields that most rows have."""
        widths = Counter(len(row.fields) for row in self.rows if row.fields is not None)
        return max(widths, key=lambda width: (widths[width], width), default=1)


class _Hints(NamedTuple):
    """What is given and not guessed; None: guessed."""

    is_whole: bool
    quote: str | None
    escape: str | None


def best_reading(
    lines: list[bytes], *, is_whole: bool, delimiter: str | None, quote: str | None, escape: str | None, prefer: str
) -> Reading:
    """Give the tidiest reading of these lines; what is given is not guessed. `prefer` decides between equals."""
    hints = _Hints(is_whole, quote, escape)
    usual = (delimiter,) if delimiter is not None else sorted(DELIMITERS, key=lambda sign: sign != prefer)
    best = _best(lines, usual, hints)
    if delimiter is not None or best.score >= _SURE:
        return best
    best = max(best, _best(lines, RARE_DELIMITERS, hints), key=lambda reading: reading.score)
    return best if best.score >= _SURE else _untidy(lines, hints)


def _untidy(lines: list[bytes], hints: _Hints) -> Reading:
    """Go by the first row where the rows below it are of all widths; without a delimiter there, each line is one field."""
    readings = [
        _read(lines, dialect, hints.is_whole) for sign in DELIMITERS for dialect in _dialects(lines, sign, hints)
    ]
    tables = [
        reading
        for reading in readings
        if _first_width(reading) > 1 and _prose_factor(reading.rows[:1], reading.dialect) == 1
    ]
    return max(tables, key=_first_width) if tables else _best(lines, ("",), hints)


def _first_width(reading: Reading) -> int:
    return next((len(row.fields) for row in reading.rows if row.fields is not None), 0)


def _best(lines: list[bytes], delimiters: Sequence[str], hints: _Hints) -> Reading:
    """Give the tidiest reading; a delimiter that never occurs leaves one column, and is tried only where that may win."""
    text = b"".join(lines)
    present = [sign for sign in delimiters if sign.encode() in text]
    for signs in (present, delimiters):
        readings = [
            _read(lines, dialect, hints.is_whole) for sign in signs for dialect in _dialects(lines, sign, hints)
        ]
        best = max(readings, key=lambda reading: reading.score, default=None)
        if best and (best.score > _weight(1) or signs is delimiters):
            return best
    raise ValueError("no delimiter to try")


def _dialects(lines: list[bytes], delimiter: str, hints: _Hints) -> Iterator[Dialect]:
    """Give the ways of quoting that leave a trace in the sample, the plainest first."""
    text = b"".join(lines).decode("utf-8", "replace")
    for sign in _quotes(text, delimiter) if hints.quote is None else (hints.quote,):
        trims = bool(sign and delimiter and re.search(f"{re.escape(delimiter)} +{re.escape(sign)}", text))
        escapes = ("", "\\") if sign and "\\" + sign in text else ("",)
        for mark in escapes if hints.escape is None else (hints.escape,):
            yield Dialect(delimiter, sign, mark, trims)


def _quotes(text: str, delimiter: str) -> tuple[str, ...]:
    if _has_single_quotes(text, delimiter):
        return ("'", '"', "") if '"' in text else ("'", "")
    return ('"', "") if '"' in text else ('"',)


def _has_single_quotes(text: str, delimiter: str) -> bool:
    """Say whether fields seem to stand in single quotes: more often than double ones, at both of their ends."""
    edge = f"(?:^|{re.escape(delimiter)}|$)" if delimiter else "(?:^|$)"
    singles = len(re.findall(f"{edge}'[^'\n]*'(?={edge})", text, re.MULTILINE))
    return singles > text.count('"')


def _read(lines: list[bytes], dialect: Dialect, is_whole: bool) -> Reading:  # noqa: FBT001 - one caller
    """Read and score: the share of rows of the usual width, squared, times what that width tells."""
    rows = _rows(lines, dialect, None, is_whole)
    width = Reading(dialect, rows, 0.0).width
    if any(row.trouble is not None and row.trouble.code == "read.stray-quote" for row in rows):
        rows = _rows(lines, dialect, width, is_whole)
    count = sum(row.fields is not None and len(row.fields) == width for row in rows)
    tidy = (count / max(1, len(rows))) ** 2 * _weight(width)
    return Reading(
        dialect, rows, tidy * _prose_factor(rows, dialect) * _quote_factor(rows, dialect) * _gap_factor(rows, width)
    )


def _rows(lines: list[bytes], dialect: Dialect, width: int | None, is_whole: bool) -> tuple[Row, ...]:  # noqa: FBT001
    rows = tuple(split([lines] if is_whole else _cut(lines), dialect, width=width))
    return rows if is_whole else rows[:-1]


def _cut(lines: list[bytes]) -> Iterator[list[bytes]]:
    """Break off after these lines, so that the row in which the sample ends is known as unfinished."""
    yield lines
    raise Damaged("the sample ends")


def _weight(width: int) -> float:
    return 0.2 if width == 1 else 1 - 1 / (width + 1)


def _prose_factor(rows: Sequence[Row], dialect: Dialect) -> float:
    """Doubt a delimiter that is mostly followed by a space: commas in prose are, commas between fields are not."""
    fields = [field for row in rows for field in (row.fields or ())[1:]]
    spaced = sum(field.startswith(" ") for field in fields)
    return 0.5 if fields and not dialect.trims and spaced > 0.7 * len(fields) else 1.0


def _quote_factor(rows: Sequence[Row], dialect: Dialect) -> float:
    """Doubt that nothing quotes, the more where fields still stand in quotes then."""
    if dialect.quote:
        return 1.0
    wrapped = any(len(field) > 1 and field[0] == field[-1] in "\"'" for row in rows for field in row.fields or ())
    return 0.5 if wrapped else 0.7


def _gap_factor(rows: Sequence[Row], width: int) -> float:
    """Doubt a delimiter that leaves a column without any field or name between two others."""
    full = [row.fields for row in rows if row.fields is not None and len(row.fields) == width]
    return 0.6 if any(not any(fields[place] for fields in full) for place in range(1, width - 1)) else 1.0
