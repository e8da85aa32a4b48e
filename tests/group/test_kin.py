"""Rows that are tied, by scipy and without it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.group.kin import _few_tied, _tied

POINTS = 12


@given(st.lists(st.tuples(st.integers(0, POINTS - 1), st.integers(0, POINTS - 1)), max_size=20))
def test_a_few_ties_make_the_components_that_scipy_finds(ties):
    here, there = np.array(ties, np.int64).reshape(-1, 2).T

    assert _few_tied(POINTS, here, there).tolist() == _tied(POINTS, here, there).tolist()
