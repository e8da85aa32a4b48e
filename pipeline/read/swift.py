"""Well-behaved delimited text, a block at a time at the speed of Arrow; anything else is left to the careful splitter.

A block is well-behaved when every quote opens after a delimiter or line end, closes before one, or is doubled; when each
row has as many fields as the header; and when nothing in it needs an escape that is not one of JSON's five common ones. On
such a block the careful splitter gives the same records, which a law in the tests holds both to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from pipeline.read.fields import Dialect
from pipeline.read.format import Chunk

_QUOTE, _LINE_FEED, _RETURN, _TAB, _SPACE = b'"\n\r\t '


@dataclass(frozen=True)
class Table:
    """What is known of the file: one byte between fields, double quotes doubled, and the columns."""

    delimiter: int
    names: tuple[str, ...]


def table(dialect: Dialect, names: Sequence[str]) -> Table | None:
    """Give the table if the dialect is one that can be read fast; None: it is not."""
    is_plain = dialect.quote == '"' and not dialect.escape and len(dialect.delimiter.encode()) == 1
    return Table(dialect.delimiter.encode()[0], tuple(names)) if is_plain and len(names) > 1 else None


class Taken(NamedTuple):
    """What was read of a block: its complete rows."""

    chunk: Chunk
    size: int
    """Bytes that the rows take; the row after them is not complete."""
    lines: int
    """Physical lines in these bytes."""


def take(data: bytes, table: Table, line: int) -> Taken | None:
    """Read the complete rows of these bytes, which begin on this line; None: the block is not well-behaved."""
    signs = np.frombuffer(data, np.uint8)
    if np.any((signs < _SPACE) & (signs != _LINE_FEED) & (signs != _RETURN) & (signs != _TAB)):
        return None
    quotes, line_feeds = np.flatnonzero(signs == _QUOTE), np.flatnonzero(signs == _LINE_FEED)
    ends = line_feeds[np.searchsorted(quotes, line_feeds) % 2 == 0]
    if not len(ends):
        return Taken(_chunk(np.empty(0, np.int64), pa.array([], pa.string())), 0, 0)
    size = int(ends[-1]) + 1
    starts = np.concatenate(([0], ends[:-1] + 1))
    starts = starts[~_blank(signs, starts, ends)]
    if _has_bare_returns(signs[:size], line_feeds) or not (
        _is_quoted_well(signs, quotes[quotes < size], table.delimiter)
        and _is_even(signs[:size], quotes, ends, starts, table)
    ):
        return None
    texts = _texts(data[:size], table)
    if texts is None or len(texts) != len(starts):
        return None
    lines = line + np.searchsorted(line_feeds, starts)
    return Taken(_chunk(lines, texts), size, int(np.searchsorted(line_feeds, size)))


def ends(data: bytes, table: Table) -> npt.NDArray[np.int64] | None:
    """Give the places after whole rows, whatever is in them; None: it cannot be told for certain.

    It can when every quote opens after a delimiter or line end and closes before one or is doubled: then the line ends
    outside quotes are those between rows.
    """
    signs = np.frombuffer(data, np.uint8)
    quotes, line_feeds = np.flatnonzero(signs == _QUOTE), np.flatnonzero(signs == _LINE_FEED)
    found = line_feeds[np.searchsorted(quotes, line_feeds) % 2 == 0] + 1
    size = int(found[-1]) if len(found) else 0
    if _has_bare_returns(signs[:size], line_feeds):
        return None
    return found if _is_quoted_well(signs, quotes[quotes < size], table.delimiter) else None


def _has_bare_returns(signs: Any, line_feeds: Any) -> bool:
    """Say whether a carriage return stands without a line feed behind it in these whole rows.

    What comes after them may end between the two. bytes.count would take five times as long.
    """
    within = line_feeds[line_feeds < len(signs)]
    before = signs[np.maximum(within - 1, 0)] == _RETURN
    return int(np.count_nonzero(signs == _RETURN)) != int(np.count_nonzero(before))


def _chunk(lines: Any, texts: pa.Array) -> Chunk:
    return Chunk(pa.array(lines, pa.int64()), texts)


def _blank(signs: Any, starts: Any, ends: Any) -> Any:
    return (ends == starts) | ((ends == starts + 1) & (signs[starts] == _RETURN))


def _is_quoted_well(signs: Any, quotes: Any, delimiter: int) -> bool:
    """Say whether every quote stands at the edge of a field or is doubled; `signs` goes on after the last quote."""
    opening, closing = quotes[0::2], quotes[1::2]
    doubled = opening[1:] == closing[:-1] + 1
    before, after = signs[opening - 1], signs[closing + 1]
    is_begin = (opening == 0) | (before == delimiter) | (before == _LINE_FEED)
    is_end = (after == delimiter) | (after == _LINE_FEED) | (after == _RETURN)
    is_begin[1:] |= doubled
    is_end[:-1] |= doubled
    return bool(is_begin.all() and is_end.all())


def _is_even(signs: Any, quotes: Any, ends: Any, starts: Any, table: Table) -> bool:
    """Say whether every row that is not blank has as many fields as the header."""
    delimiters = np.flatnonzero(signs == table.delimiter)
    outside = delimiters[np.searchsorted(quotes, delimiters) % 2 == 0]
    counts = np.bincount(np.searchsorted(ends, outside), minlength=len(ends))
    return bool((counts[np.searchsorted(ends, starts)] == len(table.names) - 1).all())


def _texts(data: bytes, table: Table) -> pa.Array | None:
    names = [str(place) for place in range(len(table.names))]
    try:
        columns = csv.read_csv(
            pa.BufferReader(data),
            csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
            csv.ParseOptions(delimiter=chr(table.delimiter), newlines_in_values=True),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:  # bytes that are not UTF-8
        return None
    parts: list[Any] = []
    for name, column in zip(table.names, columns.columns, strict=True):
        head = ("," if parts else "{") + msgspec.json.encode(name).decode() + ':"'
        parts += [(parts.pop() if parts else "") + head, _escaped(column.combine_chunks(), data), '"']
    parts[-1] += "}"
    return pc.binary_join_element_wise(*(pa.scalar(part) if isinstance(part, str) else part for part in parts), "")


_ESCAPES: Final = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
"""The backslash first: the others bring in new ones."""


def _escaped(column: pa.Array, data: bytes) -> pa.Array:
    """Write the texts as inside a JSON string; what does not stand in the block need not be looked for."""
    for sign, escape in _ESCAPES:
        if sign.encode() in data:
            column = pc.replace_substring(column, sign, escape)
    return column
