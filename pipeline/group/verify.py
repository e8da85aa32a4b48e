"""Candidates are compared, each pair once: what is known is not fetched again, and no text is held for long."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.example import Method
from pipeline.core.passages import Passages
from pipeline.core.plain import quick_passages
from pipeline.core.settings import DedupeSettings
from pipeline.core.sketch import Sketches, may_reach, spare_words, word_counts
from pipeline.core.verdicts import NOT_TWINS, PairVerdicts, pair_keys
from pipeline.core.word_hashes import Hashes
from pipeline.group.candidates import Pairs
from pipeline.group.likeness import likeness
from pipeline.group.prompts import Prompt, is_another, tiled
from pipeline.group.stars import Edges, Likenesses

Indices = npt.NDArray[np.int64]
PayloadOf = Callable[[Sequence[int]], list[str]]

COMPARISON: Final = "words-3"
"""Version of the comparison; a change of what makes near twins is a new one, and verdicts of the old are not found."""
SKETCHES_AT_ONCE: Final = 1 << 14
"""Pairs of sketches compared at a time: what fits into the processor's cache."""
TEXTS_AT_ONCE: Final = 2_048
"""Pairs whose texts are fetched and compared at a time."""


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

    @property
    def rules(self) -> str:
        """What a verdict depends on besides the two contents."""
        return f"{COMPARISON} {self.method} {self.settings.threshold} {self.settings.terse}"


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
    counts = word_counts(contents.sketches)
    places = np.flatnonzero(~_asks_another(pairs, contents, comparison))
    for place, one, other, sizes in _read(pairs[places], contents.rows, counts, comparison):
        value = likeness(
            one, other, sizes=sizes, threshold=comparison.settings.threshold, terse=comparison.settings.terse
        )
        found[places[place]] = NOT_TWINS if value is None else value
    return found


def _asks_another(pairs: Indices, contents: Contents, comparison: Comparison) -> npt.NDArray[np.bool_]:
    """Say which pairs have prompts that no answers make near twins of."""
    ruled_out = np.zeros(len(pairs), dtype=bool)
    if contents.prompts is None:
        return ruled_out
    asked = contents.prompts[pairs]
    differ = np.flatnonzero((asked >= 0).all(axis=1) & (asked[:, 0] != asked[:, 1]))
    numbers, rows = np.unique(contents.prompts, return_index=True)
    count = int(contents.prompts.max(initial=0)) + 1
    several, which = np.unique(asked[differ, 0] * count + asked[differ, 1], return_inverse=True)
    ends_of = np.stack(np.divmod(several, count), axis=1)
    is_other = np.zeros(len(several), dtype=bool)
    for some in tiled(ends_of[:, 0], ends_of[:, 1]):
        wanted, places = np.unique(ends_of[some], return_inverse=True)
        texts = comparison.payload_of(contents.rows[rows[np.searchsorted(numbers, wanted)]].tolist())
        prompts = [Prompt.of(quick_passages(text, method=comparison.method)) for text in texts]
        ends = places.reshape(-1, 2).tolist()
        is_other[some] = [is_another(prompts[first], prompts[second]) for first, second in ends]
    ruled_out[differ] = is_other[which]
    return ruled_out


def _is_greater(one: Hashes, other: Hashes) -> npt.NDArray[np.bool_]:
    greater: npt.NDArray[np.bool_] = (one[:, 0] > other[:, 0]) | (
        (one[:, 0] == other[:, 0]) & (one[:, 1] > other[:, 1])
    )
    return greater


def _read(
    pairs: Indices, rows: Indices, counts: Indices, comparison: Comparison
) -> Iterator[tuple[int, Passages, Passages, tuple[int, int]]]:
    """Give place, passages and word counts of each pair, some thousand payloads at a time."""
    for start in range(0, len(pairs), TEXTS_AT_ONCE):
        some = pairs[start : start + TEXTS_AT_ONCE]
        wanted, places = np.unique(some, return_inverse=True)
        texts = comparison.payload_of(rows[wanted].tolist())
        read = [quick_passages(text, method=comparison.method) for text in texts]
        sizes = counts[some].tolist()
        for place, (first, second) in enumerate(places.reshape(-1, 2).tolist()):
            yield start + place, read[first], read[second], (sizes[place][0], sizes[place][1])
