"""Numbers in place of values: the same for the same value, so that whether values are equal is asked of numbers."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.core.columns import DIGEST
from pipeline.core.verdicts import digest_lanes

Numbers = npt.NDArray[np.int64]


def codes(column: pa.ChunkedArray) -> Numbers:
    """Give equal values equal numbers from 0, and -1 to null."""
    numbers = _of_digests(column) if column.type == DIGEST else None
    if numbers is None:
        return np.asarray(column.combine_chunks().dictionary_encode().indices.fill_null(-1), np.int64)
    if column.null_count:
        numbers[np.asarray(column.is_null())] = -1
    return numbers


def _of_digests(column: pa.ChunkedArray) -> Numbers | None:
    """Give the numbers of digests in their order: sorting halves of them takes a third of the time of a dictionary.

    None where two digests share their first half only, of random ones once in 10^19 pairs.
    """
    lanes = digest_lanes(column)
    order = np.argsort(lanes[:, 0])
    first, second = lanes[order, 0], lanes[order, 1]
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = first[1:] != first[:-1]
    if not (is_new[1:] | (second[1:] == second[:-1])).all():
        return None
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(is_new) - 1
    return numbers
