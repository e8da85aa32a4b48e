"""Numbers tell values apart as the values do."""

from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.columns import DIGEST
from pipeline.core.numbering import codes

halves = st.sampled_from([b"\x00" * 8, b"a" * 8, b"\xff" * 8])


@pytest.mark.parametrize("kind", [DIGEST, pa.binary()])
@given(values=st.lists(st.none() | st.builds(bytes.__add__, halves, halves), max_size=12))
def test_equal_values_have_equal_numbers_from_0_and_null_has_none(kind, values):
    numbers = codes(pa.chunked_array([pa.array(values[:5], kind), pa.array(values[5:], kind)])).tolist()
    told = list(zip(values, numbers, strict=True))

    assert all((a == b) == (m == n) for (a, m), (b, n) in product(told, told))
    assert all((value is None) == (number == -1) and number < len(values) for value, number in told)
