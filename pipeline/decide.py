"""What becomes of each row: kept, rejected, duplicate or held. Every row leaves with one of the four."""

from collections.abc import Collection
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.finding import Severity

LOST: Final = "run."
"""Beginning of the troubles that are the run's own and not the data's: the row is held, not rejected."""

Mask = npt.NDArray[np.bool_]


class Verdict(NamedTuple):
    """Per row of the table: is it sound, is it held, and is there a payload that could ship."""

    sound: Mask
    held: Mask


class Pinned(NamedTuple):
    """Per row, where a plan pins its validation set."""

    rows: Mask
    """It is of that set, and sound: it ships whatever it repeats."""
    repeated: Mask
    """A row of that set speaks for its group: it does not ship, even where all that repeats is kept."""


def judge(facts: pa.Table, *, held_codes: Collection[str] = ("moderation.held",)) -> Verdict:
    """Say which rows are sound and which are held; `facts` has trouble and findings.

    A finding of `held_codes` holds its row: a check could not answer, or a person is to decide. A row that has an error
    besides is not held but rejected.
    """
    lost = pc.fill_null(pc.starts_with(facts["trouble"], LOST), fill_value=False).to_numpy(zero_copy_only=False)
    broken = pc.is_valid(facts["trouble"]).to_numpy(zero_copy_only=False) & ~lost
    found = _found(facts["findings"].combine_chunks(), held_codes)
    held = (lost | found.holding) & ~broken & ~found.erring
    return Verdict(sound=~(broken | lost | found.erring | found.holding), held=held)


def decide(
    verdict: Verdict,
    *,
    spokesman: npt.NDArray[np.int64],
    names: pa.ChunkedArray,
    keep_all: bool,
    pinned: Pinned | None = None,
) -> pa.Table:
    """Give fate and twin of every row.

    `spokesman` has, per row, the row number that speaks for its group among the sound ones, or -1 where none is sound.
    """
    rows = np.arange(len(spokesman))
    repeats = verdict.sound & (spokesman != rows) & (spokesman >= 0)
    if pinned is not None:
        repeats &= ~pinned.rows
    fate = np.where(verdict.sound, "kept", np.where(verdict.held, "held", "rejected")).astype(object)
    if not keep_all:
        fate[repeats] = "duplicate"
    elif pinned is not None:
        fate[repeats & pinned.repeated] = "duplicate"
    twin = pa.array(np.where(repeats, spokesman, 0), mask=~repeats)
    return pa.table({"fate": pa.array(fate, pa.string()), "twin": pc.take(names.combine_chunks(), twin)})


class _Found(NamedTuple):
    """Per row: has it a finding that holds it, has it another one that is an error."""

    holding: Mask
    erring: Mask


def _found(findings: pa.ListArray, held_codes: Collection[str]) -> _Found:
    holding, erring = np.zeros(len(findings), dtype=bool), np.zeros(len(findings), dtype=bool)
    flaws = pc.list_flatten(findings)
    if len(flaws):
        rows = pc.list_parent_indices(findings).to_numpy(zero_copy_only=False)
        codes = flaws.field("code")
        named = pc.or_(pc.is_in(codes, pa.array(list(held_codes), pa.string())), pc.starts_with(codes, LOST))
        holds = named.to_numpy(zero_copy_only=False)
        errs = flaws.field("severity").to_numpy(zero_copy_only=False) >= Severity.ERROR
        holding[rows[holds]] = True
        erring[rows[errs & ~holds]] = True
    return _Found(holding, erring)
