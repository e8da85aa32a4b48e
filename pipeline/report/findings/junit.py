"""JUnit's XML, as every continuous integration reads it: a suite a file, a case a code."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from pipeline.core.finding import Finding, Severity
from pipeline.report.checked import Checked
from pipeline.report.findings.face import Face, Show, names, place

_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no place for; a file's name may hold them."""
PLACES: Final = 100
"""Places in one case: a reader shows them all at once."""


def write(checked: Checked, show: Show) -> Iterator[str]:
    """Give the suites; a code fails its case from the severity on at which the check fails, else it is only told."""
    files = names(checked)
    by_file: dict[str, list[Finding]] = {name: [] for name in sorted(files)}
    for finding in checked.findings:
        by_file.setdefault(place(finding, files).file or "dataset", []).append(finding)
    suites = [_Suite(name, found, show.fail_on) for name, found in by_file.items()]
    tests, failures = sum(one.tests for one in suites), sum(one.failures for one in suites)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="tuneset check" tests="{tests}" failures="{failures}" errors="0">\n'
    for suite in suites:
        yield from suite.lines()
    yield "</testsuites>\n"


class _Suite:
    """One file's codes as cases; one case that passes where nothing was found."""

    def __init__(self, name: str, found: list[Finding], fail_on: Severity | None) -> None:
        ordered = sorted(found, key=lambda one: one.code)
        self._name = name
        self._cases = [(code, list(group)) for code, group in groupby(ordered, key=lambda one: one.code)]
        self._fails = [
            fail_on is not None and max(one.severity for one in group) >= fail_on for _, group in self._cases
        ]
        self.tests = len(self._cases) or 1
        self.failures = sum(self._fails)

    def lines(self) -> Iterator[str]:
        name = _attribute(self._name)
        yield f'  <testsuite name={name} tests="{self.tests}" failures="{self.failures}" errors="0" skipped="0">\n'
        if not self._cases:
            yield f'    <testcase classname={name} name="tuneset check"/>\n'
        for (code, group), fails in zip(self._cases, self._fails, strict=True):
            yield f"    <testcase classname={name} name={_attribute(code)}>\n"
            yield _told(group, fails=fails)
            yield "    </testcase>\n"
        yield "  </testsuite>\n"


def _told(group: Sequence[Finding], *, fails: bool) -> str:
    from xml.sax.saxutils import escape  # brings urllib, 15 ms that every other face would pay

    lines = [str(finding) for finding in group[:PLACES]]
    if len(group) > PLACES:
        lines.append(f"... and {len(group) - PLACES:,} more")
    text = escape(_FORBIDDEN.sub("?", "\n".join(lines)))
    if not fails:
        return f"      <system-out>{text}</system-out>\n"
    message = _attribute(f"{len(group):,} x {group[0].code}: {group[0].message}")
    return f'      <failure type="{group[0].severity}" message={message}>{text}</failure>\n'


def _attribute(text: str) -> str:
    from xml.sax.saxutils import quoteattr

    return quoteattr(_FORBIDDEN.sub("?", text))


FACE = Face("junit", write)
