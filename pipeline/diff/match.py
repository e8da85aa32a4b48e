"""Which row of one dataset is which of the other: by content, by address, by likeness. Only numbers, never a text held."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.passages import Passages
from pipeline.core.words import words
from pipeline.group.likeness import jaccard
from pipeline.measure.fingerprint import fingerprints

Rows = npt.NDArray[np.int64]
SAME_ADDRESS: Final = 0.3
"""Least likeness of two texts at one address: lines move when a row is put in above them."""
ANY_ADDRESS: Final = 0.5
"""Least likeness of two texts at different addresses."""
MOST: Final = 50_000
"""Examples on one side for which likeness is asked, some 50 microseconds each: beyond it addresses alone decide."""


class Pairs(NamedTuple):
    """Rows that belong together."""

    old: Rows
    new: Rows
    likeness: list[float | None]
    """None: nobody looked at the words."""


def equal(old: pa.ChunkedArray, new: pa.ChunkedArray) -> tuple[Rows, Rows]:
    """Give the rows of equal keys, the first with the first, the second with the second; a null equals nothing."""
    codes = pa.chunked_array([*old.chunks, *new.chunks], type=old.type).combine_chunks().dictionary_encode().indices
    numbers = np.asarray(pc.fill_null(codes, -1), dtype=np.int64)
    ones, others = (_numbered(part) for part in (numbers[: len(old)], numbers[len(old) :]))
    _, left, right = np.intersect1d(ones.keys, others.keys, assume_unique=True, return_indices=True)
    order = np.argsort(ones.rows[left])
    return ones.rows[left][order], others.rows[right][order]


def alike(
    old: Rows, new: Rows, *, names: tuple[pa.ChunkedArray, pa.ChunkedArray], said: tuple[Callable[[int], str], ...]
) -> Pairs:
    """Give the rows that are one example changed: at the same address, or else of much the same words.

    `said` gives the words of a row of the old and of the new dataset. Each row is in one pair at most.
    """
    left, right = equal(names[0].take(pa.array(old)), names[1].take(pa.array(new)))
    ones, others = old[left], new[right]
    if max(len(old), len(new)) > MOST:
        return Pairs(ones, others, [None] * len(ones))
    told = [{row: words(say(int(row))) for row in rows.tolist()} for say, rows in zip(said, (old, new), strict=True)]
    found = _chosen(zip(ones.tolist(), others.tolist(), strict=True), told, least=SAME_ADDRESS)
    rest = [[row for row in rows if row not in taken] for rows, taken in zip(told, _taken(found), strict=True)]
    found += _chosen(_candidates(rest, told), told, least=ANY_ADDRESS)
    found.sort()
    return Pairs(
        np.array([pair[0] for pair in found], dtype=np.int64),
        np.array([pair[1] for pair in found], dtype=np.int64),
        [pair[2] for pair in found],
    )


def without(rows: Rows, gone: Rows) -> Rows:
    """Give the rows that are not among others."""
    return np.setdiff1d(rows, gone)


class _Keys(NamedTuple):
    keys: Rows
    rows: Rows


def _numbered(codes: Rows) -> _Keys:
    """Give a key for each row that has a code: the code, and the how manieth of its code it is."""
    rows = np.flatnonzero(codes >= 0)
    order = rows[np.argsort(codes[rows], kind="stable")]
    sorted_codes = codes[order]
    begins = np.concatenate([[True], sorted_codes[1:] != sorted_codes[:-1]])[: len(order)]
    here = np.arange(len(order))
    ordinal = here - np.maximum.accumulate(np.where(begins, here, 0)) if len(order) else here
    return _Keys((sorted_codes << 32) + ordinal, order)


def _chosen(
    pairs: Iterable[tuple[int, int]], told: list[dict[int, list[str]]], *, least: float
) -> list[tuple[int, int, float]]:
    """Give the pairs that are alike enough, the most alike first served."""
    measured = ((jaccard(told[0][one], told[1][other]), one, other) for one, other in pairs)
    found: list[tuple[int, int, float]] = []
    seen: tuple[set[int], set[int]] = (set(), set())
    for share, one, other in sorted(((s, a, b) for s, a, b in measured if s >= least), key=lambda m: (-m[0], m[1:])):
        if one not in seen[0] and other not in seen[1]:
            seen[0].add(one)
            seen[1].add(other)
            found.append((one, other, round(share, 4)))
    return found


def _taken(found: list[tuple[int, int, float]]) -> tuple[set[int], set[int]]:
    return {one for one, _, _ in found}, {other for _, other, _ in found}


def _candidates(rest: list[list[int]], told: list[dict[int, list[str]]]) -> set[tuple[int, int]]:
    """Give the pairs that share a near-duplicate key."""
    keys = [
        fingerprints([Passages("u", (" ".join(said[row]),), None) for row in rows], near=True).keys.to_pylist()
        for rows, said in zip(rest, told, strict=True)
    ]
    homes: dict[int, list[int]] = {}
    for row, own in zip(rest[0], keys[0], strict=True):
        for key in own or ():
            homes.setdefault(key, []).append(row)
    return {
        (one, row)
        for row, own in zip(rest[1], keys[1], strict=True)
        for key in own or ()
        for one in homes.get(key, ())[:8]
    }
