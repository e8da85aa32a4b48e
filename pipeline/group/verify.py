"""Candidates are compared, each pair once: what is known is not fetched again, and no text is held for long."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.example import Method
from pipeline.core.settings import DedupeSettings
from pipeline.core.sketch import Sketches, may_reach, spare_words, word_counts
from pipeline.core.verdicts import NOT_TWINS, PairVerdicts, pair_keys
from pipeline.core.word_hashes import Hashes
from pipeline.group.candidates import Pairs
from pipeline.group.part import Part, PayloadOf, Way
from pipeline.group.stars import Edges, Likenesses
from pipeline.group.ties import tied

Indices = npt.NDArray[np.int64]
Compare = Callable[[Iterable[Part]], Iterable[Likenesses]]
"""Gives what `Part.compared` gives of all parts, one after the other."""

COMPARISON: Final = "words-3"
"""Version of the comparison; a change of what makes near twins is a new one, and verdicts of the old are not found."""
SKETCHES_AT_ONCE: Final = 1 << 14
"""Pairs of sketches compared at a time: what fits into the processor's cache."""
TEXTS_AT_ONCE: Final = 4_096
"""Pairs whose texts are fetched and compared at a time."""
WORDS_AT_ONCE: Final = 1 << 22
"""Words of such texts: some 25 MB."""


class Contents(NamedTuple):
    """Distinct contents by number: the smallest digest of the sound rows comes first."""

    rows: Indices
    """The row by which each is compared."""
    digests: Hashes
    """Of shape (contents, 2), as `digest_lanes` gives them."""
    sketches: Sketches
    prompts: Indices | None = None
    """A number for each prompt, -1 where nothing was asked; None: prompts are not looked at apart."""


class Comparison(NamedTuple):
    """How two contents are compared."""

    payload_of: PayloadOf
    settings: DedupeSettings
    method: Method
    verdicts: PairVerdicts | None
    """What is known already, and learns what is found; None: nothing."""
    compare: Compare | None = None
    """Compares the parts; None: this process does."""

    @property
    def rules(self) -> str:
        """What a verdict depends on besides the two contents."""
        return f"{COMPARISON} {self.method} {self.settings.threshold} {self.settings.terse}"

    def compared(self, parts: Iterable[Part]) -> Iterable[Likenesses]:
        """Give the likenesses of the pairs of all parts."""
        if self.compare is not None:
            return self.compare(parts)
        return (part.compared(self.payload_of) for part in parts)


def verified(pairs: Pairs | Indices, contents: Contents, comparison: Comparison) -> Edges:
    """Give the near twins among pairs of contents."""
    pairs = pairs[_hopeful(pairs, contents.sketches, least=comparison.settings.threshold)]
    places = pairs.astype(np.int64)
    alike = _known(places, contents, comparison)
    twins = alike > NOT_TWINS
    return Edges(places[twins, 0], places[twins, 1], alike[twins])


def _hopeful(pairs: Pairs | Indices, sketches: Sketches, *, least: float) -> npt.NDArray[np.bool_]:
    """Say which pairs may be alike, by their sketches: in chats nine in ten are not."""
    found, spare = [np.zeros(0, dtype=bool)], spare_words(sketches) if len(pairs) > len(sketches) else None
    for start in range(0, len(pairs), SKETCHES_AT_ONCE):
        first, second = pairs[start : start + SKETCHES_AT_ONCE].T
        known = None if spare is None else (spare[first], spare[second])
        found.append(may_reach(sketches[first], sketches[second], least=least, spare=known))
    return np.concatenate(found)


def _known(pairs: Indices, contents: Contents, comparison: Comparison) -> Likenesses:
    """Give the verdict on each pair, comparing those of which none is known."""
    if comparison.verdicts is None:
        return _compared(pairs, contents, comparison)
    keys = pair_keys(contents.digests[pairs[:, 0]], contents.digests[pairs[:, 1]], rules=comparison.rules)
    alike = comparison.verdicts.look_up(keys)
    unknown = np.flatnonzero(np.isnan(alike))
    if len(unknown):
        alike[unknown] = _compared(pairs[unknown], contents, comparison)
        _, first = np.unique(keys[unknown], return_index=True)
        comparison.verdicts.add(keys[unknown[first]], alike[unknown[first]])
    return alike


def _compared(pairs: Indices, contents: Contents, comparison: Comparison) -> Likenesses:
    """Give the likeness of each pair, 0 where they are no twins. The smaller digest is the first of each pair."""
    found = np.zeros(len(pairs), np.float32)
    swapped = _is_greater(contents.digests[pairs[:, 0]], contents.digests[pairs[:, 1]])
    pairs = np.where(swapped[:, None], pairs[:, ::-1], pairs)
    words = word_counts(contents.sketches)
    way = Way(comparison.method, comparison.settings.threshold, comparison.settings.terse)
    known = partial(Part.of, rows=contents.rows, words=words, prompts=contents.prompts, way=way)
    if places := list(near_by(pairs, contents)):
        answers = comparison.compared(known(pairs[some]) for some in places)
        found[np.concatenate(places)] = np.concatenate(list(answers))
    return found


def near_by(pairs: Indices, contents: Contents) -> Iterator[Indices]:
    """Give the places of pairs in parts, of which each holds few texts, and nearly each text is in one part only.

    Contents that are compared with each other stand together, and so do those pairs that ask the same two things.
    """
    ends, places = np.unique(pairs, return_inverse=True)
    together = tied(len(ends), *places.reshape(-1, 2).T)[places.reshape(-1, 2)[:, 0]]
    asked = pairs if contents.prompts is None else contents.prompts[pairs]
    order = np.lexsort((*pairs.T[::-1], *asked.T[::-1], together))
    sizes = word_counts(contents.sketches)[pairs[order]].sum(axis=1)
    part = np.arange(len(order)) // TEXTS_AT_ONCE + np.cumsum(sizes) // WORDS_AT_ONCE
    ends = np.flatnonzero(np.diff(part)) + 1
    yield from (some for some in np.split(order, ends) if len(some))


def _is_greater(one: Hashes, other: Hashes) -> npt.NDArray[np.bool_]:
    greater: npt.NDArray[np.bool_] = (one[:, 0] > other[:, 0]) | (
        (one[:, 0] == other[:, 0]) & (one[:, 1] > other[:, 1])
    )
    return greater
