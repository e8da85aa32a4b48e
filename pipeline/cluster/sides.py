"""Who learns and who is asked, where no machine sees all kin: a histogram of hashes finds where each file is full."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from pipeline.cluster.job import Job, row_numbers
from pipeline.cluster.keys import found, homes, runs
from pipeline.cluster.kin import kin_of
from pipeline.cluster.measured import sound_and_pinned
from pipeline.core.columns import DIGEST, SIDES
from pipeline.core.settings import SplitSettings
from pipeline.split import LARGEST_FILL, split

BITS: Final = 12
"""Hashes are counted in 4,096 bins; the kin of one bin are then looked at one by one: 2,500 of ten million."""
ALL: Final = ""
"""The one stratum of a split that is not by stratum."""
SIZES: Final = pa.schema(
    [
        pa.field("kin", DIGEST),
        pa.field("part", pa.int64()),
        pa.field("seat", pa.int64()),  # of its first example, in the order read
        pa.field("stratum", pa.string()),  # of that example
        pa.field("size", pa.int64()),
        pa.field("is_mixed", pa.bool_()),  # its examples are of several strata
    ]
)
KNOWN: Final = pa.schema([pa.field("kin", DIGEST), pa.field("stratum", pa.string())])

Bins = Counter[tuple[str, int]]
Hashes = npt.NDArray[np.uint64]


class Line(NamedTuple):
    """A place in the order of kin: by seeded hash, then by kin."""

    hash: int
    kin: bytes


class Cuts(NamedTuple):
    """What decides the side of a kin without seeing any other."""

    share: float
    """Hashes below this share of all go to validation."""
    last: Mapping[str, Line]
    """Stratum → the last kin that goes to validation to fill it up."""


def count_kin(job: Job, part: int) -> int:
    """Tell the buckets how many examples of each kin ship, and save each row's kin; gives the number that ships."""
    fates = job.store.load(f"fates/{part:07}")
    rows = job.store.load(f"rows/{part:07}", columns=["stratum"])
    kin = kin_of(job, part, fates["alone"])
    job.store.save(f"related/{part:07}", [pa.table({"kin": kin})])
    ships = pc.equal(fates["fate"], "kept")
    strata = _strata(rows["stratum"], job.plan.split)
    seats = pa.array(row_numbers(part, len(rows)))
    kept = pa.table({"kin": kin, "seat": seats, "stratum": strata}).filter(ships)
    ordered = kept.sort_by([("kin", "ascending"), ("seat", "ascending")])
    firsts = runs(ordered, "kin")
    heads = ordered.take(pa.array(firsts))
    sizes = np.diff(np.append(firsts, len(ordered)))
    mixed = _mixed(ordered, firsts)
    columns = [heads["kin"], np.full(len(heads), part, np.int64), heads["seat"], heads["stratum"], sizes, mixed]
    table = pa.table(columns, schema=SIZES)
    job.from_parts("sizes").send(part, table, homes(table["kin"], job.buckets))
    return len(kept)


def tally(job: Job, bucket: int) -> Bins:
    """Save the size of each kin, tell the parts the stratum of mixed ones, and count examples by stratum and bin."""
    told = job.from_parts("sizes").receive(bucket).sort_by([("kin", "ascending"), ("seat", "ascending")])
    firsts = runs(told, "kin")
    heads = told.take(pa.array(firsts))
    sizes = np.add.reduceat(told["size"].to_numpy(), firsts) if len(firsts) else np.zeros(0, np.int64)
    kin = pa.table(
        {
            "hash": seeded(heads["kin"], job.plan.seed),
            "kin": heads["kin"],
            "size": sizes,
            "stratum": heads["stratum"],
        }
    )
    job.store.save(f"sized/{bucket:07}", [kin])
    mixed = _mixed(told, firsts) | _any(told["is_mixed"].to_numpy(), firsts)
    codes = np.repeat(np.arange(len(firsts)), np.diff(np.append(firsts, len(told))))
    sends = mixed[codes]
    known = pa.table([heads["kin"].take(pa.array(codes)), heads["stratum"].take(pa.array(codes))], schema=KNOWN)
    job.to_parts("strata").send(bucket, known.filter(pa.array(sends)), told["part"].to_numpy()[sends])
    bins: Bins = Counter()
    for stratum, spot, size in zip(
        kin["stratum"].to_pylist(), _bins(kin["hash"].to_numpy()).tolist(), sizes.tolist(), strict=True
    ):
        bins[stratum, spot] += size
    return bins


def look(job: Job, bucket: int, *, wanted: frozenset[tuple[str, int]]) -> list[tuple[str, Line, int]]:
    """Give stratum, place and size of each kin in these bins."""
    kin = job.store.load(f"sized/{bucket:07}")
    spots = _bins(kin["hash"].to_numpy())
    lines = kin.filter(pa.array(np.isin(spots, [spot for _, spot in wanted]))).to_pylist()
    found_lines = [(line["stratum"], Line(line["hash"], line["kin"]), line["size"]) for line in lines]
    return [one for one in found_lines if (one[0], one[1].hash >> (64 - BITS)) in wanted]


class Full(NamedTuple):
    """The bin in which a stratum becomes full, and how many examples are still wanted when it begins."""

    spot: int
    wanted: int


def full_bins(bins: Bins, settings: SplitSettings) -> dict[str, Full]:
    """Give for each stratum the bin in which its share of validation is reached; strata that want none are absent."""
    full = {}
    for stratum, wanted in _wanted(bins, settings).items():
        spots = sorted((spot, size) for (name, spot), size in bins.items() if name == stratum)
        before = 0
        for spot, size in spots:
            if before < wanted:
                full[stratum] = Full(spot, wanted - before)
            before += size
    return full


def cuts(
    full: Mapping[str, Full], lines: Sequence[tuple[str, Line, int]], settings: SplitSettings, shipped: int
) -> Cuts:
    """Give what decides every side; `lines` are the kin of the bins in which a stratum becomes full."""
    last = {}
    for stratum, (_, wanted) in full.items():
        before = 0
        for line, size in sorted((line, size) for name, line, size in lines if name == stratum):
            if before >= wanted:
                break
            last[stratum] = line
            before += size
    is_by_share = settings.stratify == "none" and settings.minimum <= shipped * LARGEST_FILL
    return Cuts(settings.share if is_by_share else 0.0, last)


def sides_of(job: Job, part: int, rows: pa.Table, cut: Cuts) -> pa.Array:
    """Give the side of every row of a part that ships, None for the others.

    `rows` has kin, fate and stratum, and what `sound_and_pinned` asks for where a validation set is pinned.
    """
    ships = pc.equal(rows["fate"], "kept").to_numpy()
    if job.plan.split.pinned:
        pinned = sound_and_pinned(rows, job)[1]
        return split(rows, ships=ships, settings=job.plan.split, seed=job.plan.seed, pinned=pinned)
    kept = rows.select(["kin", "stratum"]).filter(pa.array(ships))
    told = job.to_parts("strata").receive(part)
    at = found(kept["kin"], told["kin"])
    strata = pc.coalesce(told["stratum"].take(pa.array(at, mask=at < 0)), _strata(kept["stratum"], job.plan.split))
    hashes = seeded(kept["kin"], job.plan.seed)
    chosen = hashes.astype(np.float64) / 2.0**64 < cut.share
    for row in np.flatnonzero(~chosen).tolist() if cut.last else ():
        last = cut.last.get(strata[row].as_py())
        chosen[row] = last is not None and (int(hashes[row]), kept["kin"][row].as_py()) <= last
    sides = np.full(len(rows), None, dtype=object)
    sides[ships] = np.where(chosen, SIDES[1], SIDES[0])
    return pa.array(sides, pa.string())


def seeded(kin: pa.ChunkedArray, seed: int) -> Hashes:
    """Give the hash by which kin are chosen."""
    return np.array(
        [xxhash.xxh3_64_intdigest(one, seed=seed & 0xFFFFFFFFFFFFFFFF) for one in kin.to_pylist()], np.uint64
    )


def _wanted(bins: Bins, settings: SplitSettings) -> dict[str, int]:
    if settings.share == 0:
        return {}
    totals: Counter[str] = Counter()
    for (stratum, _), size in bins.items():
        totals[stratum] += size
    if settings.stratify != "none":
        return {stratum: round(settings.share * total) for stratum, total in totals.items()}
    return {ALL: settings.minimum} if settings.minimum <= totals[ALL] * LARGEST_FILL else {}


def _strata(column: pa.ChunkedArray, settings: SplitSettings) -> pa.ChunkedArray | pa.Array:
    if settings.stratify == "none":
        return pa.array([ALL] * len(column), pa.string())
    return pc.fill_null(column, "None")


def _mixed(ordered: pa.Table, firsts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Say of each run of kin whether its strata differ."""
    differs = np.zeros(len(ordered), dtype=bool)
    differs[runs(ordered, "kin", "stratum")] = True
    differs[firsts] = False
    return _any(differs, firsts)


def _any(flags: npt.NDArray[np.bool_], firsts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    return np.logical_or.reduceat(flags, firsts) if len(firsts) else np.zeros(0, dtype=bool)


def _bins(hashes: Hashes) -> npt.NDArray[np.int64]:
    return (hashes >> np.uint64(64 - BITS)).astype(np.int64)
