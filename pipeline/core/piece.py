"""Some rows of one source on their way to an engine: small to send, and read where they are worked on."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import pyarrow as pa


class Piece(Protocol):
    """Rows of one source that can be read anywhere, and whose content can be told apart without reading them."""

    @property
    def source(self) -> str:
        """The plan's name of the source."""
        ...

    @property
    def digest(self) -> bytes:
        """Equal for pieces that hold equal rows; it says nothing of where they stand."""
        ...

    def read(self) -> pa.RecordBatch:
        """Give the rows in the schema `columns.PIECE`."""
        ...

    def names(self, lines: pa.Array) -> pa.Array:
        """Give the names of the rows, by the lines that `read` gave."""
        ...

    def halves(self) -> Sequence["Piece"]:
        """Give the same rows in smaller pieces; of a single row nothing."""
        ...

    def lost(self) -> "Piece":
        """Give the single row as one that could not be read, because the process that worked on it died."""
        ...


class Cut(NamedTuple):
    """A piece of a file as it was once cut."""

    size: int
    """Bytes."""
    lines: int
    """Physical lines."""
    content: bytes
    """xxh3-128 of the bytes."""


class CutMemory(Protocol):
    """Keeps where files were cut, so that one that grew is searched only where it is new."""

    def last(self, key: str) -> Sequence[Cut] | None:
        """Give the cuts kept under this key, which stands for a file and for how it is cut; None: there are none."""

    def keep(self, key: str, cuts: Sequence[Cut]) -> None:
        """Keep these from now on."""
