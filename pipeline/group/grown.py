"""Near twins of a dataset that was grouped before: pairs are sought only where something came or went.

Who is compared with whom is settled under each key by the order of those who share it. Where nobody came and nobody went,
the same pairs would be found as before, and the twins among them are known. So what is looked through again are the keys of
whatever is new or gone and, for each known pair of twins that shares one of those, all keys that the two share.

Under a key that nobody left, no two that were there before meet for the first time: whoever comes only pushes others apart.
So of what is found there only pairs with a new one in them are compared; of the others those that are twins stay so.
"""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.grouping import Grouping, Groupings, Heads
from pipeline.core.sketch import word_counts
from pipeline.group.candidates import HEAD_BITS, Bands, Indices, Keys, Mask, OfLikeSize, Pairs, Sharing, candidates
from pipeline.group.stars import Edges
from pipeline.group.verify import Comparison, Contents, verified

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
        return _verified(crowd, comparison)
    heads = crowd.bands.heads()
    last = memory.last(comparison.rules)
    change = None if last is None else _change(last, crowd, heads)
    edges = _verified(crowd, comparison) if change is None else _grown(change, crowd, comparison, heads)
    ends = edges.first.astype(np.int32), edges.second.astype(np.int32)
    memory.keep(comparison.rules, Grouping(crowd.identities, heads, *ends, edges.likeness), is_whole=change is None)
    return edges


class Change(NamedTuple):
    """What has to be looked through again."""

    untouched: Edges
    """Twins that were found, and that nothing which came or went has come between."""
    touched: Edges
    """The others that were found."""
    slots: list[Mask]
    """For each band: may a key with these leading bits give another pair than before?"""
    left: list[Mask]
    """For each band: was one that is gone under a key with these leading bits?"""
    is_new: Mask
    is_touched: Mask
    """Of each content: is it one of two twins that are touched?"""

    def within(self, band: int, keys: Keys) -> Mask:
        """Say which keys of a band are to be looked through."""
        return self.slots[band][_slot(keys)]

    def wanted(self, band: int, rows: Sharing, first: Indices, second: Indices) -> Mask:
        """Say which pairs are perhaps met for the first time, or are perhaps twins that are touched."""
        matters = self.is_new[rows.places] | self.left[band][_slot(rows.keys)]
        is_touched = self.is_touched[rows.places]
        wanted: Mask = matters[first] | matters[second] | (is_touched[first] & is_touched[second])
        return wanted


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
    came, went = np.flatnonzero(is_new), np.flatnonzero(~stays)
    left = [_slots(old[went]) for old in last.heads]
    slots = [_slots(now[came]) | gone for now, gone in zip(heads, left, strict=True)]
    edges = _moved(last, now_at)
    touched = np.zeros(len(edges.first), dtype=bool)
    for now, reached in zip(heads, slots, strict=True):
        one = now[edges.first]
        touched |= (one == now[edges.second]) & reached[one >> (HEAD_BITS - SLOT)]
    first, second = edges.first[touched], edges.second[touched]
    for now, reached in zip(heads, slots, strict=True):
        one = now[first]
        reached[one[one == now[second]] >> (HEAD_BITS - SLOT)] = True
    is_touched = np.zeros(count, dtype=bool)
    is_touched[first] = is_touched[second] = True
    return Change(edges.where(~touched), edges.where(touched), slots, left, is_new, is_touched)


def _slots(heads: Heads) -> Mask:
    found = np.zeros(1 << SLOT, dtype=bool)
    found[heads >> (HEAD_BITS - SLOT)] = True
    return found


def _slot(keys: Keys) -> Indices:
    return (keys >> np.uint64(64 - SLOT)).astype(np.int64)


def _moved(last: Grouping, now_at: Indices) -> Edges:
    """Give the last twins by the numbers of now, without those of whom one is gone."""
    first, second = now_at[last.first], now_at[last.second]
    return Edges(first, second, last.likeness).where((first >= 0) & (second >= 0))


def _verified(crowd: Crowd, comparison: Comparison) -> Edges:
    sought = OfLikeSize.of(word_counts(crowd.contents.sketches), least=comparison.settings.threshold)
    return verified(_comparable(candidates(crowd.bands, sought), crowd), crowd.contents, comparison)


def _grown(change: Change, crowd: Crowd, comparison: Comparison, heads: list[Heads]) -> Edges:
    """Give the twins that there are after a change."""
    reached = np.zeros(crowd.bands.count, dtype=bool)
    for slots, now in zip(change.slots, heads, strict=True):
        reached |= slots[now >> (HEAD_BITS - SLOT)]
    pairs = candidates(crowd.bands.where(reached), change)
    count, touched = crowd.bands.count, change.touched
    met = pairs[:, 0].astype(np.int64) * count + pairs[:, 1]
    stay = _joined([change.untouched, touched.where(np.isin(touched.first * count + touched.second, met))], count)
    pairs = pairs[np.isin(met, stay.first * count + stay.second, invert=True)]
    return _joined([stay, verified(_comparable(pairs, crowd), crowd.contents, comparison)], count)


def _comparable(pairs: Pairs, crowd: Crowd) -> Pairs:
    return pairs if crowd.is_pinned is None else pairs[~crowd.is_pinned[pairs].all(axis=1)]


def _joined(parts: list[Edges], count: int) -> Edges:
    """Give the pairs of all parts, in the order in which `candidates` gives pairs; no pair is in two parts."""
    first, second, likeness = (np.concatenate(ends) for ends in zip(*parts, strict=True))
    order = np.argsort(first * count + second)
    return Edges(first[order], second[order], likeness[order])
