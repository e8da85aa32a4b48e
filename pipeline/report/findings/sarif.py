"""SARIF 2.1.0, as code scanning and editors read it. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

import msgspec

from pipeline.core.finding import Finding, Severity
from pipeline.report.checked import Checked
from pipeline.report.findings.face import Face, Show, names, place, reason

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
MOST: Final = 25_000
"""Results of one run that GitHub takes; the gravest go first and the rest are said to be missing."""


def write(checked: Checked, _show: Show) -> Iterator[str]:
    """Give the log with one run."""
    files = names(checked)
    findings = sorted(checked.findings, key=lambda one: -one.severity)
    codes = sorted({finding.code for finding in findings})
    run: dict[str, Any] = {
        "tool": {
            "driver": {"name": "tuneset", "version": version("tuneset"), "rules": [_rule(code) for code in codes]}
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(checked, len(findings))],
        "results": [_result(finding, codes.index(finding.code), files) for finding in findings[:MOST]],
    }
    yield msgspec.json.format(msgspec.json.encode({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})).decode()
    yield "\n"


def _rule(code: str) -> dict[str, Any]:
    text = reason(code)
    if not text:
        return {"id": code}
    first, _, rest = text.partition("\n")
    described = {"id": code, "shortDescription": {"text": first}, "fullDescription": {"text": text}}
    return {**described, "help": {"text": rest.strip()}} if rest.strip() else described


def _result(finding: Finding, index: int, files: frozenset[str]) -> dict[str, Any]:
    file, line = place(finding, files)
    location: dict[str, Any] = {}
    if file:
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(file)}, "region": {"startLine": line or 1}}
    if finding.where:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.where, "kind": "element"}]
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": finding.message},
        **({"locations": [location]} if location else {}),
    }


def _invocation(checked: Checked, count: int) -> dict[str, Any]:
    missing = checked.summary.findings_left_out + max(count - MOST, 0)
    notes = [{"level": "note", "message": {"text": f"{missing:,} more findings are counted and not listed."}}]
    return {"executionSuccessful": True, **({"toolExecutionNotifications": notes} if missing else {})}


def _uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


FACE = Face("sarif", write)
