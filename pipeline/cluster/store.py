"""Tables on storage that every node sees: a folder, or any object store that Arrow can write to.

A step reads what earlier steps saved and saves its own under names of its own. A name appears whole or not at all, and a
step that runs twice saves the same bytes twice: so a lost worker neither loses nor doubles anything.
"""

import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple, Self
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import fs

from pipeline.core.errors import TunesetError

Numbers = npt.NDArray[np.int64]

OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="lz4")
CHUNK: Final = 1 << 22


class Store(NamedTuple):
    """A folder of tables and files, by its URL; workers get the URL and open it themselves."""

    url: str

    @classmethod
    def at(cls, place: str, name: str) -> Self:
        """Give the store of this name in a folder or under a URL, whose options (`?region=...`) stay behind the path."""
        url = place if "://" in place else Path(place).absolute().as_uri()
        path, mark, options = url.partition("?")
        return cls(f"{path.rstrip('/')}/{name}{mark}{options}")

    def save(self, name: str, tables: Sequence[pa.Table]) -> None:
        """Keep tables of one schema in one file, so that each can be loaded alone."""
        with self.writing(name) as sink, pa.ipc.new_file(sink, tables[0].schema, options=OPTIONS) as writer:
            for table in tables:
                writer.write_batch(_one_batch(table))

    def load(self, name: str, number: int = 0, columns: Sequence[str] | None = None) -> pa.Table:
        """Give one of the tables of a file, or these columns of it."""
        with self._reading(name) as source:
            file = pa.ipc.open_file(source)
            if columns is not None:
                wanted = [file.schema.get_field_index(column) for column in columns]
                file = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=wanted))
            return pa.Table.from_batches([file.get_batch(number)])

    def _reading(self, name: str) -> pa.NativeFile:
        system, root = _opened(self.url)
        try:
            return system.open_input_file(f"{root}/{name}")
        except FileNotFoundError as error:
            raise TunesetError(
                f"{self.url}: `{name}` was saved by one machine and is not there for another. Name storage that all of "
                "them see with --shared: a mounted folder or an object store."
            ) from error

    def find(self, name: str) -> pa.Table | None:
        """Give a table that may be there or not; one that cannot be read counts as absent."""
        try:
            return self.load(name)
        except (TunesetError, pa.ArrowInvalid):
            return None

    def has(self, name: str) -> bool:
        """Say whether something was kept under this name."""
        system, root = _opened(self.url)
        found: bool = system.get_file_info(f"{root}/{name}").type == fs.FileType.File
        return found

    def keep(self, name: str, value: object) -> None:
        """Keep a value of this program, for its own workers."""
        with self.writing(name) as sink:
            sink.write(pickle.dumps(value))

    def take(self, name: str) -> Any:
        """Give a kept value."""
        return pickle.loads(b"".join(self.blocks(name)))  # noqa: S301 - this build wrote it a moment ago

    @contextmanager
    def writing(self, name: str) -> Iterator[pa.NativeFile]:
        """Open a file for writing; it appears under its name when the block ends well."""
        system, root = _opened(self.url)
        path = f"{root}/{name}"
        if not isinstance(system, fs.LocalFileSystem):
            with system.open_output_stream(path) as sink:  # an object appears when its upload is complete
                yield sink
            return
        system.create_dir(path.rpartition("/")[0], recursive=True)
        unfinished = f"{path}.{uuid4().hex}"
        with system.open_output_stream(unfinished) as sink:
            yield sink
        system.move(unfinished, path)

    def blocks(self, name: str) -> Iterator[bytes]:
        """Give the bytes of a file, some megabytes at a time."""
        with self._reading(name) as source:
            while block := source.read(CHUNK):
                yield block

    def clear(self) -> None:
        """Remove everything."""
        system, root = _opened(self.url)
        if system.get_file_info(root).type != fs.FileType.NotFound:
            system.delete_dir(root)


class Mail(NamedTuple):
    """Tables that many senders leave for many receivers: the shuffle. Each receiver reads its share of every sender's file."""

    store: Store
    topic: str
    senders: int
    receivers: int

    def send(self, sender: int, table: pa.Table, to: Numbers) -> None:
        """Leave each row for the receiver that `to` names."""
        order = np.argsort(to, kind="stable")
        cuts = np.searchsorted(to[order], np.arange(self.receivers + 1))
        sorted_table = table.take(pa.array(order))
        shares = [sorted_table.slice(a, b - a) for a, b in pairwise(cuts.tolist())]
        self.store.save(f"{self.topic}/{sender:07}", shares)

    def receive(self, receiver: int) -> pa.Table:
        """Give all rows that were left for this receiver, in the order of senders."""
        return pa.concat_tables(
            self.store.load(f"{self.topic}/{sender:07}", receiver) for sender in range(self.senders)
        )


@cache
def _opened(url: str) -> tuple[fs.FileSystem, str]:
    system, root = fs.FileSystem.from_uri(url)
    return system, root.rstrip("/")


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)
