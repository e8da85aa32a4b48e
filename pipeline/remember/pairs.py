"""Verdicts on pairs of examples, kept from run to run: a nightly build compares only pairs with a new row in them.

One entry of the cache for each dataset, with the verdicts that were asked for by the last run that looked at all pairs, and by
those since then which looked only at what was new: it grows with the dataset, not with the nights.
"""

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import xxhash

from pipeline.core.store import Store, touch
from pipeline.core.verdicts import Likenesses, verdicts_in
from pipeline.core.word_hashes import Hashes

PAIRS = pa.schema([pa.field("key", pa.uint64(), nullable=False), pa.field("likeness", pa.float32(), nullable=False)])
"""In ascending order of keys."""
WHOLE: Final = b"tuneset.whole"
"""In the metadata: how many there were when all pairs were looked at."""
MOST_GROWN: Final = 1.5
"""Size beside that, above which all pairs are to be looked at again, and what nobody asks for any more goes."""


class KeptVerdicts:
    """The verdicts of a dataset; `save` keeps those asked for since it was opened."""

    def __init__(self, store: Store, *, dataset: Path, version: bytes) -> None:
        self._store = store
        self._key = xxhash.xxh3_128_digest(b"pairs\0" + version + str(dataset.absolute()).encode())
        self._asked = np.zeros(0, np.uint64)
        self._found = np.zeros(0, np.float32)
        entry = store.get(self._key)
        batch = entry.batch if entry else None
        self._is_new = batch is None
        self._known = batch["key"].to_numpy() if batch else np.zeros(0, np.uint64)
        self._likenesses = batch["likeness"].to_numpy() if batch else np.zeros(0, np.float32)
        self._whole = int((batch.schema.metadata or {}).get(WHOLE, b"0")) if batch else 0
        if entry:
            touch(entry.path)

    def look_up(self, keys: Hashes) -> Likenesses:
        """Give the verdict on each key."""
        found = verdicts_in(self._known, self._likenesses, keys)
        known = ~np.isnan(found)
        self._ask(keys[known], found[known])
        return found

    def add(self, keys: Hashes, likenesses: Likenesses) -> None:
        """Keep these verdicts."""
        self._is_new = True
        self._ask(keys, likenesses)

    @property
    def is_overgrown(self) -> bool:
        """Say whether many are kept that perhaps nobody needs."""
        return len(self._known) > MOST_GROWN * self._whole

    def save(self, *, is_whole: bool = True) -> None:
        """Write what was asked for, where that is not what is written already.

        Where not all pairs were looked at, what is known besides stays known.
        """
        asked, found, whole = self._asked, self._found, self._whole
        if not is_whole:
            asked, found = np.concatenate([self._known, asked]), np.concatenate([self._likenesses, found])
        keys, first = np.unique(asked, return_index=True)
        if self._is_new or len(keys) < len(self._known):
            columns = [pa.array(keys, pa.uint64()), pa.array(found[first], pa.float32())]
            schema = PAIRS.with_metadata({WHOLE: str(len(keys) if is_whole else whole).encode()})
            self._store.put(self._key, pa.RecordBatch.from_arrays(columns, schema=schema))

    def _ask(self, keys: Hashes, likenesses: Likenesses) -> None:
        self._asked = np.concatenate([self._asked, keys])
        self._found = np.concatenate([self._found, likenesses])
