"""Pairs that ask two different things: told from their prompts alone, once for each two prompts however many rows ask them.

What stands before the answers is the same words wherever its digest is the same, so the first pair of two prompts answers
for all others that ask the same two.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.passages import Passages
from pipeline.group.likeness import differing, same_turn

Indices = npt.NDArray[np.int64]


class Asked(NamedTuple):
    """Pairs that ask the same two things, of which there are several."""

    first: Indices
    """The place of the first pair of each."""
    places: Indices
    """All pairs of them."""
    which: Indices
    """Of each of `places`, whose it is."""

    @classmethod
    def of(cls, prompts: Indices) -> "Asked":
        """Take the numbers of the two prompts of each pair, -1 where nothing was asked."""
        differ = np.flatnonzero((prompts >= 0).all(axis=1) & (prompts[:, 0] != prompts[:, 1]))
        code = prompts[differ, 0] * (int(prompts.max(initial=0)) + 1) + prompts[differ, 1]
        _, first, which, counts = np.unique(code, return_index=True, return_inverse=True, return_counts=True)
        several = counts > 1
        number = np.cumsum(several) - 1
        here = several[which]
        return cls(differ[first[several]], differ[here], number[which[here]])


def is_another(one: Passages, other: Passages) -> bool:
    """Say whether two examples differ before their answers so that no answers make near twins of them."""
    left, right = one.answer_at, other.answer_at
    if one.marks[:left] != other.marks[:right]:
        return True
    return any(
        same_turn(at, first, second) is None for at, first, second in differing(one.texts[:left], other.texts[:right])
    )
