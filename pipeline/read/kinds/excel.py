"""Excel and OpenDocument sheets: XLSX, XLSM, XLSB, XLS, ODS."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

from pydantic import Field, NonNegativeInt, PositiveInt

from pipeline.core.errors import SourceError
from pipeline.core.record import Record
from pipeline.core.trouble import Trouble
from pipeline.read.format import Format, Settled
from pipeline.read.header import column_names, find_head, unique
from pipeline.read.opening import open_file
from pipeline.read.settings import ReadSettings
from pipeline.read.stream import Stream

SUFFIXES: Final = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})
MAGIC: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_SAMPLE_ROWS: Final = 1_000


class ExcelSettings(ReadSettings):
    """Which sheet is read, and where its table begins. The line of a record is the number of its row in the sheet."""

    format: Literal["excel"] = "excel"
    sheet: str | None = Field(default=None, min_length=1)
    """Name of the sheet. None: the first that is not empty."""
    header: PositiveInt | Literal["auto", "none"] = "auto"
    """Number of rows that name the columns, joined by ` / `; `none`: the first row is data."""
    skip: NonNegativeInt | None = None
    """Rows before the header that are no part of the table. None: detected."""
    columns: tuple[str, ...] = ()
    """Names of the columns, in place of the header's. Empty: the header's, or `column_1` and so on."""


class Sheet(NamedTuple):
    """One sheet's rows as text, and where its table begins."""

    name: str
    rows: Sequence[tuple[int, list[str]]]
    """Number of the row in the sheet and its cells; rows without any content are left out."""
    others: tuple[str, ...]
    """Names of the sheets that are not read."""


def open_sheet(stream: Stream, settings: ExcelSettings) -> Sheet:
    """Open the sheet; calamine holds one sheet in memory, and Excel's own limit is a million rows."""
    from python_calamine import CalamineWorkbook

    with open_file(stream.path) as file:
        book = CalamineWorkbook.from_filelike(file)
    names = tuple(book.sheet_names)
    if settings.sheet is not None and settings.sheet not in names:
        raise SourceError(
            f"{stream.address}: no sheet `{settings.sheet}`. It has {', '.join(names)}; set `read.sheet`."
        )
    for name in names if settings.sheet is None else (settings.sheet,):
        sheet = book.get_sheet_by_name(name)
        rows = [
            (number, [_text(cell) for cell in row])
            for number, row in enumerate(sheet.to_python(skip_empty_area=False), start=1)
        ]
        filled = [(number, cells) for number, cells in rows if any(cells)]
        if filled or settings.sheet is not None:
            return Sheet(name, filled, tuple(other for other in names if other != name))
    return Sheet(names[0] if names else "", (), names[1:])


def _text(cell: Any) -> str:
    """Write a cell as Excel shows it at its plainest: whole numbers without a point, dates in ISO form."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:  # noqa: PLR2004 - a float's whole digits
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)


class _Table(NamedTuple):
    first: int
    """Place of the first row of the table among the sheet's rows."""
    header: int
    names: tuple[str, ...]


def _table(sheet: Sheet, settings: ExcelSettings) -> _Table:
    rows = [cells for number, cells in sheet.rows if number > (settings.skip or 0)]
    passed = len(sheet.rows) - len(rows)
    width = max(map(len, rows), default=0)
    head = find_head(rows[:_SAMPLE_ROWS], width if settings.skip is None else 1)
    header = settings.header if isinstance(settings.header, int) else 0 if settings.header == "none" else head.rows
    table = rows[head.skip :]
    while width > 1 and not any(cells[width - 1 :] and cells[width - 1] for cells in table):
        width -= 1
    names = settings.columns or column_names([cells[:width] for cells in table[:header]], width)
    return _Table(passed + head.skip, header, unique(names))


def settle(stream: Stream, settings: ExcelSettings) -> Settled:
    """Name the sheet and fill in where its table begins."""
    try:
        sheet = open_sheet(stream, settings)
    except SourceError:
        raise
    except _damages():
        return Settled(settings)
    table = _table(sheet, settings)
    skip = sheet.rows[table.first][0] - 1 if table.first < len(sheet.rows) else 0
    update = {"sheet": sheet.name or None, "header": table.header or "none", "skip": skip}
    return Settled(settings.model_copy(update=update), tuple(_notes(sheet, table, settings)))


def _notes(sheet: Sheet, table: _Table, settings: ExcelSettings) -> Iterator[str]:
    if sheet.others and settings.sheet is None:
        yield f"sheet `{sheet.name}` is read; not {', '.join(f'`{name}`' for name in sheet.others)}. Set `sheet` for another."
    if table.first and settings.skip is None:
        yield f"{table.first} rows before the header passed over; set `skip` if that is wrong."
    if not table.header and settings.header == "auto" and sheet.rows and not settings.columns:
        yield "the first row looks like data, so columns are `column_1` and so on; set `columns` or `header = 1`."


def records(stream: Stream, settings: ExcelSettings) -> Iterator[Record]:
    """Give every row of the table that has content."""
    try:
        sheet = open_sheet(stream, settings)
    except SourceError:
        raise
    except _damages() as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        yield Record(1, None, raw=b"", trouble=Trouble("read.damaged", f"The workbook cannot be opened: {reason}."))
        return
    table = _table(sheet, settings)
    for number, cells in sheet.rows[table.first + table.header :]:
        yield _row(number, cells, table.names)


def _row(number: int, cells: list[str], names: tuple[str, ...]) -> Record:
    """Give one row; cells beyond the named columns are there only when `columns` names too few."""
    if any(cells[len(names) :]):
        raw = "\t".join(cells).encode()
        return Record(
            number,
            None,
            raw=raw,
            trouble=Trouble("read.ragged", f"{len(cells)} cells, {len(names)} columns are named."),
        )
    padded = cells + [""] * (len(names) - len(cells))
    return Record(number, dict(zip(names, padded, strict=False)))


def _damages() -> tuple[type[Exception], ...]:
    from python_calamine import CalamineError, PasswordError, XmlError, ZipError

    return (CalamineError, PasswordError, XmlError, ZipError, OSError)


FORMAT: Final = Format("excel", ExcelSettings, SUFFIXES, settle, records, is_text=False)
