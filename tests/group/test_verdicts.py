"""Verdicts on pairs are found again, by whoever asks in whatever order."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.columns import DIGEST
from pipeline.core.verdicts import RememberedVerdicts, digest_lanes, pair_keys

some_digests = st.lists(st.none() | st.binary(min_size=16, max_size=16), max_size=12)


def test_what_was_never_compared_is_unknown_and_what_was_is_given_back_in_the_order_asked() -> None:
    store = RememberedVerdicts()
    store.add(np.array([7, 3], np.uint64), np.array([0.5, 0.0], np.float32))
    store.add(np.array([5], np.uint64), np.array([1.0], np.float32))

    found = store.look_up(np.array([3, 9, 5, 7, 3], np.uint64)).tolist()

    assert [0.0, 1.0, 0.5, 0.0] == [value for index, value in enumerate(found) if index != 1]
    assert np.isnan(found[1])
    assert 3 == len(store)


def test_an_empty_store_knows_nothing() -> None:
    assert np.isnan(RememberedVerdicts().look_up(np.array([1, 2], np.uint64))).all()


@given(digests=some_digests)
def test_digests_come_out_of_arrow_as_they_are_however_they_are_sliced(digests: list[bytes | None]) -> None:
    column = pa.chunked_array([pa.array([b"0" * 16, *digests[:5]], DIGEST).slice(1), pa.array(digests[5:], DIGEST)])

    assert b"".join(digest or bytes(16) for digest in digests) == digest_lanes(column).astype("<u8").tobytes()


@given(one=st.binary(min_size=16, max_size=16), other=st.binary(min_size=16, max_size=16))
def test_a_pair_has_one_key_and_other_rules_give_another(one: bytes, other: bytes) -> None:
    first, second = (digest_lanes(pa.array([digest], DIGEST)) for digest in (one, other))

    assert pair_keys(first, second, rules="a") == pair_keys(second, first, rules="a")
    assert pair_keys(first, second, rules="a") != pair_keys(first, second, rules="b")
