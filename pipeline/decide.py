"""What becomes of each row: kept, rejected, duplicate or held. Every row leaves with one of the four."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.finding import Severity

HELD: Final = ("run.", "moderation.held")
"""Codes of troubles and findings that say *a check could not answer*: the row is held, not rejected."""

Mask = npt.NDArray[np.bool_]


class Verdict(NamedTuple):
    """Per row of the table: is it sound, is it held, and is there a payload that could ship."""

    sound: Mask
    held: Mask


def judge(facts: pa.Table) -> Verdict:
    """Say which rows are sound and which are held; `facts` has trouble and findings."""
    flawed = _has_finding(facts, errors_only=True)
    held = _is_held(facts)
    has_trouble = pc.is_valid(facts["trouble"]).to_numpy(zero_copy_only=False)
    return Verdict(sound=~flawed & ~has_trouble & ~held, held=held)


def decide(verdict: Verdict, *, spokesman: npt.NDArray[np.int64], names: pa.ChunkedArray, keep_all: bool) -> pa.Table:
    """Give fate and twin of every row.

    `spokesman` has, per row, the row number that speaks for its group among the sound ones, or -1 where none is sound.
    """
    rows = np.arange(len(spokesman))
    repeats = verdict.sound & (spokesman != rows) & (spokesman >= 0)
    fate = np.where(verdict.sound, "kept", np.where(verdict.held, "held", "rejected")).astype(object)
    if not keep_all:
        fate[repeats] = "duplicate"
    twin = pa.array(np.where(repeats, spokesman, 0), mask=~repeats)
    return pa.table({"fate": pa.array(fate, pa.string()), "twin": pc.take(names.combine_chunks(), twin)})


def _has_finding(facts: pa.Table, *, errors_only: bool) -> Mask:
    """Say which rows have a finding (of severity error)."""
    findings = facts["findings"].combine_chunks()
    marked = np.zeros(len(facts), dtype=bool)
    if len(findings.values):
        severity = pc.list_flatten(findings).field("severity").to_numpy(zero_copy_only=False)
        parents = pc.list_parent_indices(findings).to_numpy(zero_copy_only=False)
        marked[parents[severity >= Severity.ERROR] if errors_only else parents] = True
    return marked


def _is_held(facts: pa.Table) -> Mask:
    held = pc.fill_null(pc.starts_with(facts["trouble"], HELD[0]), False).to_numpy(zero_copy_only=False).copy()
    findings = facts["findings"].combine_chunks()
    if len(findings.values):
        codes = pc.equal(pc.list_flatten(findings).field("code"), HELD[1]).to_numpy(zero_copy_only=False)
        held[pc.list_parent_indices(findings).to_numpy(zero_copy_only=False)[codes]] = True
    return held
