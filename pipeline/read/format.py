"""What a format is, and all there are: one file each in pipeline/read/kinds, found by folder."""

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline.core.record import Record
from pipeline.read.settings import ReadSettings
from pipeline.read.stream import Stream


class Settled(NamedTuple):
    """Settings with everything filled in that was left to detection, and what is worth saying about it."""

    settings: Any
    """Of the format's own class."""
    notes: tuple[str, ...] = ()
    """One sentence each: a guess that may be wrong, lines passed over."""


class Chunk(NamedTuple):
    """Many sound records at once."""

    lines: pa.Array
    """int64: the physical line on which each begins."""
    texts: pa.Array
    """string: each as JSON on one line."""


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
    chunks: Callable[[Stream, Any], Iterator[Record | Chunk]] | None = None
    """The same records, many at a time where the file is well-behaved; None: the format has no faster way."""


@cache
def formats() -> dict[str, Format]:
    """Give every format by name, in the order of names."""
    folder = Path(__file__).parent / "kinds"
    names = sorted(module.name for module in iter_modules([str(folder)]))
    found = [import_module(f"pipeline.read.kinds.{name}").FORMAT for name in names]
    return {entry.name: entry for entry in found}
