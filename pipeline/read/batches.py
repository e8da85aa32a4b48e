"""Rows of all files put into record batches of an even size."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core import columns
from pipeline.core.record import Record
from pipeline.read.encode import to_json
from pipeline.read.format import Chunk


class Batches:
    """Rows that wait for their batch to be full: single ones as Python values, chunks as Arrow."""

    def __init__(self, rows: int, size: int) -> None:
        self._most_rows = rows
        self._most_bytes = size
        self._rows = 0
        self._bytes = 0
        self._single: tuple[list[str | bytes | None], ...] = ([], [], [], [], [])
        self._ready: list[pa.RecordBatch] = []

    def add(self, record: Record, *, source: str, address: str) -> None:
        """Add one row."""
        text = None if record.trouble is not None else record.text if record.text is not None else to_json(record.value)
        part = "" if record.part is None else f"#{record.part}"
        unread = None if record.trouble is None else str(record.trouble)
        values = (f"{address}:{record.line}{part}", source, text, record.raw, unread)
        for column, value in zip(self._single, values, strict=True):
            column.append(value)
        self._rows += 1
        self._bytes += len(text or "") + len(record.raw or b"")

    def extend(self, chunk: Chunk, *, source: str, address: str) -> None:
        """Add the rows of a chunk."""
        count = len(chunk.lines)
        names = pc.binary_join_element_wise(f"{address}:", chunk.lines.cast(pa.string()), "")
        unused = pa.nulls(count, pa.binary()), pa.nulls(count, pa.string())
        self._settle()
        self._ready.append(_batch([names, pa.repeat(pa.scalar(source), count), chunk.texts, *unused]))
        self._rows += count
        self._bytes += chunk.texts.nbytes

    def full(self) -> Iterator[pa.RecordBatch]:
        """Give the batches that are full, and keep the rows after them."""
        if self._rows < self._most_rows and self._bytes < self._most_bytes:
            return
        whole = self._whole()
        step = max(1, min(self._most_rows, self._most_bytes * self._rows // max(1, self._bytes)))
        end = max(self._rows // step * step, min(step, self._rows))
        yield from (whole.slice(begin, step) for begin in range(0, end, step))
        kept = whole.slice(end)
        self._ready = [kept] if kept.num_rows else []
        self._rows, self._bytes = kept.num_rows, kept["record"].nbytes + kept["raw"].nbytes

    def rest(self) -> Iterator[pa.RecordBatch]:
        """Give the last batch, if there are rows left."""
        if self._rows:
            yield self._whole()

    def _whole(self) -> pa.RecordBatch:
        self._settle()
        if len(self._ready) == 1:
            return self._ready[0]
        return _batch([pa.concat_arrays([batch[field.name] for batch in self._ready]) for field in columns.READ])

    def _settle(self) -> None:
        """Turn the single rows into Arrow."""
        if self._single[0]:
            arrays = [pa.array(values, field.type) for values, field in zip(self._single, columns.READ, strict=True)]
            self._ready.append(_batch(arrays))
            self._single = ([], [], [], [], [])


def _batch(arrays: list[pa.Array]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(arrays, schema=columns.READ)
