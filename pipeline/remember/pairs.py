"""Verdicts on pairs of examples, kept from run to run: a nightly build compares only pairs with a new row in them.

One entry of the cache for each dataset, with the verdicts that its last run asked for: it grows with the dataset, not with
the nights.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import xxhash

from pipeline.core.store import Store, touch
from pipeline.core.verdicts import Likenesses, verdicts_in
from pipeline.core.word_hashes import Hashes

PAIRS = pa.schema([pa.field("key", pa.uint64(), nullable=False), pa.field("likeness", pa.float32(), nullable=False)])
"""In ascending order of keys."""


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

    def save(self) -> None:
        """Write what was asked for, where that is not what is written already."""
        keys, first = np.unique(self._asked, return_index=True)
        if self._is_new or len(keys) < len(self._known):
            columns = [pa.array(keys, pa.uint64()), pa.array(self._found[first], pa.float32())]
            self._store.put(self._key, pa.RecordBatch.from_arrays(columns, schema=PAIRS))

    def _ask(self, keys: Hashes, likenesses: Likenesses) -> None:
        self._asked = np.concatenate([self._asked, keys])
        self._found = np.concatenate([self._found, likenesses])
