"""Findings counted by code, each with the first places where it stands."""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.columns import FINDING
from pipeline.core.finding import Finding, Severity
from pipeline.core.order import sorted_rows
from pipeline.report.model import FIRST_PLACES, WHOLE, CodeFacts, Place

FLAWS: Final = pa.schema([pa.field("row", pa.int64()), *FINDING])


def by_code(facts: pa.Table, *, reasons: Mapping[str, str]) -> tuple[CodeFacts, ...]:
    """Count the findings and troubles of the rows, the gravest and most frequent codes first.

    `facts` has name and findings, and trouble where rows could not be read or composed. `reasons` says why a code matters.
    """
    flaws = _flaws(facts)
    if not len(flaws):
        return ()
    names = facts["name"].take(flaws["row"])
    flaws = flaws.append_column("name", names).take(pa.array(sorted_rows(names)))
    codes = flaws["code"].combine_chunks().dictionary_encode()
    numbers = codes.indices.to_numpy()
    order = np.argsort(numbers, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(numbers, minlength=len(codes.dictionary)))[:-1])
    counted = [_count(flaws.take(pa.array(part)), reasons) for part in parts]
    return tuple(sorted(counted, key=_gravest_first))


def of_dataset(findings: Iterable[Finding], *, reasons: Mapping[str, str]) -> tuple[CodeFacts, ...]:
    """Count the findings of a survey of the whole dataset; `rows` is 0 where they name no row of it."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.code, []).append(finding)
    counted = [
        CodeFacts(
            code=code,
            severity=_word(max(f.severity for f in same)),
            count=len(same),
            rows=len({f.name for f in same} - {WHOLE}),
            first=tuple(Place(name=f.name, where=f.where, message=f.message) for f in same[:FIRST_PLACES]),
            reason=reasons.get(code, ""),
        )
        for code, same in found.items()
    ]
    return tuple(sorted(counted, key=_gravest_first))


def _count(flaws: pa.Table, reasons: Mapping[str, str]) -> CodeFacts:
    """Sum up the flaws of one code, which come in the order of their rows."""
    code = flaws["code"][0].as_py()
    first = flaws.slice(0, FIRST_PLACES).select(["name", "where", "message"]).to_pylist()
    return CodeFacts(
        code=code,
        severity=_word(pc.max(flaws["severity"]).as_py()),
        count=len(flaws),
        rows=pc.count_distinct(flaws["row"]).as_py(),
        first=tuple(Place(**place) for place in first),
        reason=reasons.get(code, ""),
    )


def _flaws(facts: pa.Table) -> pa.Table:
    """Give one line a flaw: row, code, severity, where, message. A trouble that check reported as well counts once."""
    findings = facts["findings"].combine_chunks()
    rows = pc.list_parent_indices(findings).to_numpy(zero_copy_only=False).astype(np.int64)
    flat = pc.list_flatten(findings)
    table = pa.table({"row": rows, **{field.name: flat.field(field.name) for field in FINDING}}, schema=FLAWS)
    if "trouble" not in facts.column_names:
        return table
    troubles = _troubles(facts["trouble"])
    seen = set(zip(rows.tolist(), table["code"].to_pylist(), strict=True)) if len(troubles) and len(table) else set()
    pairs = zip(troubles["row"].to_pylist(), troubles["code"].to_pylist(), strict=True)
    return pa.concat_tables([table, troubles.filter(pa.array([pair not in seen for pair in pairs], pa.bool_()))])


def _troubles(column: pa.ChunkedArray) -> pa.Table:
    """Take the texts `code sentence` of the rows in trouble apart."""
    rows = np.flatnonzero(pc.is_valid(column).to_numpy(zero_copy_only=False)).astype(np.int64)
    parts = [text.partition(" ") for text in column.take(pa.array(rows)).to_pylist()]
    table = {
        "row": rows,
        "code": [code for code, _, _ in parts],
        "severity": [int(Severity.ERROR)] * len(parts),
        "where": [""] * len(parts),
        "message": [message for _, _, message in parts],
    }
    return pa.table(table, schema=FLAWS)


def _word(severity: int) -> str:
    return str(Severity(severity))


def _gravest_first(facts: CodeFacts) -> tuple[int, int, str]:
    return -Severity.named(facts.severity), -facts.count, facts.code
