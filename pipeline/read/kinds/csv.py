"""Delimited text: CSV, TSV and their relatives, in the state people really have them."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from pydantic import Field, NonNegativeInt, PositiveInt

from pipeline.core.record import Record
from pipeline.read.damage import Damaged
from pipeline.read.dialect import best_reading
from pipeline.read.fields import Dialect
from pipeline.read.format import Chunk, Format, Settled
from pipeline.read.header import column_names, find_head, unique
from pipeline.read.settings import ReadSettings
from pipeline.read.splitter import split
from pipeline.read.stream import Stream
from pipeline.read.tabular import Tabular

SUFFIXES: Final = frozenset({".csv", ".tsv", ".tab", ".psv"})
SAMPLE_BYTES: Final = 1 << 18
"""What a guess is made from; more where the first lines are longer than that."""
_SAMPLE_LINES: Final = 20
_MOST_SAMPLE_BYTES: Final = 1 << 23


class CsvSettings(ReadSettings):
    """How a delimited file is written. What is not given is detected from its beginning."""

    format: Literal["csv"] = "csv"
    encoding: str | None = Field(default=None, min_length=1)
    """Python name of the encoding (`cp1252`). None: detected."""
    delimiter: str | None = None
    """Text between fields; empty: one field a line. None: detected."""
    quote: str | None = Field(default=None, max_length=1)
    """Character around fields that hold a delimiter or a line end; empty: none is special. None: detected."""
    escape: Literal["", "\\"] | None = None
    r"""`\` where quotes inside fields are written `\"`; empty: they are doubled. None: detected."""
    header: PositiveInt | Literal["auto", "none"] = "auto"
    """Number of rows that name the columns, joined by ` / `; `none`: the first row is data."""
    skip: NonNegativeInt | None = None
    """Lines before the header (a title, a remark) that are no part of the table. None: detected."""
    columns: tuple[str, ...] = ()
    """Names of the columns, in place of the header's. Empty: the header's, or `column_1` and so on."""
    short: Literal["auto", "fill", "refuse"] = "auto"
    """Rows with too few fields. `auto`: filled with empty fields where the missing columns are sometimes empty anyway."""


class Layout(NamedTuple):
    """A file's dialect and table, as settings say or its beginning shows."""

    dialect: Dialect
    skip: int
    """Physical lines before the header."""
    header: int
    names: tuple[str, ...]
    least: int
    """Fewest fields of a row that is filled up; below it is ragged."""
    is_empty: bool
    """Whether its beginning has no rows."""

    @property
    def table(self) -> Tabular:
        """Give what reading its rows needs."""
        return Tabular(self.dialect, self.names, self.least, self.header)


def layout(stream: Stream, settings: CsvSettings) -> Layout:
    """Find out how the file is written: a third of a second, once, though its notes, its rows and the manifest ask."""
    lines, is_whole = take_sample(stream)
    return _laid_out(tuple(lines), is_whole, "\t" if stream.suffix in (".tsv", ".tab") else ",", settings)


@lru_cache(maxsize=32)
def _laid_out(lines: tuple[bytes, ...], is_whole: bool, prefer: str, settings: CsvSettings) -> Layout:  # noqa: FBT001 - of a sample
    """Give the same for the same beginning: what stands there is the key, so no change of the file goes unseen."""
    reading = best_reading(
        list(lines[settings.skip or 0 :]),
        is_whole=is_whole,
        delimiter=settings.delimiter,
        quote=settings.quote,
        escape=settings.escape,
        prefer=prefer,
    )
    sound = [row for row in reading.rows if row.fields is not None]
    fields = [row.fields or [] for row in sound]
    head = find_head(fields, reading.width) if settings.skip is None else find_head(fields, 1)
    header = (
        {"auto": head.rows, "none": 0}.get(str(settings.header), 0)
        if isinstance(settings.header, str)
        else settings.header
    )
    skip = sound[head.skip].line - 1 + (settings.skip or 0) if sound else settings.skip or 0
    table = fields[head.skip :]
    names = settings.columns or _names(table, header)
    least = _least(table[header:], names, settings.short)
    return Layout(reading.dialect, skip, header, unique(names), least, is_empty=not reading.rows)


class Sample(NamedTuple):
    """The first lines of a file."""

    lines: list[bytes]
    is_whole: bool
    """Whether the file has no more."""


def take_sample(stream: Stream) -> Sample:
    """Give the first lines: SAMPLE_BYTES of them, and more where they are few."""
    lines: list[bytes] = []
    size = 0
    try:
        for block in stream.line_blocks():
            for line in block:
                if size > SAMPLE_BYTES and (len(lines) >= _SAMPLE_LINES or size > _MOST_SAMPLE_BYTES):
                    return Sample(lines, is_whole=False)
                lines.append(line)
                size += len(line)
    except Damaged:
        return Sample(lines, is_whole=False)
    return Sample(lines, is_whole=True)


def _names(table: Sequence[Sequence[str]], header: int) -> tuple[str, ...]:
    """Give the names of the columns; R leaves out the name of the first, the row's own."""
    width = max((len(row) for row in table[:header]), default=len(table[0]) if table else 1)
    below = [len(row) for row in table[header:]]
    names = column_names(table[:header], width)
    if (
        header
        and width > 1
        and below
        and all(count == width + 1 for count in below)
        and all(row[-1] for row in table[header:])
    ):
        return ("column_0", *names)
    while len(names) > 1 and header and not any(row[len(names) - 1 :] and row[len(names) - 1] for row in table):
        names = names[:-1]  # a delimiter at the end of every line is no column
    return names


def _least(rows: Sequence[Sequence[str]], names: Sequence[str], short: str) -> int:
    """Give the fewest fields that are filled up: columns at the end that are empty in some full row may be left out."""
    if short != "auto":
        return len(names) if short == "refuse" else 1
    full = [row for row in rows if len(row) == len(names)]
    least = len(names)
    while least > 1 and any(not row[least - 1] for row in full):
        least -= 1
    return least


def settle(stream: Stream, settings: CsvSettings) -> Settled:
    """Fill in what was left to detection."""
    found = layout(stream, settings)
    settled = settings.model_copy(
        update={
            "delimiter": found.dialect.delimiter,
            "quote": found.dialect.quote,
            "escape": found.dialect.escape,
            "header": found.header or "none",
            "skip": found.skip,
        }
    )
    return Settled(settled, tuple(_notes(found, settings)))


def _notes(found: Layout, settings: CsvSettings) -> Iterator[str]:
    if found.skip and settings.skip is None:
        yield f"{found.skip} line{'s' * (found.skip > 1)} before the header passed over; set `skip` if that is wrong."
    if found.is_empty:
        yield "no rows in it."
        return
    if not found.header and settings.header == "auto" and not settings.columns:
        yield "the first row looks like data, so columns are `column_1` and so on; set `columns` or `header = 1`."
    if found.header > 1 and settings.header == "auto":
        yield f"{found.header} header rows joined; set `header` if that is wrong."
    if not found.dialect.delimiter and settings.delimiter is None:
        yield "no delimiter found, so each row is one field; set `delimiter` if that is wrong."


def records(stream: Stream, settings: CsvSettings) -> Iterator[Record]:
    """Give every row below the header as an object of its columns."""
    found = layout(stream, settings)
    rows = split(_after(stream, found.skip), found.dialect, line=found.skip + 1, width=len(found.names))
    heads = found.header
    for row in rows:
        if heads and row.fields is not None:
            heads -= 1
            continue
        yield found.table.record(row, stream.original)


def _after(stream: Stream, skip: int) -> Iterator[list[bytes]]:
    for lines in stream.line_blocks():
        yield lines[skip:]
        skip = max(0, skip - len(lines))


def chunks(stream: Stream, settings: CsvSettings) -> Iterator[Record | Chunk]:
    """Give the same records as `records`, those of well-behaved blocks together."""
    found = layout(stream, settings)
    if found.table.swift is None or found.skip:
        yield from records(stream, settings)
        return
    yield from found.table.careful(stream.blocks(), 1, has_head=True, original=stream.original)


def manner(stream: Stream, settings: CsvSettings) -> Tabular | None:
    """Give how parts of the file are read; None where quotes and delimiters are not the plain ones."""
    found = layout(stream, settings)
    return None if found.table.swift is None or found.skip else found.table


FORMAT: Final = Format("csv", CsvSettings, SUFFIXES, settle, records, chunks=chunks, manner=manner)
