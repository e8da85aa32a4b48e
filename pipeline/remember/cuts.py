"""Where the files of a dataset were cut into pieces, kept from run to run: a file that grew is searched only where it is new.

One small entry of the cache for each file: sizes and hashes, nothing of what stands there.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import xxhash

from pipeline.core.piece import Cut
from pipeline.core.store import Store, touch

CUTS = pa.schema(
    [
        pa.field("size", pa.int64(), nullable=False),
        pa.field("lines", pa.int64(), nullable=False),
        pa.field("content", pa.binary(16), nullable=False),
    ]
)


class KeptCuts:
    """The cuts of the files of one dataset; each run's take the place of the last one's."""

    def __init__(self, store: Store, *, dataset: Path, version: bytes) -> None:
        self._store = store
        self._name = b"cuts\0" + version + str(dataset.absolute()).encode()

    def last(self, key: str) -> Sequence[Cut] | None:
        """Give what was kept under this key."""
        entry = self._store.get(self._key(key))
        if entry is None or entry.batch is None:
            return None
        touch(entry.path)
        return [Cut(*one) for one in zip(*(column.to_pylist() for column in entry.batch.columns), strict=True)]

    def keep(self, key: str, cuts: Sequence[Cut]) -> None:
        """Keep this from now on."""
        columns = zip(*cuts, strict=True) if cuts else ((), (), ())
        arrays = [pa.array(column, field.type) for column, field in zip(columns, CUTS, strict=True)]
        self._store.put(self._key(key), pa.RecordBatch.from_arrays(arrays, schema=CUTS))

    def _key(self, key: str) -> bytes:
        return xxhash.xxh3_128_digest(b"\0".join([self._name, key.encode("utf-8", "surrogatepass")]))
