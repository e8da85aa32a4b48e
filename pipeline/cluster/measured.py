"""The first step: each part is composed, measured and checked, and its contents are told to their buckets."""

from functools import partial, reduce
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.cluster.job import Job, row_numbers
from pipeline.cluster.keys import RANK, homes, lengths, ranks, runs
from pipeline.core.columns import DIGEST
from pipeline.core.piece import Piece
from pipeline.decide import judge
from pipeline.engines.local import Local
from pipeline.onepass import as_read

CONTENTS: Final = pa.schema(
    [
        pa.field("content", DIGEST),
        pa.field("rank", RANK),  # of its chief: the first sound row by digest and name, or the first of all
        pa.field("name", pa.string()),
        pa.field("row", pa.int64()),
        pa.field("count", pa.int64()),  # rows of this content
        pa.field("smallest", DIGEST),  # of all its rows, sound or not
        pa.field("keys", pa.list_(pa.uint64())),
    ]
)
"""One line a content: what all its rows have in common, and who stands for them."""


def measure_part(job: Job, part: int, *, is_careful: bool = False) -> int:
    """Save the rows of a part after all stages, tell the buckets its contents, and give the number of its rows.

    With care the stages run in processes of their own, and a row on which they die is held instead of lost.
    """
    pieces: list[Piece] = job.store.take(f"read/{part:07}")
    engine, work = Local(1), partial(_measured, job)
    tables = [job.work.schema.empty_table(), *(engine.apart if is_careful else engine.map)(pieces, work)]
    rows = pa.concat_tables(tables).combine_chunks()
    job.store.save(f"rows/{part:07}", [rows])
    contents = contents_of(rows, part, job)
    job.from_parts("contents").send(part, contents, homes(contents["content"], job.buckets))
    return len(rows)


def _measured(job: Job, piece: Piece) -> pa.Table:
    """Give a piece after all stages, looked up where another build or machine has worked it out already."""
    name = f"pieces/{(key := job.work.key_of(piece).hex())[:2]}/{key[2:]}"
    known = job.remembered.find(name) if job.remembered else None
    if known is None:
        read = job.work.read(piece)
        rows = reduce(lambda table, stage: stage(table), job.work.stages, as_read(piece, read)).cast(job.work.schema)
        if job.remembered and len(rows):
            job.remembered.save(name, [rows.drop_columns(["name", "source"]).append_column("line", read["line"])])
        return rows
    own = {"name": piece.names(known["line"].combine_chunks()), "source": pa.repeat(piece.source, len(known))}
    return pa.table(
        [own[field.name] if field.name in own else known[field.name] for field in job.work.schema], job.work.schema
    )


def contents_of(rows: pa.Table, part: int, job: Job) -> pa.Table:
    """Give one line of `CONTENTS` for each content of a part."""
    known = pa.array(np.flatnonzero(pc.is_valid(rows["digest"]).to_numpy()))
    sound = judge(rows, held_codes=job.held_codes).sound[known.to_numpy()]
    some = rows.select(["digest", "content", "name", "keys"]).take(known)
    columns = {
        "content": some["content" if job.plan.dedupe.exact else "digest"],
        "rank": ranks(sound, some["digest"]),
        "name": some["name"],
        "row": pa.array(row_numbers(part, len(rows))).take(known),
        "count": pa.array(np.ones(len(some), np.int64)),
        "smallest": some["digest"],
        "keys": some["keys"],
    }
    return merged(pa.table([columns[name] for name in CONTENTS.names], schema=CONTENTS))


def merged(lines: pa.Table) -> pa.Table:
    """Give one line a content: its first chief, the sum of its rows, its smallest digest."""
    by = [(name, "ascending") for name in ("content", "rank", "name")]
    order = pc.sort_indices(lines.select([name for name, _ in by]), sort_keys=by)
    ordered = lines.take(order)
    firsts = runs(ordered, "content")
    chiefs = ordered.take(pa.array(firsts))
    if len(chiefs) == len(lines):
        return chiefs
    counts = np.add.reduceat(ordered["count"].to_numpy(), firsts)
    codes = np.repeat(np.arange(len(firsts)), lengths(firsts, len(ordered)))
    smallest = pa.table({"code": codes, "smallest": ordered["smallest"]}).group_by("code", use_threads=False)
    least = smallest.aggregate([("smallest", "min")])["smallest_min"]
    return chiefs.set_column(4, CONTENTS.field("count"), pa.array(counts)).set_column(
        5, CONTENTS.field("smallest"), least
    )
