"""Rows that somebody asked to have erased lose their content as soon as they are read; their place and name stay."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core import columns
from pipeline.core.tombstone import ERASED, SENTENCE, Tombstones
from pipeline.core.trouble import Trouble


def erased(batches: Iterable[pa.RecordBatch], tombstones: Tombstones) -> Iterator[pa.RecordBatch]:
    """Give every batch with the rows that are meant turned into rows in trouble, without record and bytes.

    A row in is a row out: it leaves with a fate as any other does.
    """
    for batch in batches:
        meant = mask(batch, tombstones) if tombstones else []
        yield _without(batch, pa.array(meant)) if any(meant) else batch


def mask(batch: pa.RecordBatch, tombstones: Tombstones) -> list[bool]:
    """Say of each row of a batch of `columns.READ` whether it is meant."""
    return [
        tombstones.mean(record) if record is not None else raw is not None and tombstones.mean_unread(raw)
        for record, raw in zip(batch["record"].to_pylist(), batch["raw"].to_pylist(), strict=True)
    ]


def _without(batch: pa.RecordBatch, meant: pa.BooleanArray) -> pa.RecordBatch:
    why = pa.scalar(str(Trouble(ERASED, SENTENCE)))
    instead = {"record": pa.scalar(None, pa.string()), "raw": pa.scalar(None, pa.binary()), "unread": why}
    arrays = [
        _cleared(pc.if_else(meant, instead[field.name], batch[field.name]))
        if field.name in instead
        else batch[field.name]
        for field in columns.READ
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=columns.READ)


def _cleared(column: pa.Array) -> pa.Array:
    """Write a column anew: Arrow leaves the bytes of what became null where they were, and they would be written out."""
    return pa.array(column.to_pylist(), column.type)
