"""Keys of fixed width, the same on every machine: where they live, how they are looked up, who of them comes first."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_PINNED, _SOUND, _UNSOUND = range(3)
RANK: Final = pa.binary(17)
"""Order of speakers: 0 for a pinned row, 1 for another sound one and 2 for an unsound one, then the digest."""


def homes(keys: pa.ChunkedArray | pa.Array, buckets: int) -> Numbers:
    """Give the bucket in which each 16-byte key lives; digests are evenly spread by themselves."""
    return (halves(keys)[:, 0] % np.uint64(buckets)).astype(np.int64)


def halves(keys: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.uint64]:
    """Give 16-byte keys, none of them null, as two numbers each that sort as the bytes do; shape (rows, 2)."""
    return np.frombuffer(fixed_bytes(keys, 16), ">u8").reshape(-1, 2).astype(np.uint64)


def fixed_bytes(keys: pa.ChunkedArray | pa.Array, width: int) -> bytes:
    """Give the bytes of keys of one width, none of them null, one after the other."""
    whole = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys
    data = whole.buffers()[1]
    if data is None or not len(whole):
        return b""
    return bytes(memoryview(data)[whole.offset * width : (whole.offset + len(whole)) * width])


def ranks(sound: Mask, pinned: Mask, digests: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Give the rank of rows that have a digest; pinned rows are sound."""
    parts = np.empty((len(sound), 17), np.uint8)
    parts[:, 0] = np.where(pinned, _PINNED, np.where(sound, _SOUND, _UNSOUND))
    parts[:, 1:] = np.frombuffer(fixed_bytes(digests, 16), np.uint8).reshape(-1, 16)
    return pa.FixedSizeBinaryArray.from_buffers(RANK, len(sound), [None, pa.py_buffer(parts.tobytes())])


def is_sound(rank: pa.ChunkedArray | pa.Array) -> Mask:
    """Say which ranks are those of sound rows."""
    sound: Mask = _classes(rank) != _UNSOUND
    return sound


def is_pinned(rank: pa.ChunkedArray | pa.Array) -> Mask:
    """Say which ranks are those of pinned rows."""
    pinned: Mask = _classes(rank) == _PINNED
    return pinned


def _classes(rank: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.uint8]:
    return np.frombuffer(fixed_bytes(rank, 17), np.uint8).reshape(-1, 17)[:, 0]


def found(keys: pa.ChunkedArray | pa.Array, among: pa.ChunkedArray | pa.Array) -> Numbers:
    """Give the place of each key among others, -1 where it is not there."""
    whole = among.combine_chunks() if isinstance(among, pa.ChunkedArray) else among
    places = pc.fill_null(pc.index_in(keys, value_set=whole), -1)
    return np.asarray(
        places.to_numpy(zero_copy_only=False) if isinstance(places, pa.Array) else places.to_numpy(), np.int64
    )


def runs(table: pa.Table, *keys: str) -> Numbers:
    """Give the first row of each run of equal keys in a sorted table."""
    starts = np.zeros(table.num_rows, dtype=bool)
    starts[:1] = True
    for key in keys:
        column = table[key].combine_chunks()
        if len(column) > 1:
            differs = pc.fill_null(pc.not_equal(column[1:], column[:-1]), True)
            both_null = pc.and_(pc.is_null(column[1:]), pc.is_null(column[:-1]))
            starts[1:] |= pc.and_not(differs, both_null).to_numpy(zero_copy_only=False)
    return np.flatnonzero(starts)


def distinct(table: pa.Table) -> pa.Table:
    """Give the table's rows once each, sorted."""
    ordered = table.sort_by([(name, "ascending") for name in table.column_names])
    return ordered.take(pa.array(runs(ordered, *table.column_names)))


def lengths(firsts: Numbers, rows: int) -> Numbers:
    """Give the length of each run."""
    return np.diff(np.append(firsts, rows))
