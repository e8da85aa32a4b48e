"""Pairs that are compared together, with all that is needed for it besides their texts: any process can do it."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from pipeline.core.example import Method
from pipeline.core.passages import Passages
from pipeline.core.plain import quick_passages
from pipeline.core.verdicts import NOT_TWINS
from pipeline.group.likeness import likeness
from pipeline.group.prompts import Asked, is_another
from pipeline.group.stars import Likenesses

Indices = npt.NDArray[np.int64]
PayloadOf = Callable[[Sequence[int]], list[str]]


class Way(NamedTuple):
    """How two contents are compared."""

    method: Method
    threshold: float
    terse: Literal["spelling", "words"]


class Part(NamedTuple):
    """Some pairs; contents are numbered anew in each part."""

    pairs: npt.NDArray[np.int64]
    """Of shape (pairs, 2): numbers of two contents."""
    rows: Indices
    """Of each content: the row by which it is compared."""
    words: Indices
    prompts: Indices | None
    """Of each content, as in `verify.Contents`."""
    way: Way
    is_lost: bool = False
    """Whether comparing it killed the process that did it, twice: then it counts as no twins."""

    @classmethod
    def of(cls, pairs: Indices, *, rows: Indices, words: Indices, prompts: Indices | None, way: Way) -> Self:
        """Take pairs of contents, and what is known of each content."""
        here, places = np.unique(pairs, return_inverse=True)
        asked = None if prompts is None else prompts[here]
        return cls(places.reshape(-1, 2), rows[here], words[here], asked, way)

    def halves(self) -> Sequence[Self]:
        """Give the pairs in two parts; of a single pair nothing."""
        middle = len(self.pairs) // 2
        return [self._replace(pairs=self.pairs[:middle]), self._replace(pairs=self.pairs[middle:])] if middle else []

    def lost(self) -> Self:
        """Give the pair as one that cannot be compared."""
        return self._replace(is_lost=True)

    def compared(self, payload_of: PayloadOf) -> Likenesses:
        """Give the likeness of each pair, 0 where they are no twins."""
        found = np.zeros(len(self.pairs), np.float32)
        if self.is_lost:
            return found
        read: dict[int, Passages] = {}
        here = np.flatnonzero(~self._asks_another(payload_of, read))
        self._read(self.pairs[here], payload_of, read)
        sizes, (_, threshold, terse) = self.words[self.pairs[here]].tolist(), self.way
        for place, (first, second), (left, right) in zip(here.tolist(), self.pairs[here].tolist(), sizes, strict=True):
            value = likeness(read[first], read[second], sizes=(left, right), threshold=threshold, terse=terse)
            found[place] = NOT_TWINS if value is None else value
        return found

    def _asks_another(self, payload_of: PayloadOf, read: dict[int, Passages]) -> npt.NDArray[np.bool_]:
        """Say which pairs have prompts that no answers make near twins of; only of prompts that several pairs have.

        What is read for it is added to `read`.
        """
        ruled_out = np.zeros(len(self.pairs), dtype=bool)
        if self.prompts is None:
            return ruled_out
        asked = Asked.of(self.prompts[self.pairs])
        self._read(self.pairs[asked.first], payload_of, read)
        others = [is_another(read[first], read[second]) for first, second in self.pairs[asked.first].tolist()]
        ruled_out[asked.places] = np.array(others, dtype=bool)[asked.which]
        return ruled_out

    def _read(self, pairs: Indices, payload_of: PayloadOf, read: dict[int, Passages]) -> None:
        """Add the passages of those contents that are not there yet."""
        wanted = [number for number in np.unique(pairs).tolist() if number not in read]
        for number, text in zip(wanted, payload_of(self.rows[wanted].tolist()) if wanted else (), strict=True):
            read[number] = quick_passages(text, method=self.way.method)
