"""Who learns and who is asked: kin stay together, and growth moves nobody.

The side of a kin depends on its name and the seed alone, never on how many others there are. docs/split.md says what
that guarantees, and where it ends: the minimum of a small dataset, a split by stratum, and kin that a new row ties together.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.columns import SIDES
from pipeline.core.ranks import ranks
from pipeline.core.settings import SplitSettings

LARGEST_FILL: Final = 1 / 3
"""Share of the dataset above which the minimum is not filled up: too little would be left to learn from.

A validation file below the minimum would be refused, so everything is trained on then."""
_WHOLE: Final = 2.0**64

Mask = npt.NDArray[np.bool_]


def split(facts: pa.Table, *, ships: Mask, settings: SplitSettings, seed: int, pinned: Mask | None = None) -> pa.Array:
    """Give the side of every row that ships, None for the others; a kin is never on both sides.

    `facts` has kin and stratum. A kin goes to validation when its seeded hash lies below the share, so that old kin
    keep their side while the data grow. Where that gives too few, the next kin by hash fill up, or, in a dataset too
    small for both sides, everything trains; where a split by stratum is asked, each stratum is filled by rank to its
    share (and growth may then move a few). `pinned` rows are the validation set where they are given.
    """
    if pinned is not None:
        return _sides(ships, pinned[ships])
    shipped = facts.select(["kin", "stratum"]).filter(pa.array(ships))
    kin = shipped["kin"].combine_chunks().dictionary_encode()
    numbers = kin.indices.to_numpy()
    sizes = np.bincount(numbers, minlength=len(kin.dictionary))
    ranked = ranks(kin.dictionary, seed)
    if settings.stratify == "none":
        return _sides(ships, _chosen(ranked, sizes, settings)[numbers])
    first = np.unique(numbers, return_index=True)[1]
    strata = pc.fill_null(shipped["stratum"], "").take(pa.array(first)).to_numpy(zero_copy_only=False)
    return _sides(ships, _stratified(ranked, sizes, strata, settings)[numbers])


def _sides(ships: Mask, asked: Mask) -> pa.Array:
    side = np.zeros(len(ships), np.int8)
    side[ships] = asked
    return pa.array(SIDES, pa.string()).take(pa.array(side, mask=~ships))


def _chosen(ranks: npt.NDArray[np.uint64], sizes: npt.NDArray[np.int64], settings: SplitSettings) -> Mask:
    """Say of each kin whether it goes to validation."""
    if settings.share == 0 or settings.minimum > sizes.sum() * LARGEST_FILL:
        return np.zeros(len(ranks), dtype=bool)
    below: Mask = ranks.astype(np.float64) / _WHOLE < settings.share
    return below if sizes[below].sum() >= settings.minimum else below | _filled(ranks, sizes, wanted=settings.minimum)


def _stratified(
    ranks: npt.NDArray[np.uint64],
    sizes: npt.NDArray[np.int64],
    strata: npt.NDArray[np.object_],
    settings: SplitSettings,
) -> Mask:
    """Say of each kin whether it goes to validation, so that each stratum has its share."""
    chosen = np.zeros(len(ranks), dtype=bool)
    for stratum in np.unique(strata.astype(str)):
        rows = np.flatnonzero(strata == stratum)
        chosen[rows] = _filled(ranks[rows], sizes[rows], wanted=round(settings.share * int(sizes[rows].sum())))
    return chosen


def _filled(ranks: npt.NDArray[np.uint64], sizes: npt.NDArray[np.int64], *, wanted: int) -> Mask:
    """Choose kin in the order of their hash until `wanted` examples are reached."""
    order = np.argsort(ranks, kind="stable")
    before = np.concatenate([[0], np.cumsum(sizes[order])[:-1]]) if len(order) else np.zeros(0)
    chosen = np.zeros(len(ranks), dtype=bool)
    chosen[order[before < wanted]] = True
    return chosen
