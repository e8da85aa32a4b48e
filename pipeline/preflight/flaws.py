"""How grave the flaws of whole files are, where neither the plan nor the target says otherwise."""

import shlex
from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from pipeline.check import DATASET, severity_of
from pipeline.core.finding import Finding, Severity
from pipeline.core.lifetime import status
from pipeline.core.settings import CheckSettings
from pipeline.core.target import Target
from pipeline.core.trouble import Trouble
from pipeline.preflight.lines import Ends
from pipeline.preflight.recognise import TITLES, Kind
from pipeline.preflight.source import Source

FLAWS: Final[Mapping[str, Severity]] = MappingProxyType(
    {
        "file.shape": Severity.ERROR,
        "file.encoding": Severity.ERROR,
        "file.line-ends": Severity.ERROR,
        "file.long-line": Severity.ERROR,
        "file.empty": Severity.ERROR,
        "file.bom": Severity.WARNING,
        "file.blank-line": Severity.WARNING,
        "file.crlf": Severity.INFO,
        "file.last-line-end": Severity.INFO,
        "read.damaged": Severity.ERROR,
        "expect.not-met": Severity.ERROR,
        "baseline.worse": Severity.ERROR,
        "target.closed": Severity.WARNING,
        "target.closing": Severity.INFO,
    }
)
"""Code → severity. CR LF and a missing last line end are taken everywhere that is known, so they are only told."""

LONGEST_NAME: Final = 80
"""Characters of a path that still fit into a sentence."""


def judged(name: str, trouble: Trouble, settings: CheckSettings) -> Iterator[Finding]:
    """Give the finding of a flaw, or nothing where the plan or target keeps its code silent."""
    rules = settings.rules
    is_asked = not rules.select or trouble.code.startswith(rules.select)
    if is_asked and not (rules.ignore and trouble.code.startswith(rules.ignore)):
        severity = severity_of(trouble.code, FLAWS.get(trouble.code, Severity.ERROR), settings)
        if severity is not None:
            yield Finding(name, trouble.code, severity, "", trouble.message)


def of_bytes(source: Source, settings: CheckSettings) -> Iterator[Finding]:
    """Give what the whole file has before its lines are read."""
    for trouble in source.flaws:
        yield from judged(source.address, trouble, settings)


def of_lines(source: Source, ends: Ends, settings: CheckSettings) -> Iterator[Finding]:
    """Give what showed about the lines' ends when they had been read."""
    if ends.crlf:
        told = f"{ends.crlf:,} of {ends.lines:,} lines end in CR LF; expected LF."
        yield from judged(f"{source.address}:{ends.first_crlf}", Trouble("file.crlf", told), settings)
    if ends.blank:
        told = f"{ends.blank:,} blank lines, this is the first; expected one example a line."
        if ends.blank == 1:
            told = "A blank line; expected one example a line."
        yield from judged(f"{source.address}:{ends.first_blank}", Trouble("file.blank-line", told), settings)
    if ends.is_last_open:
        told = "The last line has no end; expected LF."
        yield from judged(f"{source.address}:{ends.lines}", Trouble("file.last-line-end", told), settings)


def of_shape(source: Source, kind: Kind | None, settings: CheckSettings) -> Iterator[Finding]:
    """Give the one finding about a file that holds no fine-tuning lines; `kind` is None for an empty one."""
    if kind is None:
        yield from judged(
            source.address, Trouble("file.empty", "Holds nothing; expected one example a line."), settings
        )
        return
    found = TITLES.get(kind.form, kind.form)
    wanted = "preference pairs" if settings.limits.method == "dpo" else "chat messages"
    name = shlex.quote(source.address) if len(source.address) <= LONGEST_NAME else "FILE"
    cure = f"`tuneset init --from {name}`, then `tuneset build`, converts it."
    yield from judged(source.address, Trouble("file.shape", f"Holds {found}; expected {wanted}. {cure}"), settings)


def of_target(target: Target, on: date | None, settings: CheckSettings) -> Iterator[Finding]:
    """Give what the calendar says about the target; nothing where no day is given."""
    life = status(target, on) if on else None
    if life and life.state != "open":
        code = "target.closing" if life.can_train else "target.closed"
        yield from judged(DATASET, Trouble(code, f"{target.id} is {life.sentence}."), settings)
