"""Seeded hashes of digests, by which rows are shuffled and kin take sides: xxh3-64, of a million digests at once."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from pipeline.core.verdicts import digest_lanes

Hashes = npt.NDArray[np.uint64]

WHOLE: Final = (1 << 64) - 1
_SECRETS: Final = (0x1F67B3B7A4A44072 ^ 0x78E5C0CC4EE679CB, 0x2172FFCC7DD05A82 ^ 0x8E2443F7744608B8)
"""Bytes 24 to 40 and 40 to 56 of the default secret (xxhash.h, kSecret), as its rule for 9 to 16 bytes takes them."""
_AVALANCHE: Final = np.uint64(0x165667919E3779F9)
_HALF: Final = np.uint64(32)
_LOW: Final = np.uint64(0xFFFFFFFF)


def ranks(digests: pa.Array | pa.ChunkedArray, seed: int) -> Hashes:
    """Give what `xxhash.xxh3_64_intdigest(digest, seed)` gives for each 16-byte digest, b"" for null.

    A call for each takes 0.6 microseconds; this is an eighth of it, and a build of a million rows asks twice.
    """
    seed &= WHOLE
    lanes = digest_lanes(digests)
    low = lanes[:, 0] ^ np.uint64(_SECRETS[0] + seed & WHOLE)
    high = lanes[:, 1] ^ np.uint64(_SECRETS[1] - seed & WHOLE)
    mixed = np.uint64(16) + low.byteswap() + high + _folded(low, high)
    mixed = (mixed ^ (mixed >> np.uint64(37))) * _AVALANCHE
    mixed ^= mixed >> _HALF
    if digests.null_count:
        nothing = np.uint64(xxhash.xxh3_64_intdigest(b"", seed=seed))
        mixed[digests.is_null().to_numpy(zero_copy_only=False)] = nothing
    return mixed


def _folded(one: Hashes, other: Hashes) -> Hashes:
    """Give the two halves of the 128-bit products, one XORed with the other."""
    low, high = (one & _LOW, one >> _HALF), (other & _LOW, other >> _HALF)
    inner, outer = low[1] * high[0], low[0] * high[1]
    least = low[0] * high[0]
    middle = (least >> _HALF) + (inner & _LOW) + (outer & _LOW)
    most = low[1] * high[1] + (inner >> _HALF) + (outer >> _HALF) + (middle >> _HALF)
    found: Hashes = most ^ ((least & _LOW) | (middle << _HALF))
    return found
