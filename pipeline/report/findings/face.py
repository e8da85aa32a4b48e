"""What a face is: a function from a check's result to pieces of text, found by folder."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Final, NamedTuple, TypeAlias

from pipeline.core.finding import Finding, Severity
from pipeline.report.checked import Checked

FIRST_PLACES: Final = 5
"""Places that text shows of each code: enough to see a pattern."""


@dataclass(frozen=True)
class Show:
    """How findings are shown."""

    places: int | None = FIRST_PLACES
    """Places of each code in text; None: all that were kept."""
    colour: bool = False
    """Whether the text goes to a terminal."""
    fail_on: Severity | None = Severity.ERROR
    """The severity at which a check fails; None: it never does."""
    excerpts: Mapping[Finding, str] = field(default_factory=dict)
    """What stands at a finding's place, only when it was asked for."""


Write: TypeAlias = Callable[[Checked, Show], Iterator[str]]


class Face(NamedTuple):
    """One way to show what was found."""

    name: str
    write: Write
    """Give the pieces of the text in order; they end in a line end."""


class Place(NamedTuple):
    """A finding's name taken apart."""

    file: str
    line: int | None


@cache
def faces() -> dict[str, Face]:
    """Give every face by name, from the files of this folder that hold a `FACE`."""
    folder = Path(__file__).parent
    modules = (import_module(f"{__package__}.{module.name}") for module in iter_modules([str(folder)]))
    found = [module.FACE for module in modules if hasattr(module, "FACE")]
    return {face.name: face for face in found}


def place(finding: Finding, files: frozenset[str]) -> Place:
    """Give the file and line that a finding is about; a file alone, or its first where it is about the whole."""
    file, colon, line = finding.name.rpartition(":")
    if colon and line.isdecimal() and finding.name not in files:
        return Place(file, int(line))
    return Place(finding.name if finding.name in files else "", None)


def names(checked: Checked) -> frozenset[str]:
    """Give the names of the files that were checked."""
    return frozenset(file.name for file in checked.summary.files)


def reason(code: str) -> str:
    """Give why a code matters and how to cure it; empty for a code without a docstring."""
    from pipeline.core.rule import catalogue
    from pipeline.core.trouble import CAUSES

    rule = catalogue().get(code)
    return rule.reason if rule else CAUSES.get(code, "")
