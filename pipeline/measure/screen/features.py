"""What the screen sees of a text: its words, pairs of words and runs of four letters, each as the number of a bucket.

Training and screening call the same function, so they cannot drift apart. Words are hashed as they are for twins
(`core/word_hashes.py`: numpy, xxh3 beyond 64 bytes), at 100 MB/s, which no call a word can reach.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from pipeline.core.word_hashes import LANE, ODD, Hashes, Indices, stream_words

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
_END: Final = bytes(LANE)
_SHIFT: Final = np.uint64(64 - BITS)
_RUN: Final = np.uint64((1 << 8 * LETTERS) - 1)


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
    places = np.append(np.flatnonzero(letters == 0)[:: len(GAP)][: len(texts)], len(stream) - len(_END))
    words = stream_words(stream, places)
    is_pair = words.row[1:] == words.row[:-1]
    pairs = (words.hashes[:-1] * ODD[0] + words.hashes[1:] * ODD[3])[is_pair]
    counts = np.bincount(words.row[1:][is_pair], minlength=len(texts))
    runs = np.ndarray((int(places[-1]),), "<u8", buffer=stream, strides=(1,)) & _RUN
    runs *= ODD[4]
    runs += np.uint64(LETTERS)
    return Features(
        Kind(_buckets(words.hashes), words.starts.astype(np.int64)),
        Kind(_buckets(pairs), np.concatenate([[0], np.cumsum(counts)])),
        Kind(_buckets(runs), places),
    )


def plain(text: str) -> bytes:
    """Give lower-case words of letters and digits with one space around each; apostrophes vanish, as in `dont`."""
    return _stream([text])[len(GAP) : -len(_END)]


def _stream(texts: Sequence[str]) -> bytes:
    """Give the plain texts, each behind a gap, and an end of zeros: all at once, as a call a text costs more than its work."""
    told = [_encoded(text) for text in texts]
    joined = b"\0 %b \0" % b" \0 ".join(told)
    if joined.count(0) != len(texts) + 1:
        joined = b"\0 %b \0" % b" \0 ".join([one.replace(b"\0", b" ") for one in told])
    letters = np.frombuffer(joined.translate(_LETTERS_AND_DIGITS, b"'"), np.uint8)
    is_space = letters == _SPACE
    once = letters[1:][~(is_space[1:] & is_space[:-1])].tobytes()
    spaced = b"\0%b" % once
    for _ in range(2):  # of two empty texts in a row the first round passes one over
        spaced = spaced.replace(b"\0 \0", b"\0  \0")
    return spaced[:-1].replace(b"\0", GAP) + _END


def _encoded(text: str) -> bytes:
    """Give a text in UTF-8 and lower case, but for the capitals of ASCII, which are lowered with everything else."""
    return text.encode() if text.isascii() else text.lower().replace("\u2019", "'").encode("utf-8", "replace")


def _buckets(numbers: Hashes) -> Indices:
    """Give the first bits of `word_hashes.mixed(numbers)`, whose last step does not reach them; the numbers are used up."""
    numbers ^= numbers >> np.uint64(30)
    numbers *= ODD[1]
    numbers ^= numbers >> np.uint64(27)
    numbers *= ODD[2]
    numbers >>= _SHIFT
    return numbers.view(np.int64)
