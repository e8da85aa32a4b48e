"""Pairs of rows worth comparing: those that share a near-duplicate key."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Indices = npt.NDArray[np.int64]

REACH: Final = 8
"""Rows under one key are each compared with this many next ones and with this many first ones.

All pairs where up to nine share a key; where thousands do (a template, spam), work stays linear, and each row still
meets the smallest digests, which become the spokesmen.
"""


def candidates(keys: pa.ChunkedArray, rank: Indices) -> Iterator[Indices]:
    """Give pairs of positions with an equal key, smaller rank first, as arrays of shape (n, 2), each pair once.

    `keys` is list<uint64> a row, all of one length or empty; `rank` orders the rows and is the same however they arrive.
    """
    lists = keys.combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    rows = np.flatnonzero(lengths)
    if len(rows) == 0:
        return
    bands = int(lengths[rows[0]])
    table = pc.list_flatten(lists).to_numpy().reshape(len(rows), bands)
    order = rows[np.argsort(rank[rows], kind="stable")]
    position = np.zeros(len(lengths), np.int64)
    position[rows] = np.arange(len(rows))
    table = table[position[order]]
    found = [_pairs(table[:, band]) for band in range(bands)]
    codes = np.unique(np.concatenate([first * len(order) + second for first, second in found]))
    yield np.stack([order[codes // len(order)], order[codes % len(order)]], axis=1)


def _pairs(keys: npt.NDArray[np.uint64]) -> tuple[Indices, Indices]:
    """Give pairs of positions under equal keys; positions are in rank order."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    same = ordered[1:] == ordered[:-1]
    shared = np.concatenate([[False], same]) | np.concatenate([same, [False]])
    order, ordered = order[shared], ordered[shared]
    if len(order) == 0:
        return order, order
    begins = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    first_of = np.flatnonzero(begins)[np.cumsum(begins) - 1]
    here = np.arange(len(order))
    pairs = []
    for step in range(1, REACH + 1):
        later = here[step:]
        pairs.append(_joined(later - step, later, same=first_of[later] == first_of[later - step]))
        chief = first_of + step - 1
        pairs.append(_joined(chief, here, same=(here - first_of > REACH)))
    first, second = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return order[first], order[second]


def _joined(first: Indices, second: Indices, *, same: npt.NDArray[np.bool_]) -> tuple[Indices, Indices]:
    return first[same], second[same]
