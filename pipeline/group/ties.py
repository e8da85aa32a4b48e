"""Which points hang together by ties: the components of a graph."""

from typing import Final

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]

FEW: Final = 200_000
"""Ties that are followed without scipy, whose import takes a quarter of a second: no more than numpy needs for these."""
ROUNDS: Final = 30
"""After which scipy takes over: a chain in bad order would need a round for each of its ties, and others need under ten."""


def tied(count: int, here: Indices, there: Indices) -> Indices:
    """Give each of `count` points the number of its component: in the order of their first points."""
    found = few_tied(count, here, there) if len(here) <= FEW else None
    return many_tied(count, here, there) if found is None else found


def few_tied(count: int, here: Indices, there: Indices) -> Indices | None:
    """Give the numbers by numpy alone; None where that takes too many rounds."""
    first = np.arange(count)
    for _ in range(ROUNDS):
        lower = np.minimum(first[here], first[there])
        nearer = first.copy()
        np.minimum.at(nearer, np.concatenate([here, there]), np.concatenate([lower, lower]))
        nearer = nearer[nearer]
        if np.array_equal(nearer, first):
            return np.unique(first, return_inverse=True)[1]
        first = nearer
    return None


def many_tied(count: int, here: Indices, there: Indices) -> Indices:
    """Give them by scipy."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(here), np.int8), (here, there)), shape=(count, count)).tocsr()
    labels: Indices = connected_components(graph, directed=False)[1]
    return labels
