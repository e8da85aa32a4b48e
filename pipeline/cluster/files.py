"""The published files in pieces: each machine sorts and writes its own, and the pieces follow each other in order."""

import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.cluster.job import Job, row_numbers
from pipeline.cluster.sides import Cuts, seeded, sides_of
from pipeline.cluster.store import Numbers, Store
from pipeline.core.columns import FINDING
from pipeline.core.facts import facts_of, with_answers
from pipeline.engines.spool import Rows
from pipeline.write import place_of, write

ROW: Final = ("name", "digest", "trouble", "findings")
LINES: Final = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("name", pa.string()),
        pa.field("digest", pa.binary(16)),
        pa.field("side", pa.string()),
        pa.field("payload", pa.string()),
    ]
)
"""What ships, on its way to its place in the order of hashes."""
FROM_PARTS: Final = ("rejected.jsonl", "findings.jsonl")
TEXTS_AT_ONCE: Final = 2_048
SHIPPED: Final = ("train.jsonl", "validation.jsonl")

Place = tuple[str, int, int]


class Span(NamedTuple):
    """The first and the last name of a part, in the order of names; None for a part without rows."""

    first: Place | None
    last: Place | None


def finish_part(job: Job, part: int, *, cut: Cuts, thin: Sequence[str]) -> Span:
    """Decide the sides, write the part's pieces, send what ships on its way, save what the report needs of each row."""
    rows = job.store.load(f"rows/{part:07}")
    known = {**_columns(job.store, "fates", part), **_columns(job.store, "related", part)}
    for name, column in known.items():
        rows = rows.append_column(name, column)
    rows = rows.append_column("side", sides_of(job, part, rows, cut))
    facts = with_answers(facts_of(rows), rows["payload"], method=job.plan.target.method)
    job.store.save(f"facts/{part:07}", [facts])
    job.store.save(f"done/{part:07}", [rows.select([*thin, *known, "side"])])
    is_by_hash = job.plan.write.order != "source"
    if is_by_hash:
        _send(job, part, rows)
    held_back = rows.set_column(rows.column_names.index("side"), "side", pa.nulls(len(rows), pa.string()))
    _piece(
        job,
        f"{part:07}",
        held_back if is_by_hash else rows,
        names=FROM_PARTS if is_by_hash else (*SHIPPED, *FROM_PARTS),
    )
    places = [place_of(name) for name in rows["name"].to_pylist()]
    return Span(min(places, default=None), max(places, default=None))


def sort_lines(job: Job, bucket: int) -> None:
    """Write the pieces of train and validation whose hashes fall into this bucket."""
    lines = job.from_parts("lines").receive(bucket)
    constant = {"fate": pa.array(["kept"] * len(lines), pa.string()), "twin": pa.nulls(len(lines), pa.string())}
    none = pa.array([[]] * len(lines), pa.list_(FINDING))
    table = pa.table(
        {**{name: lines[name] for name in LINES.names}, **constant, "trouble": constant["twin"], "findings": none}
    )
    _piece(job, f"{bucket:07}", table, names=SHIPPED)


def join(job: Job, name: str, pieces: Sequence[int], file: BinaryIO) -> None:
    """Copy the pieces of a file one after the other."""
    for piece in pieces:
        file.writelines(job.store.blocks(f"pieces/{name}/{piece:07}"))


def in_order(spans: Sequence[Span]) -> list[int]:
    """Give the parts with rows in the order of their names."""
    named = [(span.first, span.last, part) for part, span in enumerate(spans) if span.first and span.last]
    ordered = sorted(named, key=lambda one: (one[0], one[1]))
    assert all(one[1] < other[0] for one, other in pairwise(ordered)), "two parts hold rows of one stretch of a file"
    return [part for *_, part in ordered]


def _send(job: Job, part: int, rows: pa.Table) -> None:
    """Send what ships to the bucket of its hash; buckets follow each other in the order of hashes."""
    numbers = pa.array(row_numbers(part, len(rows)))
    ships = pc.is_valid(rows["side"])
    lines = pa.table([numbers, *(rows[name] for name in LINES.names[1:])], schema=LINES).filter(ships)
    hashes = seeded(lines["digest"], job.plan.seed)
    to = (hashes >> np.uint64(32)) * np.uint64(job.buckets) >> np.uint64(32)
    job.from_parts("lines").send(part, lines, to.astype(np.int64))


def _piece(job: Job, piece: str, table: pa.Table, *, names: Sequence[str]) -> None:
    """Write a table as the embedded engine does, and keep these of its files and the rows of each training file."""

    def texts(column: str, rows: Rows) -> Iterator[bytes]:
        for some in np.array_split(np.asarray(rows, np.int64), -(-len(rows) // TEXTS_AT_ONCE)) if len(rows) else ():
            values = table[column].take(pa.array(some)).cast(pa.binary()).to_pylist()
            yield from (value or b"" for value in values)

    with tempfile.TemporaryDirectory(prefix="tuneset-") as place:
        folder = Path(place)
        settings = job.plan.write.model_copy(update={"bom": False})
        written = write(table, texts, folder=folder, findings=[], settings=settings, seed=job.plan.seed, mask=job.mask)
        for name in names:
            with job.store.writing(f"pieces/{name}/{piece}") as sink, (folder / name).open("rb") as source:
                while block := source.read(1 << 22):
                    sink.write(block)
    if "train.jsonl" in names:
        numbers = table["row"].to_numpy() if "row" in table.column_names else row_numbers(int(piece), len(table))
        for side, rows in written._asdict().items():
            job.store.save(f"order/{side}/{piece}", [pa.table({"row": numbers[rows]})])


def order_of(job: Job, side: str, pieces: Sequence[int]) -> Numbers:
    """Give the row numbers of a training file in the order of its lines."""
    tables = [job.store.load(f"order/{side}/{piece:07}")["row"].to_numpy() for piece in pieces]
    return np.concatenate([np.zeros(0, np.int64), *tables])


def _columns(store: Store, topic: str, part: int) -> dict[str, pa.ChunkedArray]:
    table = store.load(f"{topic}/{part:07}")
    return {name: table[name] for name in table.column_names}
