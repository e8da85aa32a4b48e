"""Runs of words as numbers: every run of n words of many texts at once."""

from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.core.word_hashes import ODD, Hashes, Indices, Words, mixed

_BASE: Final = int(ODD[0])
_WHOLE: Final = (1 << 64) - 1


def run_hashes(words: Hashes, size: int) -> Hashes:
    """Give the hash of each run of `size` words, by where it begins; none where there are fewer words.

    Runs are put together of runs of 1, 2, 4, ... words, so that thirteen words cost six multiplications.
    """
    count = max(0, len(words) - size + 1)
    found, done, block, length = np.zeros(count, np.uint64), 0, words, 1
    while length <= size:
        if size & length:
            found = found + block[done : done + count] * _power(done)
            done += length
        block = block[: max(0, len(block) - length)] + block[length:] * _power(length)
        length *= 2
    return mixed(found)


def passages_of(words: Words) -> Indices:
    """Give the number of the passage of each word; a passage's mark is its first word."""
    return np.cumsum(words.mark > 0)


def within(passage: Indices, is_mark: npt.NDArray[np.bool_], size: int) -> npt.NDArray[np.bool_]:
    """Say of each run whether all its words are of one passage, its mark apart."""
    count = max(0, len(passage) - size + 1)
    inside: npt.NDArray[np.bool_] = (passage[:count] == passage[size - 1 :][:count]) & ~is_mark[:count]
    return inside


def _power(exponent: int) -> np.uint64:
    return np.uint64(pow(_BASE, exponent, _WHOLE + 1))
