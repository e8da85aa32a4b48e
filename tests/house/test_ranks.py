"""Rows are shuffled by the hash that xxhash gives, however many are hashed at once."""

import pyarrow as pa
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.columns import DIGEST
from pipeline.core.ranks import WHOLE, ranks


@given(st.lists(st.one_of(st.none(), st.binary(min_size=16, max_size=16))), st.integers(-(2**70), 2**70))
def test_many_hashes_at_once_are_those_of_xxhash(digests: list[bytes | None], seed: int) -> None:
    whole = pa.chunked_array([digests[:2], digests[2:]], DIGEST)

    one_by_one = [xxhash.xxh3_64_intdigest(digest or b"", seed=seed & WHOLE) for digest in digests]
    assert one_by_one == ranks(whole, seed).tolist()
