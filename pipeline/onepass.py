"""One pass: every piece of the sources through the stages, each of whose columns are kept by what they were made from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import xxhash

from pipeline import read
from pipeline.core.columns import PIECE, READ
from pipeline.core.piece import Piece
from pipeline.core.stage import Lasting, Stage
from pipeline.core.store import Entry, Store, release, touch
from pipeline.core.tombstone import Tombstones
from pipeline.core.watch import Watch

PACKED: Final = frozenset({"record", "raw", "unread"})
"""Asked for again only where a row does not ship."""


class Worked(NamedTuple):
    """One piece after all stages."""

    piece: Piece
    entries: tuple[Entry, ...]
    """The rows as they were read, then what each stage added; empty: the piece holds no row."""
    made: int = 0
    """Entries that had to be made."""


@dataclass(frozen=True)
class OnePass:
    """What is done to each piece, here or in a worker: it is sent there with its settings."""

    stages: tuple[Stage, ...]
    store: Store
    version: bytes
    """Of everything besides rows and settings that decides what comes out: our own code, the libraries."""
    forgotten: Tombstones = field(default_factory=Tombstones)
    """What somebody asked to have erased: it is dropped as soon as it is read."""
    watch: Watch = field(default_factory=Watch)
    """Where the cost of reading is written down; stages write down their own."""

    @cached_property
    def schema(self) -> pa.Schema:
        """Give the columns of the whole table."""
        return pa.schema([field for part in (READ, *(stage.adds for stage in self.stages)) for field in part])

    def known(self, piece: Piece) -> Worked | None:
        """Give what is kept of this piece, if all of it is."""
        entries: list[Entry] = []
        for _, key in self._steps(piece, entries):
            if (entry := self.store.get(key)) is None:
                return None
            entries.append(entry)
        for entry in entries:
            touch(entry.path)
        return Worked(piece, tuple(entries))

    def __call__(self, piece: Piece) -> Worked:
        """Give the piece after all stages: what is kept is looked up, the rest is worked out and kept."""
        entries: list[Entry] = []
        made, table = 0, READ.empty_table()
        for stage, key in self._steps(piece, entries):
            entry, batch = self.store.get(key), None
            if entry is None:
                made += 1
                batch = self.read(piece) if stage is None else _added(stage, table)
                entry = self.store.put(key, batch, is_packed=stage is None)._replace(batch=batch)
            entries.append(entry)
            table = (
                as_read(piece, entry.whole() if batch is None else batch)
                if stage is None
                else _grown(table, _batch(entry))
            )
        return Worked(piece, tuple(entry.closed() for entry in entries), made)

    def key_of(self, piece: Piece) -> bytes:
        """Give a key of all that the pass gives for a piece: the same for equal rows, settings and code."""
        stages = [stage.identity(piece.source) if isinstance(stage, Lasting) else repr(stage) for stage in self.stages]
        return _key(b"pass", self.version, self.erased, piece.digest, *(one.encode() for one in stages))

    def _steps(self, piece: Piece, entries: list[Entry]) -> Iterator[tuple[Stage | None, bytes]]:
        """Give reading (None) and then each stage with the key of what it adds; the caller adds the entries meanwhile.

        The key of a stage holds the digests of the columns that it reads, not what those were made from: a setting
        that changed nothing in them costs nothing further on.
        """
        yield None, _key(b"read", self.version, self.erased, piece.digest)
        if not _batch(entries[0]).num_rows:
            return
        homes = dict.fromkeys(PIECE.names, entries[0].digest)
        for stage in self.stages:
            asked = (*stage.reads, *(stage.also_reads if isinstance(stage, Lasting) else ()))
            inputs = sorted({homes[column] for column in asked if column in homes})
            identity = stage.identity(piece.source) if isinstance(stage, Lasting) else repr(stage)
            yield stage, _key(stage.name.encode(), self.version, identity.encode(), *inputs)
            homes |= dict.fromkeys(stage.adds.names, entries[-1].digest)

    @cached_property
    def erased(self) -> bytes:
        """Give a digest of the requests: another one makes all rows be looked at anew."""
        if not self.forgotten:
            return b""
        cells = sorted((column, sorted(hashes)) for column, hashes in self.forgotten.cells.items())
        return _key(repr((cells, sorted(self.forgotten.rows))).encode(), self.forgotten.key.check())

    def read(self, piece: Piece) -> pa.RecordBatch:
        """Give the rows of a piece in the schema `columns.PIECE`, without what is to be erased."""
        with self.watch.over("read") as seen:
            rows = piece.read()
            seen(rows.num_rows, rows.nbytes)
        if not self.forgotten or not rows.num_rows:
            return rows
        (left,) = read.erased(as_read(piece, rows).to_batches(), self.forgotten)
        return pa.RecordBatch.from_arrays([rows["line"], *(left[name] for name in PIECE.names[1:])], schema=PIECE)


class Done(NamedTuple):
    """A part of the table that is made of kept entries."""

    num_rows: int
    names: pa.Array
    source: str
    homes: dict[str, pa.RecordBatch]
    """Column → the batch it stands in."""
    read: Entry
    """The rows as they were read: packed, and unpacked at each use."""
    files: dict[str, pa.Buffer]
    """Column → the mapped file it stands in."""
    paths: dict[str, Path]
    """Column that a stage added → where that file lies."""

    def column(self, name: str) -> pa.Array:
        """Give a column; names and source are no part of what is kept."""
        if name == "name":
            return self.names
        if name == "source":
            return pa.repeat(self.source, self.num_rows)
        return (self.homes[name] if name in self.homes else self.read.whole()).column(name)

    def place(self, column: str) -> Path:
        """Give where the file lies in which a column stands that a stage added."""
        return self.paths[column]

    def release(self, column: str) -> None:
        """Let the pages of the file go in which a column stands."""
        if column in self.files:
            release(self.files[column])


def done(worked: Worked, work: OnePass) -> Done | None:
    """Open what a piece gave; None: it holds no row. What another run removed meanwhile is worked out again."""
    try:
        read, *added = (entry.opened() for entry in worked.entries)
    except OSError:
        read, *added = (entry.opened() for entry in work(worked.piece).entries)
    lines = _batch(read)["line"]
    if not len(lines):
        return None
    homes = {name: _batch(entry) for entry in added for name in _batch(entry).schema.names}
    files = {name: entry.data for entry in added for name in _batch(entry).schema.names if entry.data is not None}
    files |= dict.fromkeys(PIECE.names, read.data)
    paths = {name: entry.path for entry in added for name in _batch(entry).schema.names}
    names = worked.piece.names(lines)
    for one in {id(data): data for data in files.values()}.values():
        release(one)  # what was looked at to open it: of a million rows a gigabyte
    return Done(len(lines), names, worked.piece.source, homes, read, files, paths)


def _batch(entry: Entry) -> pa.RecordBatch:
    assert entry.batch is not None
    return entry.batch


def _key(*parts: bytes) -> bytes:
    return xxhash.xxh3_128_digest(b"".join(len(part).to_bytes(8, "little") + part for part in parts))


def _added(stage: Stage, table: pa.Table) -> pa.RecordBatch:
    added = stage(table).select(stage.adds.names).cast(stage.adds)
    return added.combine_chunks().to_batches()[0]


def as_read(piece: Piece, rows: pa.RecordBatch) -> pa.Table:
    """Give the rows of a piece in the schema `columns.READ`: with their names and their source."""
    own = [piece.names(rows["line"]), pa.repeat(piece.source, rows.num_rows)]
    return pa.Table.from_arrays([*own, *(rows[name] for name in PIECE.names[1:])], schema=READ)


def _grown(table: pa.Table, batch: pa.RecordBatch) -> pa.Table:
    for name in batch.schema.names:
        table = table.append_column(batch.schema.field(name), batch[name])
    return table
