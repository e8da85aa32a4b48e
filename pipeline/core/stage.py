"""The contract between rooms and engines: a stage turns a slice of the table into the same rows with more columns."""

from typing import Protocol, runtime_checkable

import pyarrow as pa


class Stage(Protocol):
    """A row-preserving step that any engine can run on any slice of the table.

    It keeps nothing between batches and pickles as its settings; what is dear to load is cached per process by name.
    """

    @property
    def name(self) -> str:
        """The room's verb: compose, measure, check."""
        ...

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that must be there."""
        ...

    @property
    def adds(self) -> pa.Schema:
        """Columns that it appends, in this order."""
        ...

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Give the same rows in the same order with the columns of `adds` appended."""
        ...


@runtime_checkable
class Lasting(Stage, Protocol):
    """A stage whose columns may be kept: equal rows and an equal identity give equal columns."""

    @property
    def also_reads(self) -> tuple[str, ...]:
        """Columns that change what it says where they are there."""
        ...

    def identity(self, source: str) -> str:
        """Give everything but the rows that decides what it says of this source; never a secret."""
        ...
