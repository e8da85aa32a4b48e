"""A Great Expectations suite held against files that were checked: the tables that the build's gate has, from facts."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.finding import Finding, Severity
from pipeline.core.trouble import Trouble
from pipeline.group import conflicts
from pipeline.preflight.aim import Aim
from pipeline.report.expectations import Gate
from pipeline.report.facts import DATASET, EXAMPLES

CODE: Final = "expect.not-met"
FACTS: Final = {
    "tokens": "total_tokens",
    **{name: name for name in ("system_tokens", "user_tokens", "assistant_tokens", "tool_tokens", "tools_tokens")},
    **{name: name for name in ("trained_tokens", "turns", "tool_calls", "source")},
}
"""Column of the gate's table → column of facts."""
MIDDLE, NEARLY_ALL = 0.5, 0.95


def unmet(gate: Gate, facts: pa.Table, goal: Aim, *, error_rows: int) -> Iterator[Finding]:
    """Give a finding for every expectation that is not met; the gate answers once."""
    limits = goal.settings.limits
    parameters = {
        "max_tokens": limits.max_tokens,
        "min_examples": limits.min_examples,
        "max_examples": limits.max_examples,
        "validation_share": None,
    }
    tables = {"examples": _examples(facts), "dataset": _dataset(facts, error_rows)}
    for fact in gate.judge_tables(tables, parameters=parameters):
        if fact.passed is False:
            trouble = Trouble(CODE, fact.sentence)
            yield Finding("dataset", trouble.code, Severity.named(fact.severity), "", trouble.message)


def _examples(facts: pa.Table) -> pa.Table:
    kept = facts.filter(facts["ships"])
    columns = {name: kept[column] for name, column in FACTS.items()}
    columns["has_system"] = pc.match_substring_regex(kept["roles"], "[sd]")
    columns["is_validation"] = pc.equal(kept["side"], "validation")
    columns["warnings"] = pc.fill_null(pc.list_value_length(kept["findings"]), 0)
    columns["is_flagged"] = kept["is_flagged"]
    columns["mended"] = pa.repeat(pa.scalar(0), kept.num_rows)
    columns["label"] = pa.nulls(kept.num_rows, pa.string())
    return pa.table({name: columns[name] for name in EXAMPLES})


def _dataset(facts: pa.Table, error_rows: int) -> pa.Table:
    """Give the one row about the whole; a row with an error is what a build would reject."""
    kept = facts.filter(facts["ships"])
    rows, held = facts.num_rows, pc.sum(pc.equal(kept["side"], "validation")).as_py() or 0
    groups = pc.count_distinct(kept["group" if "group" in kept.column_names else "content"]).as_py()
    tokens = kept["total_tokens"].drop_null().to_numpy()
    values: dict[str, float | None] = dict.fromkeys(DATASET)
    values |= {"rows_read": rows, "kept": kept.num_rows, "train": kept.num_rows - held, "validation": held}
    values |= {"share_kept": _share(kept.num_rows, rows), "share_rejected": _share(error_rows, rows), "share_held": 0.0}
    values |= {"share_duplicate": _share(kept.num_rows - groups, rows), "share_validation": _share(held, kept.num_rows)}
    values["share_conflicting"] = _share(sum(map(len, conflicts(kept))), kept.num_rows)
    if len(tokens):
        values |= {"tokens_sum": int(tokens.sum()), "tokens_min": int(tokens.min()), "tokens_max": int(tokens.max())}
        values |= {"tokens_mean": float(tokens.mean()), "tokens_median": float(np.quantile(tokens, MIDDLE))}
        values |= {
            "tokens_p95": float(np.quantile(tokens, NEARLY_ALL)),
            "trained_sum": pc.sum(kept["trained_tokens"]).as_py(),
        }
    return pa.table({name: pa.array([values[name]], pa.float64()) for name in DATASET})


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
