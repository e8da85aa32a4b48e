"""Groups of near twins: every member is like its centre, so no chain of small steps joins what is not alike."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Likenesses = npt.NDArray[np.float32]


class Edges(NamedTuple):
    """Verified near twins among contents: each pair once, the smaller number first."""

    first: Indices
    second: Indices
    likeness: Likenesses

    def where(self, chosen: npt.NDArray[np.bool_]) -> "Edges":
        """Give those of them that are chosen."""
        return Edges(self.first[chosen], self.second[chosen], self.likeness[chosen])


def stars(edges: Edges, count: int) -> tuple[Indices, Likenesses]:
    """Give each of `count` contents its centre, and its likeness to it (NaN for one that stands alone).

    From the smallest number on, whoever has no centre yet becomes one and takes its free neighbours. Done in rounds: who
    has no smaller neighbour left is a centre, and whose smallest neighbour left is a centre belongs to it.
    """
    centre = np.arange(count)
    alike = np.full(count, np.nan, np.float32)
    is_open = np.zeros(count, dtype=bool)
    is_open[edges.first] = is_open[edges.second] = True
    is_centre = np.zeros(count, dtype=bool)
    while len(edges.first):
        smallest = np.full(count, count, np.int64)
        np.minimum.at(smallest, edges.second, edges.first)
        is_centre |= is_open & (smallest == count)
        is_open &= ~is_centre
        taking = edges.where(is_centre[edges.first] & (smallest[edges.second] == edges.first))
        centre[taking.second], alike[taking.second], alike[taking.first] = taking.first, taking.likeness, 1.0
        is_open[taking.second] = False
        edges = edges.where(is_open[edges.second] & (is_open | is_centre)[edges.first])
    return centre, alike
