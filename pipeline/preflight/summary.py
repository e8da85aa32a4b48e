"""The result as values: what was found, how many tokens, at what price."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.settings import CostSettings
from pipeline.preflight.aim import Aim
from pipeline.preflight.tally import Tally
from pipeline.report.checked import (
    Checked,
    CheckedCost,
    CheckedFile,
    CheckedModeration,
    CheckedTokens,
    CheckSummary,
    verdict_of,
)
from pipeline.report.lengths import Lengths, weigh

ASKED: Final = ("name", "source", "total_tokens", "trained_tokens", "moderation_state", "is_routed")
NEAR_TWINS: Final = "near duplicates (many examples; --near asks)"

if TYPE_CHECKING:
    from pipeline.preflight.judge import File
    from pipeline.report.cost import TargetCost


def checked(
    tally: Tally,
    files: Sequence["File"],
    facts: pa.Table | None,
    goal: Aim,
    *,
    costs: CostSettings,
    on: date | None,
    near: bool,
) -> Checked:
    """Give the result of a check; `facts` is None where no line could be read."""
    examples = _examples(facts) if facts is not None else None
    lengths = _lengths(examples)
    priced = _priced(lengths, costs, goal, on) if lengths is not None and on is not None else None
    summary = CheckSummary(
        target=goal.target.id,
        method=goal.method,
        verdict=verdict_of(tally.severities),
        files=tuple(_file(file, examples) for file in files),
        examples=examples.num_rows if examples is not None else 0,
        clean_examples=max((examples.num_rows if examples is not None else 0) - tally.flawed_rows, 0),
        tokens=_tokens(examples, lengths, goal) if lengths is not None else None,
        cost=None if priced is None else _cost(priced),
        counts=tally.counts(),
        findings_left_out=tally.left_out,
        findings_hidden=tally.hidden_count,
        moderation=(seen := _moderation(examples)),
        not_asked=(*(() if seen else ("moderation",)), *(() if near else (NEAR_TWINS,))),
    )
    return Checked(summary, tuple(tally.findings), frozenset(tally.keys), priced)


def _examples(facts: pa.Table) -> pa.Table:
    """Give the rows that are examples, with what is asked of them here; where all are, not as a copy (300 MB a million)."""
    asked = facts.select(ASKED)
    return asked if pc.all(facts["ships"]).as_py() else asked.filter(facts["ships"])


def _moderation(examples: pa.Table | None) -> CheckedModeration | None:
    """Say what the offline screen looked at; None where it did not."""
    if examples is None:
        return None
    screened = pc.sum(pc.equal(examples["moderation_state"], "screened")).as_py() or 0
    to_review = pc.sum(examples["is_routed"]).as_py() or 0
    if not screened:
        return None
    from pipeline.measure.screen import BACKEND

    left = examples.num_rows - screened
    return CheckedModeration(backend=BACKEND, screened=screened, not_screened=left, to_review=to_review)


def _file(file: "File", examples: pa.Table | None) -> CheckedFile:
    count = 0
    if examples is not None and file.form:
        count = pc.sum(pc.starts_with(examples["name"], f"{file.source.address}:")).as_py() or 0
    return CheckedFile(
        name=file.source.address,
        side="train" if file.side == "train" else "validation",
        form=file.kind.form if file.kind else "nothing",
        bytes=file.source.size,
        lines=file.ends.lines,
        examples=count,
    )


def _lengths(examples: pa.Table | None) -> Lengths | None:
    if examples is None or not examples.num_rows or examples["total_tokens"].null_count == examples.num_rows:
        return None
    sides = [examples["total_tokens"].filter(pc.equal(examples["source"], side)) for side in ("train", "validation")]
    return Lengths(*(np.asarray(pc.fill_null(side, 0).to_numpy(), dtype=np.int64) for side in sides))


def _tokens(examples: pa.Table | None, lengths: Lengths, goal: Aim) -> CheckedTokens | None:
    if examples is None:
        return None
    window = goal.settings.limits.max_tokens
    both = np.concatenate([lengths.train, lengths.validation])
    return CheckedTokens(
        encoding=goal.encoding,
        is_estimate=not goal.is_exact,
        total=int(both.sum()),
        trained=pc.sum(examples["trained_tokens"]).as_py() or 0,
        longest=int(both.max(initial=0)),
        limit=window,
        over_limit=int((both > window).sum()) if window else 0,
        billable=weigh(lengths.train, window=window).tokens,
    )


def _priced(lengths: Lengths, costs: CostSettings, goal: Aim, on: date) -> "TargetCost":
    from pipeline.report.cost import target_cost

    return target_cost(lengths, costs, goal.target, on=on, method=goal.method)


def _cost(priced: "TargetCost") -> CheckedCost:
    epochs = (
        str(priced.epochs_low)
        if priced.epochs_low == priced.epochs_high
        else f"{priced.epochs_low} to {priced.epochs_high}"
    )
    if priced.rate is None:
        return CheckedCost(epochs=epochs)
    as_of = str(priced.rate.as_of) if priced.rate.as_of else None
    return CheckedCost(epochs=epochs, usd=str(priced.training), as_of=as_of)
