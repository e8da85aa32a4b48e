"""Rows that are tied, by scipy and without it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.group.ties import few_tied, many_tied, tied

POINTS = 12


@given(st.lists(st.tuples(st.integers(0, POINTS - 1), st.integers(0, POINTS - 1)), max_size=20))
def test_a_few_ties_make_the_components_that_scipy_finds(ties):
    here, there = np.array(ties, np.int64).reshape(-1, 2).T

    few = few_tied(POINTS, here, there)

    assert few is not None
    assert few.tolist() == many_tied(POINTS, here, there).tolist()


def test_a_long_chain_in_bad_order_hangs_together_too() -> None:
    chain = np.random.default_rng(1).permutation(5_000)

    assert few_tied(len(chain), chain[1:], chain[:-1]) is None
    assert not tied(len(chain), chain[1:], chain[:-1]).any()
