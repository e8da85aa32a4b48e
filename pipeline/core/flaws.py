"""Findings about single rows that only the whole table shows, beside those of the check."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.columns import FINDING
from pipeline.core.finding import Severity


def with_flaws(
    table: pa.Table, rows: npt.NDArray[np.int64], code: str, severity: Severity, messages: Sequence[str]
) -> pa.Table:
    """Give the table with one more finding for each of these distinct rows, about the whole row."""
    if len(rows) == 0:
        return table
    found = table["findings"].combine_chunks()
    sizes = pc.fill_null(pc.list_value_length(found), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    more = [{"code": code, "severity": int(severity), "where": "", "message": message} for message in messages]
    every = pa.concat_arrays([pc.list_flatten(found), pa.array(more, FINDING)])
    owner = np.concatenate([np.repeat(np.arange(len(sizes)), sizes), rows])
    offsets = np.concatenate([[0], np.cumsum(sizes + np.bincount(rows, minlength=len(sizes)))])
    values = every.take(pa.array(np.argsort(owner, kind="stable")))
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
    at = table.schema.get_field_index("findings")
    return table.set_column(at, table.schema.field(at), lists.cast(table.schema.field(at).type))
