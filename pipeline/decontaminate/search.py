"""Which question stands in which row: a batch at a time, first by a table of bits that lets little else through."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.word_hashes import Hashes, Indices, Words
from pipeline.decontaminate.questions import NEAR_RUN, Known, Questions
from pipeline.decontaminate.runs import passages_of, run_hashes, within

BITS: Final = 22
"""Slots of the table, as a power of two: 4 MB, of which a hundred thousand runs fill a fortieth."""
_SHIFT: Final = np.uint64(64 - BITS)


class Leak(NamedTuple):
    """A question found in a row."""

    question: int
    how: str
    """`exact`, `words` or `near`."""
    share: float
    """Share of the question's runs of five words that stand in the row; 1 but for near ones."""


class Search:
    """Questions ready to be looked for, with their tables."""

    def __init__(self, asked: Questions) -> None:
        self._asked = asked
        self._tables = {id(known): _table(known) for known in (*asked.whole.values(), *asked.runs.values(), asked.near)}

    def __call__(self, said: Words, *, near: float) -> dict[int, Leak]:
        """Give the first question of each row in which one stands: word by word rather than nearly."""
        passage, is_mark = passages_of(said), said.mark > 0
        sizes = np.bincount(passage)
        found: dict[int, Leak] = {}
        if near and len(self._asked.near.hashes):
            found |= self._near(said, within(passage, is_mark, NEAR_RUN), near)
        for size, known in self._asked.runs.items():
            found |= self._first(said, within(passage, is_mark, size), size, known, "words")
        for size, known in self._asked.whole.items():
            is_whole = within(passage, is_mark, size)
            is_whole &= sizes[passage[: len(is_whole)]] == size + 1
            is_whole[1:] &= is_mark[: len(is_whole)][:-1]
            found |= self._first(said, is_whole, size, known, "exact")
        return found

    def _first(self, said: Words, chosen: npt.NDArray[np.bool_], size: int, known: Known, how: str) -> dict[int, Leak]:
        rows, at = self._met(said, chosen, size, known)
        best: dict[int, Leak] = {}
        for row, question in zip(rows.tolist(), known.owners[at].tolist(), strict=True):
            if row not in best or question < best[row].question:
                best[row] = Leak(question, how, 1.0)
        return best

    def _near(self, said: Words, chosen: npt.NDArray[np.bool_], least: float) -> dict[int, Leak]:
        known = self._asked.near
        rows, first = self._met(said, chosen, NEAR_RUN, known)
        last = np.searchsorted(known.hashes, known.hashes[first], side="right")
        counts = last - first
        at = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        runs = np.unique(np.repeat(rows, counts) * len(known.hashes) + at)
        rows, at = np.divmod(runs, max(len(known.hashes), 1))
        pairs, hits = np.unique(rows * len(self._asked.names) + known.owners[at], return_counts=True)
        rows, asked = np.divmod(pairs, len(self._asked.names))
        shares = hits / self._asked.near_runs[asked]
        best: dict[int, Leak] = {}
        for row, question, share in zip(rows.tolist(), asked.tolist(), shares.tolist(), strict=True):
            if share >= least and (row not in best or share > best[row].share):
                best[row] = Leak(question, "near", share)
        return best

    def _met(self, said: Words, chosen: npt.NDArray[np.bool_], size: int, known: Known) -> tuple[Indices, Indices]:
        """Give the rows in which known runs stand, and the first place of each of these runs among the known."""
        places = np.flatnonzero(chosen)
        hashes = run_hashes(said.hashes, size)[places]
        maybe = self._tables[id(known)][(hashes >> _SHIFT).astype(np.int64)]
        places, hashes = places[maybe], hashes[maybe]
        at = np.minimum(np.searchsorted(known.hashes, hashes), len(known.hashes) - 1)
        is_known = known.hashes[at] == hashes
        return said.row[places[is_known]], at[is_known]


def _table(known: Known) -> npt.NDArray[np.bool_]:
    table = np.zeros(1 << BITS, dtype=bool)
    hashes: Hashes = known.hashes
    table[(hashes >> _SHIFT).astype(np.int64)] = True
    return table
