"""The table on disk: what was worked out stays there; thin columns and single payloads come out, memory-mapped."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.core.store import Entry, release

Rows = Sequence[int] | npt.NDArray[np.integer]
Places = npt.NDArray[np.int64]

BYTES_AT_ONCE: Final = 1 << 26
"""Of texts that are read before any is given. Each parcel maps most pages anew: a quarter of it costs 0.4 seconds more a
million rows."""
UNPACKED: Final = 4
"""Parts whose packed texts are held at a time; rows are asked for nearly in their order."""


class _Open(NamedTuple):
    """A column of texts that are mapped: four bytes a row, and the texts stay on disk."""

    offsets: npt.NDArray[np.int32]
    """Of all parts, one after the other; each part has one more than rows."""
    firsts: Places
    """Where the offsets of each part begin."""
    texts: tuple[memoryview, ...]
    """Of each part."""


class Part(Protocol):
    """Some rows of the table; a record batch is one."""

    @property
    def num_rows(self) -> int:
        """How many."""
        ...

    def column(self, name: str) -> pa.Array:
        """Give a column."""
        ...


@runtime_checkable
class Mapped(Protocol):
    """A part whose pages can be let go, and come back when they are read again."""

    def release(self, column: str) -> None:
        """Let those of the file go in which a column stands."""
        ...


@runtime_checkable
class Placed(Protocol):
    """A part whose columns stand in files that another process can open."""

    def place(self, column: str) -> Path:
        """Give the path of the entry of `core.store` in which a column stands."""
        ...


class Spool:
    """The whole table, read in place: nothing is held in memory but what is asked for."""

    def __init__(self, parts: Sequence[Part], schema: pa.Schema, *, packed: frozenset[str] = frozenset()) -> None:
        """Take parts of one schema; columns that are packed are unpacked at each use."""
        self.schema = schema
        self._parts = parts
        self._packed = packed
        # asked once: whether a part fits a protocol takes 20 us, and pages are let go tens of thousands of times
        self._releasable = [part if isinstance(part, Mapped) else None for part in parts]
        self._starts = np.cumsum([0, *(part.num_rows for part in parts)])
        self._open: dict[str, _Open] = {}

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts = ()
        self._releasable.clear()
        self._open.clear()

    def release(self) -> None:
        """Let all pages go that are mapped."""
        for number in range(len(self._parts)):
            for name in self.schema.names:
                self.let_go(name, number)

    def let_go(self, column: str, number: int) -> None:
        """Let the pages go of the file in which a part has this column."""
        if (part := self._releasable[number]) is not None:
            part.release(column)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give all columns, a part at a time."""
        for part in self._parts:
            yield pa.RecordBatch.from_arrays([part.column(name) for name in self.schema.names], schema=self.schema)

    def pairs(self, key: str, text: str) -> Iterator[tuple[bytes, str]]:
        """Give two columns row by row, without the rows that lack one."""
        for part in self._parts:
            columns = part.column(key).to_pylist(), part.column(text).to_pylist()
            yield from (
                (one, other) for one, other in zip(*columns, strict=True) if one is not None and other is not None
            )

    def payloads(self, rows: Rows) -> list[str]:
        """Give the payloads of these rows as text, in this order."""
        return [text.decode("utf-8", "surrogatepass") for text in self.texts("payload", rows)]

    def shelf(self) -> "Shelf | None":
        """Give the payloads as they can be sent to another process; None where they stand in no files of their own."""
        paths = tuple(str(part.place("payload")) for part in self._parts if isinstance(part, Placed))
        return Shelf(paths, self) if len(paths) == len(self._parts) else None

    def columns(self, names: Sequence[str]) -> pa.Table:
        """Give these columns of every row as one table (mapped, not copied)."""
        fields = [self.schema.field(name) for name in names]
        columns = [pa.chunked_array([part.column(f.name) for part in self._parts], f.type) for f in fields]
        return pa.Table.from_arrays(columns, schema=pa.schema(fields))

    def texts(self, column: str, rows: Rows) -> Iterator[bytes]:
        """Give the UTF-8 bytes of a string or binary column for these rows, in this order; b"" for null."""
        wanted = np.asarray(rows, dtype=np.int64)
        where = np.searchsorted(self._starts, wanted, side="right") - 1
        within = wanted - self._starts[where]
        return (self._unpacked if column in self._packed else self._mapped)(column, where, within)

    def _mapped(self, column: str, where: Places, within: Places) -> Iterator[bytes]:
        """Give texts that lie open; where each begins and ends is looked up for all rows at once.

        Some megabytes are read at a time in the order in which they lie, and the pages of each part let go: rows in the
        order of train.jsonl would soon have all texts in memory.
        """
        if column not in self._open:
            self._open[column] = _opened([part.column(column) for part in self._parts])
            for number in range(len(self._parts)):
                self.let_go(column, number)
        offsets, firsts, texts = self._open[column]
        places = firsts[where] + within
        starts, stops = offsets[places], offsets[places + 1]
        for some in _parcels(stops - starts):
            order = np.argsort(places[some], kind="stable")
            numbers = where[some][order]
            found, last = [b""] * len(order), int(numbers[0])
            ends = (order, numbers, starts[some][order], stops[some][order])
            for at, number, start, stop in zip(*(end.tolist() for end in ends), strict=True):
                if number != last:
                    self.let_go(column, last)
                    last = number
                found[at] = bytes(texts[number][start:stop])
            self.let_go(column, last)
            yield from found

    def _unpacked(self, column: str, where: Places, within: Places) -> Iterator[bytes]:
        """Give texts that are packed part by part, of which only a few are held unpacked."""
        buffers: dict[int, tuple[npt.NDArray[np.int32], memoryview]] = {}
        for number, at in zip(where.tolist(), within.tolist(), strict=True):
            if number not in buffers:
                if len(buffers) >= UNPACKED:
                    del buffers[next(iter(buffers))]
                buffers[number] = _texts(self._parts[number].column(column))
                self.let_go(column, number)
            offsets, data = buffers[number]
            yield bytes(data[offsets[at] : offsets[at + 1]])


class Shelf:
    """The payloads of a spool by row number, sent as paths: who asks elsewhere for the first time opens the files."""

    def __init__(self, paths: tuple[str, ...], spool: Spool | None = None) -> None:
        """Take the paths of the entries that hold the payloads, in order, and the spool where it is at hand."""
        self._paths, self._spool = paths, spool

    def __call__(self, rows: Rows) -> list[str]:
        """Give the payloads of these rows; OSError where another run removed an entry from the cache meanwhile."""
        return self._opened.payloads(rows)

    def lines(self, rows: Rows) -> Iterator[bytes]:
        """Give them as bytes, some at a time; raises as above."""
        return self._opened.texts("payload", rows)

    @property
    def _opened(self) -> Spool:
        return self._spool or _reopened(self._paths)

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[str, ...]]]:
        """Send the paths alone."""
        return type(self), (self._paths,)


class _Entry(NamedTuple):
    """An entry of the store as a part."""

    entry: Entry

    @property
    def num_rows(self) -> int:
        rows: int = self._batch.num_rows
        return rows

    def column(self, name: str) -> pa.Array:
        return self._batch.column(name)

    def release(self, column: str) -> None:
        del column  # there is one file
        if self.entry.data is not None:
            release(self.entry.data)

    @property
    def _batch(self) -> pa.RecordBatch:
        assert self.entry.batch is not None
        return self.entry.batch


@lru_cache(1)
def _reopened(paths: tuple[str, ...]) -> Spool:
    parts = [_Entry(Entry(Path(path), b"").opened()) for path in paths]
    return Spool(parts, pa.schema([("payload", pa.string())]))


@contextmanager
def writing(path: Path, schema: pa.Schema) -> Iterator[pa.ipc.RecordBatchFileWriter]:
    """Open a spool for writing batches of this schema; it is complete when the block ends."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        yield writer


def spooled(path: Path, tables: Iterable[pa.Table], schema: pa.Schema) -> Spool:
    """Write every table into a spool and give it back opened."""
    with writing(path, schema) as writer:
        for table in tables:
            for batch in table.cast(schema).combine_chunks().to_batches():
                writer.write_batch(batch)
    return opened(path)


def opened(path: Path) -> Spool:
    """Open a spool that was written."""
    with pa.memory_map(str(path)) as file:
        whole = pa.ipc.open_file(pa.BufferReader(file.read_buffer()))
    return Spool([whole.get_batch(number) for number in range(whole.num_record_batches)], whole.schema)


def _parcels(sizes: npt.NDArray[np.int32]) -> Iterator[slice]:
    """Give places in turn whose texts have about BYTES_AT_ONCE."""
    parcel = np.cumsum(sizes, dtype=np.int64) // BYTES_AT_ONCE
    ends = [*(np.flatnonzero(np.diff(parcel)) + 1).tolist(), len(sizes)]
    yield from (slice(start, end) for start, end in zip([0, *ends], ends, strict=False) if start < end)


def _opened(columns: Sequence[pa.Array]) -> _Open:
    found = [_texts(column) for column in columns]
    offsets = [spots for spots, _ in found]
    firsts = np.cumsum([0, *map(len, offsets)])[:-1]
    return _Open(np.concatenate([np.zeros(0, np.int32), *offsets]), firsts, tuple(data for _, data in found))


def _texts(array: pa.Array) -> tuple[npt.NDArray[np.int32], memoryview]:
    _, offsets, data = array.buffers()
    spots = np.frombuffer(offsets, dtype=np.int32)[array.offset : array.offset + len(array) + 1]
    return spots, memoryview(data if data is not None else b"")
