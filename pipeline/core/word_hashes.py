"""Words of many examples at once, as arrays of 64-bit hashes: the common ground of fingerprints and of comparing.

Hashing words costs a tenth of hashing characters, and numpy does a batch at a time.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

from pipeline.core.passages import HEAD_MARKS, Passages
from pipeline.core.words import MARK, normal

Hashes = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]

ODD: Final = tuple(
    np.uint64(number)
    for number in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F)
)
"""Odd multipliers with well mixed bits (those of splitmix64 and wyhash)."""
_LOW_BYTES: Final = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)
"""Mask that keeps the first bytes of a little-endian number."""
_HEAD: Final = np.isin(np.arange(256), [ord(mark) for mark in HEAD_MARKS])
LANE: Final = 8
"""Bytes hashed at a time."""
LONG_WORD: Final = 64
"""Bytes beyond which a word is an address or an image, and is hashed by xxh3."""
_SPACE: Final = 32
"""This byte and all below separate words."""


class Words(NamedTuple):
    """The words of a batch of examples, passage marks included, in order."""

    hashes: Hashes
    row: Indices
    """Row of each word, within the batch."""
    mark: npt.NDArray[np.uint8]
    """The mark's letter where the word begins a passage, else 0."""
    starts: Indices
    """Where each row begins, and last the number of words."""


def stream(passages: Passages) -> bytes:
    """Give the normalised text in which each passage begins with a word of its own: MARK and its letter."""
    marks, texts, _ = passages
    joined = "".join([f"{MARK}{mark} {text} " for mark, text in zip(marks, texts, strict=True)])
    if joined.count(MARK) != len(marks):
        joined = "".join([f"{MARK}{mark} {text.replace(MARK, ' ')} " for mark, text in zip(marks, texts, strict=True)])
    try:
        return normal(joined).encode() + b" "
    except UnicodeEncodeError:  # lone surrogates
        return normal(joined).encode("utf-8", "surrogatepass") + b" "


def word_hashes(streams: Sequence[bytes]) -> Words:
    """Cut streams into words and hash each: all eight-byte lanes of a word are mixed into 64 bits."""
    text = b"".join((b" ", *streams, b" " * 8))
    letters = np.frombuffer(text, np.uint8)
    is_space = letters <= _SPACE
    edges = np.flatnonzero(is_space[1:] != is_space[:-1]) + 1
    begin, end = edges[::2], edges[1::2]
    hashes = _hashed(text, begin, end - begin)
    bounds = np.cumsum([1, *map(len, streams)])
    starts = np.searchsorted(begin, bounds)
    row = np.repeat(np.arange(len(streams)), np.diff(starts))
    mark = np.where(letters[begin] == ord(MARK), letters[begin + 1], 0).astype(np.uint8)
    return Words(hashes, row, mark, starts)


def _hashed(text: bytes, begin: Indices, length: Indices) -> Hashes:
    lanes = np.ndarray((len(text) - LANE + 1,), "<u8", buffer=text, strides=(1,))
    hashes = mixed((lanes[begin] & _LOW_BYTES[np.minimum(length, LANE)]) * ODD[0] + length.astype(np.uint64))
    rest = np.flatnonzero(length > LANE)
    offset = LANE
    while len(rest) and offset < LONG_WORD:
        left = np.minimum(length[rest] - offset, LANE)
        hashes[rest] = mixed(hashes[rest] * ODD[3] + (lanes[begin[rest] + offset] & _LOW_BYTES[left]))
        offset += LANE
        rest = rest[length[rest] > offset]
    for index in rest.tolist():
        start = int(begin[index])
        hashes[index] = xxhash.xxh3_64_intdigest(text[start : start + int(length[index])])
    return hashes


def mixed(numbers: Hashes) -> Hashes:
    """Spread every bit over all bits (the finish of splitmix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * ODD[1]
    numbers = (numbers ^ (numbers >> np.uint64(27))) * ODD[2]
    return numbers ^ (numbers >> np.uint64(31))


def turn_words(words: Words) -> tuple[Hashes, Indices]:
    """Give the words that tell examples apart: no marks, no system turns, no definitions."""
    mark_at = np.maximum.accumulate(np.where(words.mark > 0, np.arange(len(words.mark)), 0))
    kept = (words.mark == 0) & ~_HEAD[words.mark[mark_at]]
    return words.hashes[kept], words.row[kept]
