"""The first steps: each part is composed, measured and checked, and its contents are told to their buckets."""

from functools import partial, reduce
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.check import Check
from pipeline.cluster.job import ROWS, Job, row_numbers
from pipeline.cluster.keys import RANK, Mask, Numbers, homes, lengths, ranks, runs
from pipeline.core.columns import DIGEST
from pipeline.core.piece import Piece
from pipeline.core.settings import CheckSettings
from pipeline.decide import judge
from pipeline.engines.local import Local
from pipeline.group.kin import Bond, bond_names
from pipeline.onepass import as_read
from pipeline.pinned import pinned_rows
from pipeline.rows import moderated_schema

CONTENTS: Final = pa.schema(
    [
        pa.field("content", DIGEST),
        pa.field("rank", RANK),  # of its chief: the first sound row by digest and name, or the first of all
        pa.field("name", pa.string()),
        pa.field("row", pa.int64()),
        pa.field("count", pa.int64()),  # rows of this content
        pa.field("smallest", DIGEST),  # of all its rows, sound or not
        pa.field("alone", DIGEST),  # smallest name of its rows as kin that nothing binds
        pa.field("keys", pa.list_(pa.uint64())),
    ]
)
"""One line a content: what all its rows have in common, and who stands for them."""


def measure_part(job: Job, part: int, *, is_careful: bool = False) -> int:
    """Save the rows of a part after all stages of the one pass, and give their number.

    With care the stages run in processes of their own, and a row on which they die is held instead of lost.
    """
    pieces: list[Piece] = job.store.take(f"read/{part:07}")
    engine, work = Local(1), partial(_measured, job)
    tables = [job.work.schema.empty_table(), *(engine.apart if is_careful else engine.map)(pieces, work)]
    return keep(job, part, pa.concat_tables(tables), topic=job.measured)


def check_part(job: Job, part: int, *, checks: CheckSettings, is_careful: bool = False) -> int:
    """Save the rows of a part with what a provider said of them and what the check finds then, and give their number."""
    measured = job.store.load(f"measured/{part:07}")
    rows = measured.append_column("moderation", job.store.load(f"said/{part:07}")["moderation"])
    engine, stages = Local(1), [Check(checks)]
    batches = rows.combine_chunks().to_batches() if len(rows) else []
    tables = (engine.run_apart if is_careful else engine.run)(batches, stages)
    schema = moderated_schema(measured.schema)
    checked = pa.concat_tables([schema.empty_table(), *(table.cast(schema) for table in tables)])
    return keep(job, part, checked, topic=job.judged)


def keep(job: Job, part: int, rows: pa.Table, *, topic: str) -> int:
    """Save the rows of a part, tell the buckets its contents where nothing more comes to them, and give their number."""
    rows = rows.combine_chunks()
    job.store.save(f"{topic}/{part:07}", [rows])
    if topic == ROWS:
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
    sound, pinned = sound_and_pinned(rows, job)
    some = rows.select(["digest", "content", "name", "keys"]).take(known)
    columns = {
        "content": some["content" if job.plan.dedupe.exact else "digest"],
        "rank": ranks(sound[known.to_numpy()], pinned[known.to_numpy()], some["digest"]),
        "name": some["name"],
        "row": pa.array(row_numbers(part, len(rows))).take(known),
        "count": pa.array(np.ones(len(some), np.int64)),
        "smallest": some["digest"],
        "alone": bond_names(some["digest"], Bond.ALONE),
        "keys": some["keys"],
    }
    return merged(pa.table([columns[name] for name in CONTENTS.names], schema=CONTENTS))


def sound_and_pinned(rows: pa.Table, job: Job) -> tuple[Mask, Mask]:
    """Say which rows are sound, and which of them the plan pins as its validation set."""
    sound = judge(rows, held_codes=job.held_codes).sound
    return sound, pinned_of(rows, sound, job)


def pinned_of(rows: pa.Table, sound: Mask, job: Job) -> Mask:
    """Say which of the sound rows the plan pins as its validation set."""
    return sound & pinned_rows(rows) if job.plan.split.pinned else np.zeros(len(rows), dtype=bool)


def merged(lines: pa.Table) -> pa.Table:
    """Give one line a content: its first chief, the sum of its rows, its smallest digest."""
    by = [(name, "ascending") for name in ("content", "rank", "name")]
    order = pc.sort_indices(lines.select([name for name, _ in by]), sort_keys=by)
    ordered = lines.take(order)
    firsts = runs(ordered, "content")
    chiefs = ordered.take(pa.array(firsts))
    if len(chiefs) == len(lines):
        return chiefs
    codes = np.repeat(np.arange(len(firsts)), lengths(firsts, len(ordered)))
    counts = np.add.reduceat(ordered["count"].to_numpy(), firsts)
    of_all = {"count": pa.array(counts), **least(ordered, codes)}
    return pa.table([of_all.get(name, chiefs[name]) for name in CONTENTS.names], schema=CONTENTS)


def least(lines: pa.Table, codes: Numbers) -> dict[str, pa.ChunkedArray]:
    """Give the smallest digest and the smallest name as kin of those of each code from 0, which are sorted."""
    names = ("smallest", "alone")
    table = lines.select(names).append_column("code", pa.array(codes)).group_by("code", use_threads=False)
    found = table.aggregate([(name, "min") for name in names])
    return {name: found[f"{name}_min"] for name in names}
