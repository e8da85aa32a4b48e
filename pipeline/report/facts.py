"""The two narrow tables that the gate looks at: numbers of each kept example, and one row about the whole dataset."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.finding import Severity
from pipeline.report.drift import DRIFT, Figure
from pipeline.report.model import Report

EXAMPLES: Final = {
    "tokens": "tokens",
    "system_tokens": "tokens of system turns",
    "user_tokens": "tokens of user turns",
    "assistant_tokens": "tokens of assistant turns",
    "tool_tokens": "tokens of tool results",
    "tools_tokens": "tokens of tool definitions",
    "trained_tokens": "trained tokens",
    "turns": "turns",
    "tool_calls": "tool calls",
    "has_system": "examples with a system turn",
    "is_validation": "validation examples",
    "is_flagged": "examples that the moderation backend flags",
    "mended": "repairs",
    "warnings": "findings below an error",
    "label": "label",
    "source": "source",
}
"""Column of the table `examples` (one row per kept example) → what it counts, in words."""

DATASET: Final = {
    "rows_read": "rows read",
    "kept": "kept examples",
    "train": "training examples",
    "validation": "validation examples",
    "share_kept": "share of rows kept",
    "share_rejected": "share of rows rejected",
    "share_duplicate": "share of rows that repeat another",
    "share_held": "share of rows held because a check could not answer",
    "share_flagged": "share of verified examples that moderation flagged",
    "share_validation": "share of validation",
    "share_conflicting": "share of kept examples whose prompt has several answers",
    "tokens_sum": "tokens of one epoch",
    "tokens_min": "tokens of the shortest example",
    "tokens_median": "median tokens",
    "tokens_mean": "mean tokens",
    "tokens_p95": "95th percentile of tokens",
    "tokens_max": "tokens of the longest example",
    "trained_sum": "trained tokens of one epoch",
    "labels": "labels",
    "label_ratio": "examples of the largest label per example of the smallest",
}
"""Column of the table `dataset` (one row) → what it says, in words. A null was not measured."""


def examples_table(facts: pa.Table, *, columns: Iterable[str]) -> pa.Table:
    """Give these columns of `EXAMPLES` for every kept row."""
    is_kept = pc.equal(facts["fate"], "kept")
    wanted = [column for column in EXAMPLES if column in set(columns)] or ["source"]
    return pa.table({column: pc.filter(_example_column(facts, column), is_kept) for column in wanted})


def dataset_table(report: Report) -> pa.Table:
    """Give the one row about the whole dataset, in the order of `DATASET`."""
    values = {
        "rows_read": report.rows_read,
        "kept": report.fates.kept,
        "train": report.sides.train.examples,
        "validation": report.sides.validation.examples,
        "share_kept": _share(report.fates.kept, report.rows_read),
        "share_rejected": _share(report.fates.rejected, report.rows_read),
        "share_duplicate": _share(report.duplicates.rows, report.rows_read),
        "share_held": _share(report.fates.held, report.rows_read),
        "share_flagged": _share(report.moderation.flagged, report.moderation.verified),
        "share_validation": report.sides.share,
        "share_conflicting": _share(report.conflicts.examples, report.fates.kept),
        **_tokens(report),
        **_labels(report),
    }
    return pa.table({column: pa.array([values[column]], pa.float64()) for column in DATASET})


def drift_table(figures: Sequence[Figure]) -> pa.Table:
    """Give the one row about a build beside the accepted version, in the order of `DRIFT`; null: not comparable."""
    values = {figure.column: figure.new for figure in figures}
    return pa.table({column: pa.array([values.get(column)], pa.float64()) for column in DRIFT})


def _example_column(rows: pa.Table, column: str) -> Any:
    if column == "source":
        return rows["source"]
    if column == "label":
        return rows["stratum"]
    if column == "is_validation":
        return pc.equal(rows["side"], "validation")
    if column == "is_flagged":
        return _flagged(rows)
    if column == "mended":
        return pc.fill_null(pc.list_value_length(rows["mended"]), 0)
    if column == "warnings":
        return _warnings(rows)
    if column == "has_system":
        return pc.match_substring_regex(pc.struct_field(rows["shape"], "roles"), "[sd]")
    if column in ("turns", "tool_calls"):
        return pc.struct_field(rows["shape"], column)
    return pc.struct_field(rows["tokens"], "total" if column == "tokens" else column.removesuffix("_tokens"))


def _flagged(rows: pa.Table) -> Any:
    if "moderation" not in rows.column_names:
        return pa.nulls(len(rows), pa.bool_())
    return pc.struct_field(rows["moderation"], "flagged")


def _warnings(rows: pa.Table) -> Any:
    """Count the findings of each row; errors cannot be among those of a kept one."""
    assert Severity.WARNING < Severity.ERROR
    return pc.fill_null(pc.list_value_length(rows["findings"]), 0)


def _tokens(report: Report) -> dict[str, float | None]:
    shipped = report.tokens.shipped
    names = ("sum", "min", "median", "mean", "p95", "max")
    values = {f"tokens_{name}": getattr(shipped.total, name) if shipped else None for name in names}
    return {**values, "trained_sum": shipped.trained.sum if shipped else None}


def _labels(report: Report) -> dict[str, float | None]:
    sizes = [stratum.train + stratum.validation for stratum in report.strata]
    if not sizes:
        return {"labels": None, "label_ratio": None}
    return {"labels": len(sizes), "label_ratio": max(sizes) / max(min(sizes), 1)}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
