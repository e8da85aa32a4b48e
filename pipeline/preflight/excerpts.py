"""What stands at a finding's place, for those who asked to see it with --show; private data is only named."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from pipeline.core.example import Json
from pipeline.core.finding import Finding
from pipeline.core.private import masked
from pipeline.core.settings import PrivacySettings
from pipeline.preflight.source import Source, opened
from pipeline.report.checked import Checked

LONGEST: Final = 160
"""Characters of an excerpt: enough to recognise the place."""
PRIVATE: Final = frozenset(PrivacySettings().actions)
"""Kinds of private data that are only named, whatever the finding is about."""


def excerpts(checked: Checked, names: Sequence[str], *, places: int | None) -> dict[Finding, str]:
    """Give the excerpt of every finding that will be shown (`places` of each code; None: all); one pass a file.

    Standard input is gone by then and has none.
    """
    wanted: dict[str, dict[int, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    counts: Counter[str] = Counter()
    for finding in checked.findings:
        counts[finding.code] += 1
        file, _, line = finding.name.rpartition(":")
        if line.isdecimal() and (places is None or counts[finding.code] <= places):
            wanted[file][int(line)].append(finding)
    found: dict[Finding, str] = {}
    for name in names:
        if name in wanted:
            with opened(name) as source:
                for number, text in _numbered(source, set(wanted[name])):
                    found.update({finding: _excerpt(text, finding.where) for finding in wanted[name][number]})
    return found


def _numbered(source: Source, numbers: set[int]) -> Iterator[tuple[int, str]]:
    last = max(numbers)
    with source.path.open("rb") as file:
        file.seek(source.skip)
        lines = file if source.line_end == b"\n" else iter(file.read().split(source.line_end))
        for number, line in enumerate(lines, 1):
            if number in numbers:
                yield number, line.decode("utf-8", "backslashreplace")
            if number == last:
                return


def _excerpt(text: str, where: str) -> str:
    try:
        value = _at(json.loads(text), where) if where else None
    except (ValueError, RecursionError, LookupError, TypeError):
        value = None
    shown = masked(text.strip() if value is None else json.dumps(value, ensure_ascii=False), PRIVATE)
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in shown[: LONGEST + 1])
    return shown[:LONGEST] + "…" if len(shown) > LONGEST else shown


def _at(value: Json, where: str) -> Json:
    for step in where.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value
