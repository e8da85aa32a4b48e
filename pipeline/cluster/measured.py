"""The first step: each part is composed, measured and checked, and its contents are told to their buckets."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.cluster.job import Job, row_numbers
from pipeline.cluster.keys import RANK, homes, lengths, ranks, runs
from pipeline.core.columns import DIGEST
from pipeline.decide import judge
from pipeline.engines.local import Local

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
    read = job.store.load(f"read/{part:07}")
    batches = read.to_batches(max_chunksize=job.batch_rows) or [pa.RecordBatch.from_pylist([], schema=read.schema)]
    engine = Local(1)
    rows = pa.concat_tables((engine.apart if is_careful else engine.run)(batches, job.stages))
    job.store.save(f"rows/{part:07}", [rows])
    contents = contents_of(rows, part, job)
    job.from_parts("contents").send(part, contents, homes(contents["content"], job.buckets))
    return len(rows)


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
