"""What the screen sees of a text: its words, pairs of words and runs of four letters, each as the number of a bucket.

Training and screening call the same function, so they cannot drift apart. Words are hashed as they are for twins
(`core/word_hashes.py`: numpy, xxh3 beyond 64 bytes), at 100 MB/s, which no call a word can reach.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from pipeline.core.word_hashes import ODD, Hashes, Indices, mixed, word_hashes

BITS: Final = 16
"""65,536 buckets."""
LETTERS: Final = 4
GAP: Final = b"\0" * (LETTERS - 1)
"""Stands before each text, so that no run of letters reaches from one into the next."""

ASCII: Final = 0x7F
_LETTERS_AND_DIGITS: Final = bytes(
    byte if byte in b"abcdefghijklmnopqrstuvwxyz0123456789" or byte > ASCII else 0x20 for byte in range(256)
)
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
    streams = [plain(text) for text in texts]
    words = word_hashes(streams)
    starts = words.starts.astype(np.int64)
    is_pair = words.row[1:] == words.row[:-1]
    pairs = mixed(words.hashes[:-1] * ODD[0] + words.hashes[1:] * ODD[3])[is_pair]
    counts = np.bincount(words.row[1:][is_pair], minlength=len(streams))
    return Features(
        Kind(_bucket(mixed(words.hashes)), starts),
        Kind(_bucket(pairs), np.concatenate([[0], np.cumsum(counts)])),
        _runs(streams),
    )


def plain(text: str) -> bytes:
    """Give lower-case words of letters and digits with one space around each; apostrophes vanish, as in `dont`."""
    lowered = text.lower().replace("\u2019", "'").encode("utf-8", "replace")
    return b" %b " % b" ".join(lowered.translate(_LETTERS_AND_DIGITS, b"'").split())


def _runs(streams: Sequence[bytes]) -> Kind:
    joined = b"".join([part for stream in streams for part in (GAP, stream)])
    starts = np.cumsum([0, *(len(GAP) + len(stream) for stream in streams)])
    lanes = np.ndarray((len(joined),), "<u8", buffer=joined + bytes(8), strides=(1,)) & _RUN
    return Kind(_bucket(mixed(lanes * ODD[4] + np.uint64(LETTERS))), starts)


def _bucket(hashes: Hashes) -> Indices:
    return (hashes >> _SHIFT).astype(np.int64)
