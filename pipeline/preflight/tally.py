"""Findings in bounded memory: every one is counted, the first of each code are kept."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from pipeline.core.finding import Finding, Severity
from pipeline.report.checked import CodeCount

KEPT: Final = 1_000
"""Findings of one code that are kept by default: more than anyone reads, and 60 codes of them are some 20 MB."""


class Tally:
    """Takes findings in their order; counts all, keeps the first `keep` of each code (None: all)."""

    def __init__(self, *, keep: int | None = KEPT, hidden: frozenset[int] = frozenset()) -> None:
        self._keep = keep
        self._hidden = hidden
        self._counts: Counter[tuple[str, Severity]] = Counter()
        self._by_code: Counter[str] = Counter()
        self.findings: list[Finding] = []
        self.hidden_count = 0
        self.flawed_rows = 0
        """Rows with an error or a warning."""
        self.error_rows = 0
        """Rows with an error."""
        self.keys: set[int] = set()
        """Keys of all findings that were kept, for a baseline."""

    def add_rows(self, table: pa.Table) -> None:
        """Take the findings of judged rows."""
        for name, digest, findings in _flawed(table):
            flaws = [
                Finding(name, one["code"], Severity(one["severity"]), one["where"], one["message"]) for one in findings
            ]
            left = list(self._new(flaws, digest))
            self.flawed_rows += any(flaw.severity >= Severity.WARNING for flaw in left)
            self.error_rows += any(flaw.severity == Severity.ERROR for flaw in left)
            self._add(left, digest)

    def add_first(self, findings: Iterable[Finding]) -> None:
        """Take findings about files or the whole, which stand before those of rows."""
        rows, self.findings = self.findings, []
        self._add(self._new(findings, b""), b"")
        self.findings += rows

    def _new(self, findings: Iterable[Finding], digest: bytes) -> Iterator[Finding]:
        for finding in findings:
            if self._hidden and key(finding, digest) in self._hidden:
                self.hidden_count += 1
            else:
                yield finding

    def _add(self, findings: Iterable[Finding], digest: bytes) -> None:
        for finding in findings:
            self._counts[finding.code, finding.severity] += 1
            self._by_code[finding.code] += 1
            if self._keep is None or self._by_code[finding.code] <= self._keep:
                self.findings.append(finding)
                self.keys.add(key(finding, digest))

    @property
    def left_out(self) -> int:
        """Findings that were counted and not kept."""
        return self._by_code.total() - len(self.findings)

    @property
    def severities(self) -> set[Severity]:
        """Give the severities that were found."""
        return {severity for _, severity in self._counts}

    def counts(self) -> tuple[CodeCount, ...]:
        """Give how often each code was found: the gravest first, then the most frequent, then by name."""
        order = sorted(self._counts.items(), key=lambda one: (-one[0][1], -one[1], one[0][0]))
        return tuple(CodeCount(code=code, severity=str(severity), count=count) for (code, severity), count in order)


def key(finding: Finding, digest: bytes) -> int:
    """Give what a finding is known by in a baseline: the row's digest, the code and the place, not the line."""
    subject = digest or finding.name.encode()
    return xxhash.xxh3_64_intdigest(b"\0".join((subject, finding.code.encode(), finding.where.encode())))


def codes_only(table: pa.Table) -> pa.Table:
    """Give judged rows with the codes of their findings alone: what rules about the whole ask for."""
    findings = table["findings"].combine_chunks()
    codes = pa.StructArray.from_arrays([findings.flatten().field("code")], names=["code"])
    offsets = pc.subtract(findings.offsets, findings.offsets[0])
    index = table.schema.get_field_index("findings")
    return table.set_column(index, "findings", pa.ListArray.from_arrays(offsets, codes))


def _flawed(table: pa.Table) -> Iterator[tuple[str, bytes, list[dict[str, Any]]]]:
    """Give name, digest and findings of each row that has some."""
    lengths = pc.fill_null(pc.list_value_length(table["findings"]), 0).to_numpy()
    some = table.select(["name", "digest", "findings"]).take(pa.array(np.flatnonzero(lengths)))
    columns = (some[name].to_pylist() for name in some.column_names)
    yield from ((name, digest or b"", findings) for name, digest, findings in zip(*columns, strict=True))
