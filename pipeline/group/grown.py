"""Near twins of a dataset that was grouped before: pairs are sought only where something came or went.

Who is compared with whom is settled under each key by the order of those who share it. Where nobody came and nobody went,
the same pairs would be found as before, and the twins among them are known. So what is looked through again are the keys of
whatever is new or gone and, for each known pair of twins that shares one of those, all keys that the two share.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.grouping import Grouping, Groupings, Heads
from pipeline.group.candidates import Bands, Indices, Keys, candidates
from pipeline.group.stars import Edges
from pipeline.group.verify import Comparison, Contents, verified

Mask = npt.NDArray[np.bool_]

HEAD: Final = np.uint64(32)
"""Leading bits of a key that are kept: enough to tell which keys are untouched, never to say that two are one."""
SLOT: Final = 20
"""Leading bits by which touched keys are noted, a byte for each: a thousand new rows touch one key in a thousand more."""
MOST_CHANGED: Final = 0.05
"""Share of contents that came or went above which all pairs are looked at: it would be most of them anyhow."""


class Crowd(NamedTuple):
    """The contents to compare, and what is needed to find out whom with whom."""

    contents: Contents
    bands: Bands
    identities: pa.Array
    """As `core.grouping.IDENTITY`, by number."""
    is_pinned: Mask | None = None
    """Two pinned ones are not compared; None: there are none."""


def near_twins(crowd: Crowd, comparison: Comparison, memory: Groupings | None) -> Edges:
    """Give the near twins of the crowd: the same with a memory as without."""
    if memory is None:
        return _verified(crowd, comparison, None)
    heads = _heads(crowd.bands)
    last = memory.last(comparison.rules)
    change = None if last is None else _change(last, crowd, heads)
    edges = (
        _verified(crowd, comparison, None)
        if change is None
        else _joined(change.untouched, _verified(crowd, comparison, change), crowd.bands.count)
    )
    ends = edges.first.astype(np.int32), edges.second.astype(np.int32)
    memory.keep(comparison.rules, Grouping(crowd.identities, heads, *ends, edges.likeness), is_whole=change is None)
    return edges


class Change(NamedTuple):
    """What has to be looked through again."""

    untouched: Edges
    """Twins that were found, and that nothing which came or went has come between."""
    slots: list[Mask]
    """For each band: may a key with these leading bits give another pair than before?"""

    def within(self, band: int, keys: Keys) -> Mask:
        """Say which keys of a band are to be looked through."""
        return self.slots[band][(keys >> np.uint64(64 - SLOT)).astype(np.int64)]


def _change(last: Grouping, crowd: Crowd, heads: list[Heads]) -> Change | None:
    """Say what is to be looked through; None: everything."""
    count = crowd.bands.count
    is_alike = len(heads) == len(last.heads) and crowd.bands.low == Bands.low_of(len(last.identities))
    now_at = pc.fill_null(pc.index_in(last.identities, value_set=crowd.identities), -1).to_numpy().astype(np.int64)
    stays = now_at >= 0
    kept = now_at[stays]
    changed = len(last.identities) + count - 2 * len(kept)
    if not is_alike or changed > MOST_CHANGED * count or np.any(np.diff(kept) <= 0):
        return None
    is_new = np.ones(count, dtype=bool)
    is_new[kept] = False
    slots = [_slots(now[is_new], old[~stays]) for now, old in zip(heads, last.heads, strict=True)]
    edges = _moved(last, now_at)
    touched = np.zeros(len(edges.first), dtype=bool)
    for now, reached in zip(heads, slots, strict=True):
        one = now[edges.first]
        touched |= (one == now[edges.second]) & reached[one >> (32 - SLOT)]
    first, second = edges.first[touched], edges.second[touched]
    for now, reached in zip(heads, slots, strict=True):
        one = now[first]
        reached[one[one == now[second]] >> (32 - SLOT)] = True
    return Change(edges.where(~touched), slots)


def _slots(*heads: Heads) -> Mask:
    found = np.zeros(1 << SLOT, dtype=bool)
    for some in heads:
        found[some >> (32 - SLOT)] = True
    return found


def _moved(last: Grouping, now_at: Indices) -> Edges:
    """Give the last twins by the numbers of now, without those of whom one is gone."""
    first, second = now_at[last.first], now_at[last.second]
    return Edges(first, second, last.likeness).where((first >= 0) & (second >= 0))


def _heads(bands: Bands) -> list[Heads]:
    found = []
    for band in range(len(bands)):
        heads = np.zeros(bands.count, np.uint32)
        heads[bands.places] = bands.column(band) >> HEAD
        found.append(heads)
    return found


def _verified(crowd: Crowd, comparison: Comparison, change: Change | None) -> Edges:
    pairs = candidates(crowd.bands, None if change is None else change.within)
    if crowd.is_pinned is not None:
        pairs = pairs[~crowd.is_pinned[pairs].all(axis=1)]
    return verified(pairs, crowd.contents, comparison)


def _joined(one: Edges, other: Edges, count: int) -> Edges:
    """Give the pairs of both, each once, in the order in which `candidates` gives pairs."""
    every = Edges(
        np.concatenate([one.first, other.first]),
        np.concatenate([one.second, other.second]),
        np.concatenate([one.likeness, other.likeness]),
    )
    _, places = np.unique(every.first * count + every.second, return_index=True)
    return Edges(every.first[places], every.second[places], every.likeness[places])
