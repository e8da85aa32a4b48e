"""Where each line came from and what became of each row: a table beside the data, and two questions to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.core.columns import DIGEST
from pipeline.core.errors import TunesetError
from pipeline.report.figures import plural
from pipeline.report.order import sorted_rows

FILE: Final = "lineage.parquet"
LINEAGE: Final = pa.schema(
    [
        pa.field("name", pa.string(), nullable=False),  # file:line of the row that was read
        pa.field("source", pa.string(), nullable=False),
        pa.field("digest", DIGEST),  # of the example; None: it never became one
        pa.field("fate", pa.string(), nullable=False),
        pa.field("twin", pa.string()),  # the row it repeats
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
    file = np.full(len(facts), None, dtype=object)
    line = np.zeros(len(facts), dtype=np.int64)
    for name, rows in lines.items():
        file[rows] = name
        line[rows] = np.arange(1, len(rows) + 1)
    columns = {
        "name": facts["name"],
        "source": facts["source"],
        "digest": facts["digest"],
        "fate": facts["fate"],
        "twin": facts["twin"],
        "codes": _codes(facts),
        "mended": facts["mended"],
        "file": pa.array(file, pa.string()),
        "line": pa.array(line, mask=line == 0),
    }
    return pa.table(columns, schema=LINEAGE).take(pa.array(sorted_rows(facts["name"]))).combine_chunks()


def write_lineage(folder: Path, table: pa.Table) -> Path:
    """Write the table into the dataset's folder; the same rows give the same bytes."""
    path = folder / FILE
    pq.write_table(table, path, compression="zstd", row_group_size=ROWS_A_GROUP, store_schema=False)
    return path


def trace(folder: Path, *, file: str, line: int) -> str:
    """Say where one line of a training file came from; a TunesetError says what is wrong with the question."""
    rows = _find(folder, (pc.field("file") == file) & (pc.field("line") == line))
    if not rows:
        raise TunesetError(f"{file}:{line}: no such line.{_files(folder)}")
    row = rows[0]
    twins = _find(folder, pc.field("twin") == row["name"])
    return "\n".join([f"{file}:{line}", f"  comes from  {row['name']} (source {row['source']})", *_remarks(row, twins)])


def fate_of(folder: Path, *, name: str) -> str:
    """Say what became of one row that was read; the name's end is enough where only one row ends so."""
    rows = _find(folder, pc.field("name") == name) or _find(folder, pc.ends_with(pc.field("name"), f"/{name}"))
    if not rows:
        raise TunesetError(f"{name}: no row of that name was read. Names look like data/raw/faq.csv:118.")
    if len(rows) > 1:
        names = ", ".join(row["name"] for row in rows[:5])
        raise TunesetError(f"{name}: {len(rows)} rows end so. Name one in full: {names}.")
    row = rows[0]
    went = f"  went to     {row['file']}:{row['line']}" if row["file"] else "  did not ship; see rejected.jsonl"
    twins = _find(folder, pc.field("twin") == row["name"])
    return "\n".join([f"{row['name']}: {row['fate']}", went, *_remarks(row, twins)])


def _remarks(row: dict[str, Any], twins: list[dict[str, Any]]) -> list[str]:
    """Give what else is known of a row, one line each."""
    return [
        *([f"  repeats     {row['twin']}"] if row["twin"] else []),
        *([f"  findings    {', '.join(row['codes'])}"] if row["codes"] else []),
        *([f"  repaired    {', '.join(row['mended'])}"] if row["mended"] else []),
        *([f"  speaks for  {plural(len(twins), 'duplicate')}, first {twins[0]['name']}"] if twins else []),
        *([f"  digest      {row['digest'].hex()}"] if row["digest"] else []),
    ]


def _find(folder: Path, condition: Any) -> list[dict[str, Any]]:
    path = folder / FILE
    if not path.is_file():
        raise TunesetError(f"{path}: no such file. Name the folder of a dataset that tuneset built.")
    rows: list[dict[str, Any]] = pq.read_table(path, filters=condition).to_pylist()
    return rows


def _files(folder: Path) -> str:
    """List the traced files and how many lines they have."""
    table = pq.read_table(folder / FILE, columns=["file", "line"])
    sizes = table.filter(pc.is_valid(table["file"])).group_by("file", use_threads=False).aggregate([("line", "max")])
    named = [f"{row['file']} has {plural(row['line_max'], 'line')}" for row in sizes.sort_by("file").to_pylist()]
    return f" {'; '.join(named)}." if named else " No line shipped."


def _codes(facts: pa.Table) -> pa.Array:
    """Give the codes of each row once, sorted; a trouble's code is its first word."""
    codes: list[list[str]] = [[]] * len(facts)
    troubles = facts["trouble"] if "trouble" in facts.column_names else pa.nulls(len(facts), pa.string())
    marked = pc.or_(pc.is_valid(troubles), pc.greater(pc.fill_null(pc.list_value_length(facts["findings"]), 0), 0))
    rows = np.flatnonzero(marked.to_numpy(zero_copy_only=False))
    found = facts["findings"].take(pa.array(rows)).to_pylist()
    for row, flaws, trouble in zip(rows, found, troubles.take(pa.array(rows)).to_pylist(), strict=True):
        codes[row] = sorted({flaw["code"] for flaw in flaws or ()} | ({trouble.split(" ", 1)[0]} if trouble else set()))
    return pa.array(codes, pa.list_(pa.string()))
