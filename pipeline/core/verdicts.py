"""What was found about pairs of examples: a pair that was compared once need never be fetched and compared again.

`group` asks about all its candidate pairs at once and adds what it had to find out. Where the verdicts live is the
caller's affair: in memory here, on disk where a nightly build wants them.
"""

from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from pipeline.core.word_hashes import ODD, Hashes, mixed

Likenesses = npt.NDArray[np.float32]
"""Of each pair: the likeness of near twins, 0 for a pair that is none, NaN for a pair never compared."""

NOT_TWINS: Final = np.float32(0.0)


class PairVerdicts(Protocol):
    """A store of verdicts by key; see `pair_keys`.

    A key is 64 bits, evenly spread, of both contents and of the rules by which they were compared: a store need not
    know what it holds, may forget any part of it, and must give back what was added or NaN.
    """

    def look_up(self, keys: Hashes) -> Likenesses:
        """Give the verdict on each key; keys may repeat and come in any order."""

    def add(self, keys: Hashes, likenesses: Likenesses) -> None:
        """Keep these verdicts: distinct keys, none of which the last look-up knew, and no NaN."""


class RememberedVerdicts:
    """Verdicts in memory, 12 bytes each."""

    def __init__(self) -> None:
        self._keys = np.zeros(0, np.uint64)
        self._likenesses = np.zeros(0, np.float32)

    def __len__(self) -> int:
        return len(self._keys)

    def look_up(self, keys: Hashes) -> Likenesses:
        """Give the verdict on each key."""
        return verdicts_in(self._keys, self._likenesses, keys)

    def add(self, keys: Hashes, likenesses: Likenesses) -> None:
        """Keep these verdicts."""
        every = np.concatenate([self._keys, keys])
        order = np.argsort(every, kind="stable")
        self._keys = every[order]
        self._likenesses = np.concatenate([self._likenesses, likenesses])[order]


def verdicts_in(known: Hashes, likenesses: Likenesses, keys: Hashes) -> Likenesses:
    """Give the verdict on each key out of known ones in ascending order, NaN where there is none."""
    if len(known) == 0:
        return np.full(len(keys), np.nan, np.float32)
    order = np.argsort(keys)  # asking in order is five times faster: the search stays in the processor's cache
    places = np.empty(len(keys), np.int64)
    places[order] = np.minimum(np.searchsorted(known, keys[order]), len(known) - 1)
    return np.where(known[places] == keys, likenesses[places], np.float32(np.nan))


def digest_lanes(digests: pa.ChunkedArray | pa.Array) -> Hashes:
    """Give 16-byte digests as an array of shape (rows, 2), copied out of Arrow; zeros for null."""
    chunks = digests.chunks if isinstance(digests, pa.ChunkedArray) else [digests]
    parts = [np.zeros((0, 2), np.uint64), *(_lanes(chunk) for chunk in chunks)]
    return np.concatenate(parts)


def pair_keys(first: Hashes, second: Hashes, *, rules: str) -> Hashes:
    """Give the key of each pair of digests (`digest_lanes`), the same whoever comes first.

    `rules` says how the pair is compared: settings, method, and the version of the comparison.
    """
    swapped = (second[:, 0] < first[:, 0]) | ((second[:, 0] == first[:, 0]) & (second[:, 1] < first[:, 1]))
    small = np.where(swapped[:, None], second, first)
    large = np.where(swapped[:, None], first, second)
    keys = np.full(len(first), xxhash.xxh3_64_intdigest(rules.encode()), np.uint64)
    for lane in (small[:, 0], small[:, 1], large[:, 0], large[:, 1]):
        keys = mixed(keys * ODD[0] + lane)
    return keys


def _lanes(chunk: pa.Array) -> Hashes:
    _, data = chunk.buffers()
    if data is None or len(chunk) == 0:
        return np.zeros((len(chunk), 2), np.uint64)
    lanes = np.frombuffer(data, "<u8")[2 * chunk.offset : 2 * (chunk.offset + len(chunk))].reshape(-1, 2).copy()
    if chunk.null_count:
        lanes[~chunk.is_valid().to_numpy(zero_copy_only=False)] = 0
    return lanes.astype(np.uint64)
