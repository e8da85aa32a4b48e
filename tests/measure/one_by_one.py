"""The truth about words: one text, cut by Python."""

import re

import numpy as np

from pipeline.core.word_hashes import LANE, hashed


def hashes_of(told: bytes) -> list[int]:
    """Give the hash of each word of a text; bytes up to the space part them."""
    found = re.findall(rb"[^\x00-\x20]+", told)
    lengths = np.array([len(word) for word in found], np.int64)
    text = b" ".join(found) + b" " * LANE
    hashes: list[int] = hashed(text, np.cumsum(lengths + 1) - lengths - 1, lengths).tolist()
    return hashes
