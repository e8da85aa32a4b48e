"""The table on disk: batches go in once, thin columns and single payloads come out, memory-mapped."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Rows = Sequence[int] | npt.NDArray[np.integer]


class Spool:
    """An Arrow file of the whole table, read in place: nothing is held in memory but what is asked for."""

    def __init__(self, path: Path) -> None:
        self._map = pa.memory_map(str(path))
        self._file = pa.ipc.open_file(self._map)
        self._batches = [self._file.get_batch(i) for i in range(self._file.num_record_batches)]
        self._starts = np.cumsum([0, *(batch.num_rows for batch in self._batches)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._batches = []
        self._map.close()

    @property
    def schema(self) -> pa.Schema:
        """Give the columns and their types."""
        return self._file.schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give the batches as they were written."""
        yield from self._batches

    def pairs(self, key: str, text: str) -> Iterator[tuple[bytes, str]]:
        """Give two columns row by row, without the rows that lack one."""
        for batch in self._batches:
            columns = batch.column(key).to_pylist(), batch.column(text).to_pylist()
            yield from (
                (one, other) for one, other in zip(*columns, strict=True) if one is not None and other is not None
            )

    def payloads(self, rows: Rows) -> list[str]:
        """Give the payloads of these rows as text, in this order."""
        return [text.decode("utf-8", "surrogatepass") for text in self.texts("payload", rows)]

    def columns(self, names: Sequence[str]) -> pa.Table:
        """Give these columns of every row as one table (mapped, not copied)."""
        schema = self._file.schema
        fields = pa.schema([schema.field(name) for name in names])
        return pa.Table.from_batches([batch.select(list(names)) for batch in self._batches], schema=fields)

    def texts(self, column: str, rows: Rows) -> Iterator[bytes]:
        """Give the UTF-8 bytes of a string or binary column for these rows, in this order; b"" for null."""
        buffers = {}
        where = np.searchsorted(self._starts, np.asarray(rows, dtype=np.int64), side="right") - 1
        for row, number in zip(rows, where, strict=True):
            if number not in buffers:
                buffers[number] = _texts(self._batches[number].column(column))
            offsets, data = buffers[number]
            at = int(row) - int(self._starts[number])
            yield bytes(data[offsets[at] : offsets[at + 1]])


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
    return Spool(path)


def _texts(array: pa.Array) -> tuple[npt.NDArray[np.int32], memoryview]:
    _, offsets, data = array.buffers()
    spots = np.frombuffer(offsets, dtype=np.int32)[array.offset : array.offset + len(array) + 1]
    return spots, memoryview(data if data is not None else b"")
