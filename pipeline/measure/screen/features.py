"""What the screen sees of a text: its words, pairs of words and runs of four letters, each as the number of a bucket.

Training and screening call the same function, so they cannot drift apart. Words are hashed as they are for twins
(`core/word_hashes.py`: numpy, xxh3 beyond 64 bytes), at 100 MB/s, which no call a word can reach.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.word_hashes import LANE, ODD, Hashes, Indices, hashed

BITS: Final = 16
"""65,536 buckets."""
LETTERS: Final = 4
GAP: Final = b"\0" * (LETTERS - 1)
"""Stands before each text, so that no run of letters reaches from one into the next."""

ASCII: Final = 0x7F
_SPACE: Final = 0x20
_LETTERS_AND_DIGITS: Final = bytes(
    byte if byte in b"\0abcdefghijklmnopqrstuvwxyz0123456789" or byte > ASCII else _SPACE
    for byte in bytes(range(256)).lower()
)
"""Lower case; all that is no letter or digit is a space, but for the zeros between texts."""
_TWO_BYTES: Final = 0xC2
"""Begins the first of the characters of two bytes in UTF-8, none of which has a lower case."""
_BETWEEN: Final = f" {GAP.decode()} "
_END: Final = bytes(LANE)
_SHIFT: Final = np.uint64(64 - BITS)
_RUN: Final = np.uint64(LETTERS * pow(int(ODD[4]), -1, 1 << 64) & (1 << 64) - 1)
"""Added before runs are multiplied by ODD[4]: as LETTERS after it, while they are made into numbers of 64 bits anyway."""


def _may_be_capital() -> npt.NDArray[np.bool_]:
    table = np.zeros((256, 256), np.bool_)
    for letter in map(chr, range(ASCII + 1, 0x800)):
        table[tuple(letter.encode())] = letter.lower() != letter
    table[0xE1, 0x80:0xC0] = True
    table[0xE2, [0x84, 0x85, 0x86, 0x92, 0x93, *range(0xB0, 0xB4)]] = True
    table[0xEA, 0x99:0xA0] = True
    table[0xEF, 0xBC] = True
    table[0xF0, 0x90:0x9F] = True
    return table


_MAY_BE_CAPITAL: Final = _may_be_capital()
"""Of the first two bytes of a character beyond ASCII: whether `str.lower` may change it; of two bytes whether it does."""


class Kind(NamedTuple):
    """One kind of feature of many texts."""

    buckets: Indices
    starts: Indices
    """Where each text begins, and last the number of buckets."""


class Features(NamedTuple):
    """All features of many texts, each as often as it occurs."""

    words: Kind
    pairs: Kind
    runs: Kind


def features(texts: Sequence[str]) -> Features:
    """Give the features of each text; what a text gives does not depend on the others."""
    stream = _stream(texts)
    letters = np.frombuffer(stream, np.uint8)
    edges = np.flatnonzero(letters <= _SPACE)  # the spaces around words, and zeros
    gaps = np.flatnonzero(letters[edges] == 0)[:: len(GAP)][: len(texts) + 1]
    lengths = np.diff(edges) - 1
    words = np.flatnonzero(lengths > 0)
    starts = np.searchsorted(words, gaps)
    hashes = hashed(stream, edges[words] + 1, lengths[words])
    pairs, pair_starts = _pairs(hashes, starts)
    places = edges[gaps]
    runs = np.ndarray((int(places[-1]),), "<u4", buffer=stream, strides=(1,)) + _RUN
    runs *= ODD[4]
    return Features(Kind(_buckets(hashes), starts), Kind(_buckets(pairs), pair_starts), Kind(_buckets(runs), places))


def _pairs(hashes: Hashes, starts: Indices) -> tuple[Hashes, Indices]:
    """Give a number for each two words in a row of one text, and where those of each text begin."""
    pairs = hashes[:-1] * ODD[0]
    pairs += hashes[1:] * ODD[3]
    ends = starts[(starts > 0) & (starts < len(hashes))]
    counts = np.maximum(np.diff(starts) - 1, 0)
    return np.delete(pairs, ends - 1), np.concatenate([[0], np.cumsum(counts)])


def plain(text: str) -> bytes:
    """Give lower-case words of letters and digits with one space around each; apostrophes vanish, as in `dont`."""
    return _stream([text])[len(GAP) : -len(_END)]


def _stream(texts: Sequence[str]) -> bytes:
    """Give the plain texts, each behind a gap, and an end of zeros: all at once, as a call a text costs more than its work."""
    told = b"\0%b %b %b" % (GAP, _encoded(texts), _END)
    letters = np.frombuffer(told.translate(_LETTERS_AND_DIGITS, b"'"), np.uint8)
    is_space = letters == _SPACE
    return _with_blank(letters[1:][~(is_space[1:] & is_space[:-1])])


def _encoded(texts: Sequence[str]) -> bytes:
    """Give the texts with gaps between, in lower case but for the capitals of ASCII, which are lowered with all else.

    Python lowers 7 nanoseconds a letter beyond ASCII, so only texts are lowered by it that may have capitals there.
    """
    told = _joined(texts)
    if told.isascii():
        return told
    letters = np.frombuffer(told, np.uint8)
    begins = np.flatnonzero(letters > _TWO_BYTES)
    capitals = begins[_MAY_BE_CAPITAL[letters[begins], letters[begins + 1]]]
    if not len(capitals):
        return told
    gaps = np.flatnonzero(letters == 0)[:: len(GAP)]
    ends = [*(gaps - 1).tolist(), len(told)]
    parts, done = [], 0
    for index in np.unique(np.searchsorted(gaps, capitals)).tolist():
        begin = ends[index - 1] + len(_BETWEEN) if index else 0
        parts += [told[done:begin], _told(texts[index].replace("\0", " ").lower())]
        done = ends[index]
    return b"".join([*parts, told[done:]])


def _joined(texts: Sequence[str]) -> bytes:
    told = _told(_BETWEEN.join(texts))
    zeros = len(told) - np.count_nonzero(np.frombuffer(told, np.uint8))  # four times as fast as `told.count(0)`
    if zeros > len(GAP) * max(len(texts) - 1, 0):
        return _joined([text.replace("\0", " ") for text in texts])
    return told


def _told(text: str) -> bytes:
    return text.replace("\u2019", "'").encode("utf-8", "replace")


def _with_blank(letters: npt.NDArray[np.uint8]) -> bytes:
    """Give the stream with a second space where a text has no words."""
    is_blank = (letters[:-2] == 0) & (letters[1:-1] == _SPACE) & (letters[2:] == 0)
    cuts = (np.flatnonzero(is_blank) + 2).tolist()
    stream = letters.tobytes()
    return b" ".join([stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])])


def _buckets(numbers: Hashes) -> Indices:
    """Give the first bits of `word_hashes.mixed(numbers)`, whose last step does not reach them; the numbers are used up."""
    numbers ^= numbers >> np.uint64(30)
    numbers *= ODD[1]
    numbers ^= numbers >> np.uint64(27)
    numbers *= ODD[2]
    numbers >>= _SHIFT
    return numbers.view(np.int64)
