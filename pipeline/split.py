"""Who learns and who is asked: kin stay together, and growth moves nobody."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from pipeline.core.columns import SIDES
from pipeline.core.settings import SplitSettings

LARGEST_FILL: Final = 1 / 3
"""Share of the dataset above which the minimum is not filled up: too little would be left to learn from.

A validation file below the minimum would be refused, so everything is trained on then."""
_WHOLE: Final = 2.0**64

Mask = npt.NDArray[np.bool_]


def split(facts: pa.Table, *, ships: Mask, settings: SplitSettings, seed: int) -> pa.Array:
    """Give the side of every row that ships, None for the others; a kin is never on both sides.

    `facts` has kin and stratum. A kin goes to validation when its seeded hash lies below the share, so that old kin
    keep their side while the data grow. Where that gives too few, the next kin by hash fill up, or, in a dataset too
    small for both sides, everything trains; where a split by
    stratum is asked, each stratum is filled by rank to its share (and growth may then move a few).
    """
    kin, first, inverse = np.unique(
        _bytes(facts["kin"].filter(pa.array(ships))), return_index=True, return_inverse=True
    )
    sizes = np.bincount(inverse, minlength=len(kin))
    ranks = np.array([xxhash.xxh3_64_intdigest(bytes(k), seed=seed & 0xFFFFFFFFFFFFFFFF) for k in kin], dtype=np.uint64)
    strata = np.array(facts["stratum"].filter(pa.array(ships)).to_pylist(), dtype=object)[first]
    chosen = _chosen(ranks, sizes, strata, settings)
    sides = np.full(len(ships), None, dtype=object)
    sides[ships] = np.where(chosen[inverse], SIDES[1], SIDES[0])
    return pa.array(sides, type=pa.string())


def _chosen(
    ranks: npt.NDArray[np.uint64],
    sizes: npt.NDArray[np.int64],
    strata: npt.NDArray[np.object_],
    settings: SplitSettings,
) -> Mask:
    """Say of each kin whether it goes to validation."""
    if settings.validation == 0:
        return np.zeros(len(ranks), dtype=bool)
    if settings.stratify == "none":
        if settings.minimum > sizes.sum() * LARGEST_FILL:
            return np.zeros(len(ranks), dtype=bool)
        below = ranks.astype(np.float64) / _WHOLE < settings.validation
        return below | _filled(ranks, sizes, wanted=settings.minimum)
    chosen = np.zeros(len(ranks), dtype=bool)
    for stratum in sorted({str(s) for s in strata}):
        rows = np.flatnonzero([str(s) == stratum for s in strata])
        chosen[rows] = _filled(ranks[rows], sizes[rows], wanted=round(settings.validation * int(sizes[rows].sum())))
    return chosen


def _filled(ranks: npt.NDArray[np.uint64], sizes: npt.NDArray[np.int64], *, wanted: int) -> Mask:
    """Choose kin in the order of their hash until `wanted` examples are reached."""
    order = np.argsort(ranks, kind="stable")
    before = np.concatenate([[0], np.cumsum(sizes[order])[:-1]]) if len(order) else np.zeros(0)
    chosen = np.zeros(len(ranks), dtype=bool)
    chosen[order[before < wanted]] = True
    return chosen


def _bytes(column: pa.ChunkedArray) -> npt.NDArray[np.bytes_]:
    """Give 16-byte digests as numpy values that sort and compare; trailing zero bytes are kept by the void type."""
    return np.array(column.to_pylist(), dtype="V16").view("V16") if len(column) else np.zeros(0, dtype="V16")
