"""GitHub's workflow commands: annotations on the lines of a pull request."""

from collections.abc import Iterator
from typing import Final

from pipeline.core.finding import Finding, Severity
from pipeline.report.checked import Checked
from pipeline.report.findings.face import Face, Show, names, place

COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def write(checked: Checked, _show: Show) -> Iterator[str]:
    """Give one command a finding, the gravest first: GitHub shows ten of each kind a step."""
    files = names(checked)
    for finding in sorted(checked.findings, key=lambda one: -one.severity):
        yield f"::{COMMANDS[finding.severity]} {_properties(finding, files)}::{_data(_sentence(finding))}\n"


def _properties(finding: Finding, files: frozenset[str]) -> str:
    file, line = place(finding, files)
    known = {"file": file, "line": str(line) if line else "", "title": finding.code}
    return ",".join(f"{name}={_property(value)}" for name, value in known.items() if value)


def _sentence(finding: Finding) -> str:
    return f"{finding.where} {finding.message}" if finding.where else finding.message


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FACE = Face("github", write)
