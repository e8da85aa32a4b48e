"""Where each line came from and what became of each row: a table beside the data, for `whereabouts` to answer from."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.core.columns import DIGEST
from pipeline.core.order import sorted_rows

FILE: Final = "lineage.parquet"
LINEAGE: Final = pa.schema(
    [
        pa.field("name", pa.string(), nullable=False),  # file:line of the row that was read
        pa.field("source", pa.string(), nullable=False),
        pa.field("digest", DIGEST),  # of the example; None: it never became one
        pa.field("fate", pa.string(), nullable=False),
        pa.field("twin", pa.string()),  # the row it repeats
        pa.field("likeness", pa.float32()),  # to its twins; 1: the same words, None: it has none
        pa.field("group", DIGEST),  # shared by its twins
        pa.field("kin", DIGEST),  # shared by all rows that must be on its side
        pa.field("codes", pa.list_(pa.string())),  # of its findings and its trouble
        pa.field("mended", pa.list_(pa.string())),
        pa.field("file", pa.string()),  # train.jsonl; None: it did not ship
        pa.field("line", pa.int64()),  # from 1
    ]
)
ROWS_A_GROUP: Final = 100_000
"""Fixed, so that the file's bytes depend on the rows alone."""


def lineage(facts: pa.Table, *, lines: Mapping[str, npt.NDArray[np.int64]]) -> pa.Table:
    """Give one row of `LINEAGE` for each row of the facts, by file and line of the source.

    `lines` has, per training file, the row numbers of the facts in the order of the file's lines.
    """
    file = np.full(len(facts), -1, dtype=np.int64)
    line = np.zeros(len(facts), dtype=np.int64)
    for number, rows in enumerate(lines.values()):
        file[rows] = number
        line[rows] = np.arange(1, len(rows) + 1)
    files = pa.array(list(lines), pa.string())
    columns = {
        "name": facts["name"],
        "source": facts["source"],
        "digest": facts["digest"],
        "fate": facts["fate"],
        "twin": facts["twin"],
        "likeness": facts["likeness"],
        "group": facts["group"],
        "kin": facts["kin"],
        "codes": _codes(facts),
        "mended": facts["mended"],
        "file": files.take(pa.array(file, mask=file < 0)),
        "line": pa.array(line, mask=line == 0),
    }
    table, order = pa.table(columns, schema=LINEAGE), sorted_rows(facts["name"])
    is_sorted = bool((np.diff(order) == 1).all())
    return (table if is_sorted else table.take(pa.array(order))).combine_chunks()


def write_lineage(folder: Path, table: pa.Table) -> Path:
    """Write the table into the dataset's folder; the same rows give the same bytes."""
    return write_lineages(folder, [table])


def write_lineages(folder: Path, tables: Iterable[pa.Table]) -> Path:
    """Write tables, one after the other, into the dataset's folder; the same rows give the same bytes."""
    path = folder / FILE
    with pq.ParquetWriter(path, LINEAGE, compression="zstd", store_schema=False) as writer:
        for some in _groups(tables):
            writer.write_table(some, row_group_size=ROWS_A_GROUP)
    return path


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Give the same rows in tables of the size of a row group; the last may be smaller, and there is always one."""
    waiting, is_first = LINEAGE.empty_table(), True
    for table in tables:
        waiting = pa.concat_tables([waiting, table])
        while len(waiting) > ROWS_A_GROUP:
            yield waiting.slice(0, ROWS_A_GROUP).combine_chunks()
            waiting, is_first = waiting.slice(ROWS_A_GROUP), False
    if len(waiting) or is_first:
        yield waiting.combine_chunks()


def _codes(facts: pa.Table) -> pa.Array:
    """Give the codes of each row once, sorted; a trouble's code is its first word."""
    troubles = facts["trouble"] if "trouble" in facts.column_names else pa.nulls(len(facts), pa.string())
    told = np.flatnonzero(pc.fill_null(pc.greater(pc.binary_length(troubles), 0), False))
    words = [trouble.split(" ", 1)[0] for trouble in troubles.take(pa.array(told)).to_pylist()]
    found = facts["findings"].combine_chunks()
    codes = pa.concat_arrays([found.flatten().field("code"), pa.array(words, pa.string())])
    rows = np.concatenate([found.value_parent_indices(), told])
    names = pa.array(sorted(codes.unique().to_pylist()), pa.string())
    each = max(len(names), 1)
    pairs = np.unique(rows * each + np.asarray(pc.index_in(codes, names), np.int64))
    sizes = np.bincount(pairs // each + 1, minlength=len(facts) + 1)
    return pa.ListArray.from_arrays(pa.array(np.cumsum(sizes), pa.int32()), names.take(pa.array(pairs % each)))
