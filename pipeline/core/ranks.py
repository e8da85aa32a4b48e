"""Seeded hashes of digests, by which rows are shuffled and kin take sides: xxh3-64."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

Hashes = npt.NDArray[np.uint64]

WHOLE: Final = (1 << 64) - 1


def ranks(digests: pa.Array | pa.ChunkedArray, seed: int) -> Hashes:
    """Give `xxhash.xxh3_64_intdigest(digest, seed)` of each digest, of b"" for null."""
    whole = seed & WHOLE
    hashes = (xxhash.xxh3_64_intdigest(digest or b"", seed=whole) for digest in digests.to_pylist())
    return np.fromiter(hashes, np.uint64, len(digests))
