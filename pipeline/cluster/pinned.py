"""Who asks what the pinned validation set asks: prompts meet in buckets before rows are judged, as `pipeline.pinned` has it."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.cluster.job import ROWS, Job, row_numbers
from pipeline.cluster.keys import Numbers, found, homes, lengths, runs
from pipeline.cluster.kin import crowds
from pipeline.cluster.measured import keep, sound_and_pinned
from pipeline.core.columns import DIGEST
from pipeline.pinned import with_conflicts

ASKED: Final = pa.schema(
    [
        pa.field("prompt", DIGEST),
        pa.field("content", DIGEST),
        pa.field("row", pa.int64()),  # the first pinned one of this content; None: none is
        pa.field("name", pa.string()),  # of that row
        pa.field("count", pa.int64()),  # rows of this content in the part
        pa.field("part", pa.int64()),
    ]
)
CONFLICTS: Final = pa.schema([pa.field("content", DIGEST), pa.field("name", pa.string())])
"""A content that answers otherwise, and the pinned row that asks the same."""


def ask_prompts(job: Job, part: int) -> None:
    """Tell the buckets which prompts a part has, with which contents, and which of them are pinned."""
    thin = ["name", "source", "content", "prompt", "trouble", "findings"]
    rows = job.store.load(f"{job.judged}/{part:07}", columns=thin)
    pinned = sound_and_pinned(rows, job)[1]
    numbers = pa.array(row_numbers(part, len(rows)), mask=~pinned)
    names = pc.if_else(pa.array(pinned), rows["name"], pa.scalar(None, pa.string()))
    asked = pa.table({"prompt": rows["prompt"], "content": rows["content"], "row": numbers, "name": names})
    asked = _ordered(asked.filter(pc.is_valid(asked["prompt"])))
    firsts = runs(asked, "prompt", "content")
    counts = lengths(firsts, len(asked))
    told = [*asked.take(pa.array(firsts)).columns, counts, np.full(len(firsts), part, np.int64)]
    table = pa.table(told, schema=ASKED)
    job.from_parts("asked").send(part, table, homes(table["prompt"], job.buckets))


def tell_conflicts(job: Job, bucket: int, *, rows: int) -> None:
    """Tell the parts which of their contents answer a pinned prompt otherwise; `rows` is the number of all.

    An open task (`group.kin`) is asked by too many to tell anything.
    """
    asked = _ordered(job.from_parts("asked").receive(bucket))
    firsts = runs(asked, "prompt")
    codes = np.repeat(np.arange(len(firsts)), lengths(firsts, len(asked)))
    is_open = crowds(asked, codes, of_all=rows)[1]
    is_pinned = pc.is_valid(asked["row"]).to_numpy()
    repeats = found(asked["content"], asked["content"].filter(pa.array(is_pinned))) >= 0
    first = _first_pinned(asked, codes, len(firsts))
    conflicting = np.flatnonzero((first[codes] >= 0) & ~is_open[codes] & ~repeats)
    names = asked["name"].take(pa.array(first[codes[conflicting]]))
    contents = asked["content"].take(pa.array(conflicting))
    told = pa.table([contents, names], schema=CONFLICTS)
    job.to_parts("conflicts").send(bucket, told, asked["part"].to_numpy()[conflicting])


def warn(job: Job, part: int) -> int:
    """Save the rows of a part with a finding for each that asks what a pinned row asks; gives their number."""
    rows = job.store.load(f"{job.judged}/{part:07}")
    told = job.to_parts("conflicts").receive(part)
    at = found(rows["content"], told["content"])
    conflicting = np.flatnonzero(at >= 0)
    names = told["name"].take(pa.array(at[conflicting]))
    return keep(job, part, with_conflicts(rows, conflicting, names), topic=ROWS)


def _ordered(asked: pa.Table) -> pa.Table:
    """Give the lines by prompt and content, pinned ones first in the order read."""
    return asked.sort_by([(name, "ascending") for name in ("prompt", "content", "row")])


def _first_pinned(asked: pa.Table, codes: Numbers, prompts: int) -> Numbers:
    """Give the line of the first pinned row of each prompt, -1 where it has none."""
    pinned = np.flatnonzero(pc.is_valid(asked["row"]).to_numpy())
    order = pinned[np.argsort(asked["row"].take(pa.array(pinned)).to_numpy(), kind="stable")]
    first = np.full(prompts, -1, np.int64)
    first[codes[order][::-1]] = order[::-1]
    return first
