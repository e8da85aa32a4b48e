"""The published files in pieces: each machine sorts and writes its own, and the pieces follow each other in order."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.cluster.job import Job, part_of, row_numbers
from pipeline.cluster.keys import found
from pipeline.cluster.sides import Cuts, seeded, sides_of
from pipeline.cluster.store import CHUNK, Mail, Numbers, Store
from pipeline.cluster.surveyed import send_repeated
from pipeline.core.columns import FINDING
from pipeline.core.facts import asked, facts_of, shipped, with_lengths
from pipeline.core.order import sorted_rows
from pipeline.engines.spool import Rows
from pipeline.measure.language import spoken
from pipeline.report.lineage import LINEAGE, lineage
from pipeline.rows import THIN
from pipeline.write import place_of, write

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

NUMBERS: Final = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("file", pa.string()),
        pa.field("piece", pa.int64()),
        pa.field("line", pa.int64()),  # from 1, in the piece
    ]
)
TRACED: Final = ("name", "source", "digest", "trouble", "findings", "mended")
NEVER_WHOLE: Final = ("name", "family", "digest", "content", "prompt", "keys", "sketch", "group", "kin")
"""What the report sees of flawed rows and duplicates only (names), or not at all."""

Place = tuple[str, int, int]


class Finished(NamedTuple):
    """What the whole needs to know of a part."""

    first: Place | None
    """Of its names in their order; None for a part without rows."""
    last: Place | None
    asked_rows: int
    """See `core.facts.asked_of_all`."""
    lines: tuple[int, ...]
    """Of the pieces of the training files that it wrote."""


def finish_part(job: Job, part: int, *, cut: Cuts) -> Finished:
    """Decide the sides, write the part's pieces, send what ships on its way, save what the report needs of each row."""
    rows = job.store.load(f"rows/{part:07}")
    known = {**_columns(job.store, "fates", part), **_columns(job.store, "related", part)}
    for name, column in known.items():
        rows = rows.append_column(name, column)
    rows = rows.append_column("side", sides_of(job, part, rows, cut))
    facts = with_lengths(facts_of(rows), rows["payload"], method=job.plan.target.method)
    flags = {name: rows[name] for name in ("is_repeated", "is_twin")}
    send_repeated(job, part, pa.table({**{name: facts[name] for name in facts.column_names}, **flags}))
    job.store.save(f"facts/{part:07}", [facts.drop_columns([n for n in NEVER_WHOLE if n in facts.column_names])])
    job.store.save(f"done/{part:07}", [_numbers_of(rows)])
    job.store.save(f"spoken/{part:07}", [spoken(rows, partial(_taken, rows["payload"]), method=job.plan.target.method)])
    is_by_hash = job.plan.write.order != "source"
    if is_by_hash:
        _send(job, part, rows)
    held_back = rows.set_column(rows.column_names.index("side"), "side", pa.nulls(len(rows), pa.string()))
    names = FROM_PARTS if is_by_hash else (*SHIPPED, *FROM_PARTS)
    lines = _piece(job, part, held_back if is_by_hash else rows, names=names, mail=job.among_parts("numbers"))
    places = [place_of(name) for name in rows["name"].to_pylist()]
    asked_rows = len(asked(shipped(facts)))
    return Finished(min(places, default=None), max(places, default=None), asked_rows, lines)


def _taken(texts: pa.ChunkedArray, rows: Rows) -> list[str]:
    found: list[str] = texts.take(pa.array(rows)).to_pylist()
    return found


def trace_part(job: Job, part: int, *, starts: Mapping[str, Sequence[int]]) -> int:
    """Save the lineage of a part; `starts` has, per training file, the lines before each of its pieces."""
    table = job.store.load(f"rows/{part:07}", columns=TRACED)
    for topic in ("fates", "related"):
        for name, column in _columns(job.store, topic, part).items():
            table = table.append_column(name, column)
    mail = job.among_parts("numbers") if job.plan.write.order == "source" else job.to_parts("numbers")
    told = mail.receive(part)
    before = [
        starts[file][piece] for file, piece in zip(told["file"].to_pylist(), told["piece"].to_pylist(), strict=True)
    ]
    lines = pc.add(told["line"], pa.array(before, pa.int64()))
    at = found(pa.array(row_numbers(part, len(table))), told["row"])[sorted_rows(table["name"])]
    places = pa.array(at, mask=at < 0)
    traced = lineage(table, lines={})
    for name, column in (("file", told["file"]), ("line", lines)):
        traced = traced.set_column(traced.column_names.index(name), LINEAGE.field(name), column.take(places))
    job.store.save(f"lineage/{part:07}", [traced])
    return len(traced)


def sort_lines(job: Job, bucket: int) -> tuple[int, ...]:
    """Write the pieces of train and validation whose hashes fall into this bucket; gives their numbers of lines."""
    lines = job.from_parts("lines").receive(bucket)
    constant = {"fate": pa.array(["kept"] * len(lines), pa.string()), "twin": pa.nulls(len(lines), pa.string())}
    none = pa.array([[]] * len(lines), pa.list_(FINDING))
    table = pa.table(
        {**{name: lines[name] for name in LINES.names}, **constant, "trouble": constant["twin"], "findings": none}
    )
    return _piece(job, bucket, table, names=SHIPPED, mail=job.to_parts("numbers"))


def join(job: Job, name: str, pieces: Sequence[int], file: BinaryIO) -> None:
    """Copy the pieces of a file one after the other."""
    for piece in pieces:
        file.writelines(job.store.blocks(f"pieces/{name}/{piece:07}"))


def in_order(parts: Sequence[Finished]) -> list[int]:
    """Give the parts with rows in the order of their names."""
    named = [(one.first, one.last, part) for part, one in enumerate(parts) if one.first and one.last]
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


def _piece(job: Job, piece: int, table: pa.Table, *, names: Sequence[str], mail: Mail) -> tuple[int, ...]:
    """Write a table as the embedded engine does, keep these of its files, and tell the parts the lines of their rows."""

    def texts(column: str, rows: Rows) -> Iterator[bytes]:
        for some in np.array_split(np.asarray(rows, np.int64), -(-len(rows) // TEXTS_AT_ONCE)) if len(rows) else ():
            values = table[column].take(pa.array(some)).cast(pa.binary()).to_pylist()
            yield from (value or b"" for value in values)

    with tempfile.TemporaryDirectory(prefix="tuneset-") as place:
        folder = Path(place)
        settings = job.plan.write.model_copy(update={"bom": False})
        written = write(
            table,
            texts,
            folder=folder,
            findings=[],
            settings=settings,
            seed=job.plan.seed,
            mask=job.mask,
            encoding_of=job.encodings.get,
        )
        for name in names:
            with job.store.writing(f"pieces/{name}/{piece:07}") as sink, (folder / name).open("rb") as source:
                while block := source.read(CHUNK):
                    sink.write(block)
    if set(SHIPPED) <= set(names):
        numbers = table["row"].to_numpy() if "row" in table.column_names else row_numbers(piece, len(table))
        _tell_lines(job, piece, [numbers[rows] for rows in written], mail)
    return tuple(len(rows) for rows in written)


def _tell_lines(job: Job, piece: int, files: Sequence[Numbers], mail: Mail) -> None:
    """Save the rows of a piece of each training file, and tell the parts which line each of their rows is."""
    tables = []
    for name, rows in zip(SHIPPED, files, strict=True):
        job.store.save(f"order/{name}/{piece:07}", [pa.table({"row": rows})])
        columns = [rows, [name] * len(rows), np.full(len(rows), piece, np.int64), np.arange(1, len(rows) + 1)]
        tables.append(pa.table(columns, schema=NUMBERS))
    told = pa.concat_tables(tables)
    mail.send(piece, told, part_of(told["row"].to_numpy()))


def _numbers_of(rows: pa.Table) -> pa.Table:
    """Give what the report sees of every row: numbers and words of few kinds, never a key."""
    is_named = pc.or_(
        pc.or_(pc.is_valid(rows["twin"]), pc.is_valid(rows["trouble"])),
        pc.greater(pc.fill_null(pc.list_value_length(rows["findings"]), 0), 0),
    )
    wanted = [name for name in (*THIN, "moderation", "likeness", "fate", "twin", "side") if name in rows.column_names]
    table = rows.select([name for name in wanted if name not in NEVER_WHOLE])
    names = pc.if_else(is_named, rows["name"], pa.scalar(None, pa.string()))
    is_composed = pc.if_else(pc.is_valid(rows["digest"]), True, pa.scalar(None, pa.bool_()))  # valid where a digest is
    nothing = pa.nulls(len(rows), pa.binary())
    return pa.table(
        {
            **{name: table[name] for name in table.column_names},
            "name": names,
            "digest": is_composed,
            "content": nothing,
            "prompt": nothing,
        }
    )


def order_of(job: Job, file: str, pieces: Sequence[int]) -> Numbers:
    """Give the row numbers of a training file in the order of its lines."""
    tables = [job.store.load(f"order/{file}/{piece:07}")["row"].to_numpy() for piece in pieces]
    return np.concatenate([np.zeros(0, np.int64), *tables])


def _columns(store: Store, topic: str, part: int) -> dict[str, pa.ChunkedArray]:
    table = store.load(f"{topic}/{part:07}")
    return {name: table[name] for name in table.column_names}
