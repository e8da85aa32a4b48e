"""Rows that were read in one place and are worked on in another: what cannot be read by itself travels whole."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import pyarrow as pa
import xxhash

from pipeline.core.columns import PIECE, READ
from pipeline.core.trouble import Trouble


class Loose(NamedTuple):
    """Rows of one source, read already."""

    source: str
    rows: bytes
    """A batch of `columns.PIECE` as Arrow writes it, its lines null: small and equal for equal rows."""
    known_names: pa.Array

    @classmethod
    def of(cls, source: str, rows: pa.RecordBatch, names: pa.Array) -> Self:
        """Give the rows of a batch that has `record`, `raw` and `unread`."""
        arrays = [pa.nulls(rows.num_rows, pa.int64()), *(pa.concat_arrays([rows[name]]) for name in PIECE.names[1:])]
        packed = pa.RecordBatch.from_arrays(arrays, schema=PIECE).serialize()
        return cls(source, packed.to_pybytes(), pa.concat_arrays([names]))

    @property
    def digest(self) -> bytes:
        """Give what is equal for equal rows."""
        return xxhash.xxh3_128_digest(self.rows)

    def read(self) -> pa.RecordBatch:
        """Give the rows."""
        return pa.ipc.read_record_batch(pa.py_buffer(self.rows), PIECE)

    def names(self, lines: pa.Array) -> pa.Array:
        """Give the names of the rows; the lines are not asked."""
        del lines
        return self.known_names

    def halves(self) -> Sequence["Loose"]:
        """Give the rows in two parts; of a single row nothing."""
        rows = self.read()
        if rows.num_rows < 2:  # noqa: PLR2004 - one row has no halves
            return ()
        middle = rows.num_rows // 2
        parts = (slice(0, middle), slice(middle, None))
        return [Loose.of(self.source, rows[part], self.known_names[part]) for part in parts]

    def lost(self) -> "Loose":
        """Give the single row as one that could not be read, so that it is held and not lost."""
        row = self.read()
        trouble = Trouble("run.worker-lost", "the worker process died on this row, twice.")
        raw = row["record"][0].as_py() or ""
        values = {"line": [None], "record": [None], "raw": [raw.encode()], "unread": [str(trouble)]}
        return Loose.of(self.source, pa.RecordBatch.from_pydict(values, schema=PIECE), self.known_names)


def loose(batch: pa.RecordBatch) -> Loose:
    """Give the piece of a batch of `columns.READ`, all rows of which are of one source."""
    assert batch.schema.equals(READ)
    return Loose.of(batch["source"][0].as_py(), batch, batch["name"])
