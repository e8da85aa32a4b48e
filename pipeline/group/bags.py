"""The words of many examples as numbers, so that a million candidate pairs are compared in a second or two."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.passages import Passages
from pipeline.core.word_hashes import Indices, mixed, stream, turn_words, word_hashes

Numbers = npt.NDArray[np.uint32]

EXAMPLES_AT_ONCE: Final = 512
PAIRS_AT_ONCE: Final = 16_384


SKETCH_LANES: Final = 8
"""64-bit lanes of a sketch: 512 bits, one for each word's number."""


class Bags(NamedTuple):
    """Words with repetition: the second occurrence of a word is another number, and so on."""

    words: Numbers
    """Of all examples, one after the other."""
    starts: Indices
    """Where each example begins, and last the number of words."""
    sketches: npt.NDArray[np.uint64]
    """Which of 512 bits an example's words set: rules out most pairs without looking at words."""


def bags(passages: Iterator[Passages]) -> Bags:
    """Give the words of the turns of each example (system turns and definitions apart)."""
    words: list[Numbers] = []
    sizes: list[Indices] = []
    streams: list[bytes] = []
    for one in passages:
        streams.append(stream(one))
        if len(streams) == EXAMPLES_AT_ONCE:
            _add(streams, words, sizes)
            streams = []
    _add(streams, words, sizes)
    starts = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    return Bags(
        np.concatenate(words), starts, np.concatenate([_sketches(*pair) for pair in zip(words, sizes, strict=True)])
    )


def jaccards(pairs: Indices, found: Bags, *, least: float) -> npt.NDArray[np.float64]:
    """Give the Jaccard likeness of each pair of examples; 0 where it is certainly below `least`.

    Exact but for chance: two different words share a number once in four thousand million.
    """
    sizes = np.diff(found.starts)
    alike = np.zeros(len(pairs))
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        some = start + np.flatnonzero(
            _hopeful(pairs[start : start + PAIRS_AT_ONCE], found.sketches, sizes, least=least)
        )
        if len(some):
            shared = _shared(pairs[some], found, sizes)
            alike[some] = shared / (sizes[pairs[some]].sum(axis=1) - shared)
    return alike


def _hopeful(
    pairs: Indices, sketches: npt.NDArray[np.uint64], sizes: Indices, *, least: float
) -> npt.NDArray[np.bool_]:
    """Say which pairs may reach `least`: each bit that one has alone is at least one word that it has alone."""
    one, other = sketches[pairs[:, 0]], sketches[pairs[:, 1]]
    first, second = sizes[pairs[:, 0]], sizes[pairs[:, 1]]
    most = np.minimum(
        first - np.bitwise_count(one & ~other).sum(axis=1, dtype=np.int64),
        second - np.bitwise_count(other & ~one).sum(axis=1, dtype=np.int64),
    )
    may: npt.NDArray[np.bool_] = (most > 0) & (most >= least * (first + second - most) - 1e-6)
    return may


def _sketches(words: Numbers, sizes: Indices) -> npt.NDArray[np.uint64]:
    bits = np.zeros((len(sizes), SKETCH_LANES * 64), dtype=bool)
    bits[np.repeat(np.arange(len(sizes)), sizes), words % np.uint32(SKETCH_LANES * 64)] = True
    return np.packbits(bits, axis=1).view(np.uint64)


def _add(streams: Sequence[bytes], words: list[Numbers], sizes: list[Indices]) -> None:
    hashes, row = turn_words(word_hashes(streams))
    keys = np.sort(row.astype(np.uint64) << np.uint64(32) | hashes >> np.uint64(32))
    here = np.arange(len(keys))
    begins = np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)]
    occurrence = (here - np.maximum.accumulate(np.where(begins, here, 0))).astype(np.uint64)
    words.append((mixed((keys << np.uint64(32)) + occurrence) >> np.uint64(32)).astype(np.uint32))
    sizes.append(np.bincount(row, minlength=len(streams)))


def _shared(pairs: Indices, found: Bags, sizes: Indices) -> Indices:
    """Give the number of words that both of each pair have."""
    both = pairs.ravel()
    lengths = sizes[both]
    ends = np.cumsum(lengths)
    within = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
    values = found.words[np.repeat(found.starts[both], lengths) + within].astype(np.uint64)
    owner = np.repeat(np.arange(len(both)) // 2, lengths).astype(np.uint64)
    keys = np.sort(owner << np.uint64(32) | values)
    twice = keys[1:][keys[1:] == keys[:-1]]
    return np.bincount((twice >> np.uint64(32)).astype(np.int64), minlength=len(pairs))
