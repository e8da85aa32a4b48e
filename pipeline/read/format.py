"""What a format is, and all there are: one file each in pipeline/read/kinds, found by folder."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
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


class Manner(Protocol):
    """How the bytes of one text file become records, any whole records of it by themselves; it travels to workers."""

    @property
    def identity(self) -> str:
        """Equal for manners that make equal records of equal bytes."""
        ...

    @property
    def most_bytes(self) -> int:
        """Size at which a record without an end is no longer waited for."""
        ...

    def head(self, data: bytes) -> bytes | None:
        """Give what comes before the first record, of a file that begins so; None: it cannot be told for certain."""
        ...

    def ends(self, data: bytes) -> npt.NDArray[np.int64] | None:
        """Give the places after whole records, of bytes that begin with one; None: they cannot be told for certain."""
        ...

    def records(self, data: bytes) -> Iterator[Record | Chunk]:
        """Give the records of these bytes, which end between two or with the file; lines count from 1."""
        ...

    def careful(self, blocks: Iterable[bytes], line: int, *, has_head: bool) -> Iterator[Record | Chunk]:
        """Give the records of all the bytes that follow, of which the first stands on this line."""
        ...


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
    manner: Callable[[Stream, Any], Manner | None] | None = None
    """How parts of this file, which is in UTF-8, are read by themselves; None: they cannot be."""


@cache
def formats() -> dict[str, Format]:
    """Give every format by name, in the order of names."""
    folder = Path(__file__).parent / "kinds"
    names = sorted(module.name for module in iter_modules([str(folder)]))
    found = [import_module(f"pipeline.read.kinds.{name}").FORMAT for name in names]
    return {entry.name: entry for entry in found}
