"""Rows put into record batches: of an even size, or cut where their content says."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core import columns
from pipeline.core.record import Record
from pipeline.read.cutting import MOST, Wanted, cuts
from pipeline.read.encode import text_of
from pipeline.read.format import Chunk

Cut = Callable[[pa.RecordBatch, int], list[int]]
"""Rows that wait and their bytes → after which of them to cut, ascending; what follows the last waits on."""


class Batches:
    """Rows that wait for their batch to be full: single ones as Python values, chunks as Arrow."""

    def __init__(self, rows: int, size: int, cut: Cut) -> None:
        self._most_rows = rows
        self._most_bytes = size
        self._cut = cut
        self._rows = 0
        self._bytes = 0
        self._single: tuple[list[str | bytes | None], ...] = ([], [], [], [], [])
        self._ready: list[pa.RecordBatch] = []

    def add(self, record: Record, *, source: str, address: str) -> None:
        """Add one row."""
        text = text_of(record)
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
        ends = self._cut(whole, self._bytes)
        for begin, end in zip([0, *ends], ends, strict=False):
            yield whole[begin:end]
        kept = whole[ends[-1] :] if ends else whole
        self._ready = [kept] if kept.num_rows else []
        self._rows, self._bytes = kept.num_rows, kept["record"].nbytes + kept["raw"].nbytes

    def rest(self) -> Iterator[pa.RecordBatch]:
        """Give what is left, and begin anew."""
        if self._rows:
            yield self._whole()
        self._rows, self._bytes, self._ready = 0, 0, []

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


def even(rows: int, size: int) -> Batches:
    """Give batches of so many rows, or of fewer where their text would outgrow the size in bytes."""

    def cut(whole: pa.RecordBatch, bytes_: int) -> list[int]:
        step = max(1, min(rows, size * whole.num_rows // max(1, bytes_)))
        end = max(whole.num_rows // step * step, min(step, whole.num_rows))
        return [min(begin + step, end) for begin in range(0, end, step)]

    return Batches(rows, size, cut)


def by_content(wanted: Wanted) -> Batches:
    """Give batches that are cut in the same places wherever the same rows stand."""
    return Batches(MOST * wanted.rows, MOST * wanted.size, partial(_content_cuts, wanted=wanted))


def _content_cuts(whole: pa.RecordBatch, _: int, *, wanted: Wanted) -> list[int]:
    offsets = whole["record"].buffers()[1]
    data = whole["record"].buffers()[2] or b""
    spots = np.frombuffer(offsets, np.int32)[whole["record"].offset :][: whole.num_rows + 1].astype(np.int64)
    signs = np.frombuffer(data, np.uint8)[spots[0] : spots[-1]]
    return cuts(signs, spots[1:] - spots[0], wanted)
