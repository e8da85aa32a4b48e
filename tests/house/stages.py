"""Rows and stages for tests of engines: small, picklable, and one that kills its process."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from pipeline.core.columns import CHECK, COMPOSE, MEASURE, READ


def batches(records: list[str], size: int) -> Iterator[pa.RecordBatch]:
    """Give rows of one source, a few at a time."""
    for start in range(0, len(records), size):
        part = records[start : start + size]
        rows = [
            {"name": f"a.csv:{start + i}", "source": "a", "record": record, "raw": None, "unread": None}
            for i, record in enumerate(part)
        ]
        yield pa.RecordBatch.from_pylist(rows, schema=READ)


@dataclass(frozen=True)
class Shout:
    """Adds the record in capitals."""

    name: str = "shout"
    reads: tuple[str, ...] = ("record",)

    @property
    def adds(self) -> pa.Schema:
        return pa.schema([("loud", pa.string())])

    def __call__(self, batch: pa.Table) -> pa.Table:
        loud = [r.upper() if r else None for r in batch["record"].to_pylist()]
        return batch.append_column("loud", pa.array(loud, pa.string()))


@dataclass(frozen=True)
class Deadly:
    """Dies without a word on a row that says so, as a process killed by the system does."""

    name: str = "deadly"
    reads: tuple[str, ...] = ("record",)

    @property
    def adds(self) -> pa.Schema:
        return pa.schema([])

    def __call__(self, batch: pa.Table) -> pa.Table:
        if "die" in batch["record"].to_pylist():
            os._exit(9)
        return batch


@dataclass(frozen=True)
class Unmeasured:
    """Adds the columns of compose, measure and check, with nothing in them."""

    name: str = "unmeasured"
    reads: tuple[str, ...] = ()

    @property
    def adds(self) -> pa.Schema:
        return pa.unify_schemas([COMPOSE, MEASURE, CHECK])

    def __call__(self, batch: pa.Table) -> pa.Table:
        for field in self.adds:
            empty = (
                pa.array([[]] * len(batch), field.type)
                if field.name == "findings"
                else pa.nulls(len(batch), field.type)
            )
            batch = batch.append_column(field, empty)
        return batch


@dataclass(frozen=True)
class DeadlyWord:
    """Dies on a record that holds the word; says of the others that they are alive."""

    name: str = "deadly"
    reads: tuple[str, ...] = ("record",)

    @property
    def adds(self) -> pa.Schema:
        return pa.schema([("alive", pa.bool_())])

    def __call__(self, batch: pa.Table) -> pa.Table:
        if '{"word":"die"}' in batch["record"].to_pylist():
            os._exit(9)
        return batch.append_column("alive", pa.array([True] * len(batch)))
