"""Orders and numberings of rows by their digests: no row's place in the file decides anything."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.verdicts import digest_lanes

Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def by_digest(digests: pa.ChunkedArray, names: pa.ChunkedArray) -> Indices:
    """Give the rows in the order of digest and name."""
    lanes = digest_lanes(digests).byteswap() if len(digests) else np.zeros((0, 2), np.uint64)
    order = np.argsort(lanes[:, 0])
    high = lanes[order, 0]
    tied = np.zeros(len(order), dtype=bool)
    tied[1:] = high[1:] == high[:-1]
    tied[:-1] |= tied[1:]
    places = np.flatnonzero(tied)
    if len(places):
        rows = order[places]
        keys = {"high": high[places], "low": lanes[rows, 1], "name": names.take(pa.array(rows))}
        order[places] = rows[pc.sort_indices(pa.table(keys), [(key, "ascending") for key in keys]).to_numpy()]
    return order


def speakers_first(order: Indices, facts: pa.Table) -> Indices:
    """Give the same order with sound rows before the others, and pinned ones (`is_pinned`, if there) before all."""
    order = _first(order, facts["is_sound"].to_numpy())
    return _first(order, facts["is_pinned"].to_numpy()) if "is_pinned" in facts.column_names else order


def _first(order: Indices, these: Mask) -> Indices:
    chosen = these[order]
    return np.concatenate([order[chosen], order[~chosen]])


def codes(column: pa.ChunkedArray | pa.Array) -> Indices:
    """Give equal values equal numbers from 0."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    found: Indices = whole.dictionary_encode(null_encoding="encode").indices.to_numpy(zero_copy_only=False)
    return found.astype(np.int64)


def first_rows(numbers: Indices, order: Indices) -> Indices:
    """Give for each number from 0 the row that comes first in the order; any row for a number that none has."""
    best = np.full(int(numbers.max(initial=-1)) + 1, len(order), np.int64)
    np.minimum.at(best, numbers[order], np.arange(len(order)))
    return order[np.minimum(best, len(order) - 1)]


def numbered(numbers: Indices, order: Indices) -> tuple[Indices, Indices]:
    """Give the numbers anew, so that smaller ones come first in the order, and of each the row that comes first."""
    firsts = first_rows(numbers, order)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    by_rank = np.argsort(rank[firsts])
    anew = np.empty(len(firsts), np.int64)
    anew[by_rank] = np.arange(len(firsts))
    return anew[numbers], firsts[by_rank]
