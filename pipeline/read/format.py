"""What a format is, and all there are: one file each in pipeline/read/kinds, found by folder."""

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NamedTuple

from pipeline.core.record import Record
from pipeline.read.settings import ReadSettings
from pipeline.read.stream import Stream


class Settled(NamedTuple):
    """Settings with everything filled in that was left to detection, and what is worth saying about it."""

    settings: Any
    """Of the format's own class."""
    notes: tuple[str, ...] = ()
    """One sentence each: a guess that may be wrong, lines passed over."""


class Format(NamedTuple):
    """One way in which files hold records."""

    name: str
    settings: type[ReadSettings]
    suffixes: frozenset[str]
    """Endings in lower case with the dot; a hint, never a proof."""
    settle: Callable[[Stream, Any], Settled]
    """Fill in the settings from a look at the file's beginning."""
    records: Callable[[Stream, Any], Iterator[Record]]
    """Give the records in the file's order, reading as a stream; settings need not be settled."""
    is_text: bool = True
    """Whether its files have an encoding."""


@cache
def formats() -> dict[str, Format]:
    """Give every format by name, in the order of names."""
    folder = Path(__file__).parent / "kinds"
    names = sorted(module.name for module in iter_modules([str(folder)]))
    found = [import_module(f"pipeline.read.kinds.{name}").FORMAT for name in names]
    return {entry.name: entry for entry in found}
