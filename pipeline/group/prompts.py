"""Pairs that ask two different things: told from their prompts alone, once for each two prompts however many rows ask them.

Where many chats begin or end alike, nearly all candidates are of this kind. What stands before the answers is the same
words wherever its digest is the same, so one row of each prompt is read, and of two prompts no answer.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.passages import Passages
from pipeline.core.words import words
from pipeline.group.likeness import SHORT_TEXT, Words, same_turn

Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

TILE: Final = 2_048
"""Prompts on either side that are held at a time: of pairs in this order each prompt is read a few times, not for each."""
LEAST_PAIRS: Final = 2_048
"""Pairs from which a tile is worth a turn of its own."""


class Prompt(NamedTuple):
    """What stands before the answer, passage by passage."""

    marks: str
    said: tuple[Words | str, ...]
    """Words, or the text of a long passage, whose words would take too much room."""

    @classmethod
    def of(cls, found: Passages) -> "Prompt":
        """Give that of an example."""
        texts = found.texts[: found.answer_at]
        return cls(
            found.marks[: found.answer_at], tuple(words(text) if len(text) < SHORT_TEXT else text for text in texts)
        )


def is_another(one: Prompt, other: Prompt) -> bool:
    """Say whether two prompts differ so that no answers make the examples near twins."""
    if one.marks != other.marks:
        return True
    for left, right in zip(one.said, other.said, strict=True):
        if left != right:
            first, second = _listed(left), _listed(right)
            if first != second and same_turn(0, first, second) is None:
                return True
    return False


def _listed(said: Words | str) -> Words:
    return words(said) if isinstance(said, str) else said


def tiled(first: Indices, second: Indices) -> Iterator[Indices]:
    """Give the places of pairs of prompts in parts, each of which holds few prompts or few pairs."""
    tile = (first // TILE) * (int(second.max(initial=0)) // TILE + 1) + second // TILE
    order = np.lexsort((second, first, tile))
    ends = [*(np.flatnonzero(np.diff(tile[order])) + 1).tolist(), len(order)]
    begin = 0
    for end in ends:
        if end - begin >= LEAST_PAIRS or end == len(order):
            yield order[begin:end]
            begin = end
