"""Columns that were worked out, kept by key in files of their own: checked at each use, shared by runs, never believed blindly.

An entry is an Arrow file and, behind it, the xxh3-128 of its bytes and of its key. It is written under another name and
renamed, so that a reader sees all of it or nothing; what is cut short or altered does not fit its sum and counts as absent.
"""

import ctypes
import mmap
import os
import secrets
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import xxhash

SUFFIX: Final = ".arrow"
SUM_BYTES: Final = 16
"""Of the sum at the end of each entry."""
PACKED: Final = b"tuneset.packed"
"""In the metadata of an entry's schema: its columns are compressed."""
PRIVATE_FOLDER: Final = 0o700
"""What is kept holds the texts of the dataset: nobody else on the machine may look in."""


class Entry(NamedTuple):
    """One kept batch."""

    path: Path
    digest: bytes
    """Of its content: equal for equal columns."""
    batch: pa.RecordBatch | None = None
    """Mapped, not loaded; None in an answer of another process: `opened` maps it. Of a packed one the first column alone."""
    data: pa.Buffer | None = None
    """The mapped bytes, which stay readable when the file is removed."""

    def opened(self) -> "Entry":
        """Give the entry with its batch; OSError where it is gone or damaged."""
        if self.batch is not None:
            return self
        found = _mapped(self.path, None)
        if found is None:
            raise OSError(f"{self.path}: it was there a moment ago, and is gone or damaged")
        return found

    def whole(self) -> pa.RecordBatch:
        """Give all columns of an opened entry, of a packed one unpacked."""
        assert self.data is not None
        return pa.ipc.open_file(pa.BufferReader(self.data)).get_batch(0)

    def closed(self) -> "Entry":
        """Give the entry as it can be sent to another process."""
        return self._replace(batch=None, data=None)


class Store(NamedTuple):
    """Where entries are kept: looked for in both folders, written to the first that takes them."""

    spare: Path
    """The run's own folder: always writable, gone after the run."""
    folder: Path | None = None
    """The cache; None: nothing is kept between runs."""

    def get(self, key: bytes) -> Entry | None:
        """Give the entry of this key; None where there is none that can be believed."""
        for folder in (self.folder, self.spare):
            if folder is not None and (found := _mapped(place(folder, key), key)) is not None:
                return found
        return None

    def put(self, key: bytes, batch: pa.RecordBatch, *, is_packed: bool = False) -> Entry:
        """Keep a batch and give its entry; packed ones are half the size and are unpacked whole at each use.

        Where the cache cannot be written (full, read-only), the run's own folder takes it.
        """
        data = _written(batch, is_packed=is_packed)
        for folder in (self.folder, self.spare):
            if folder is None:
                continue
            try:
                return Entry(_written_to(place(folder, key), data, key), _sum(data, key))
            except OSError:
                if folder == self.spare:
                    raise
        raise AssertionError


def place(folder: Path, key: bytes) -> Path:
    """Give the path of the entry of this key: spread over 256 folders, which no file system finds too many."""
    name = key.hex()
    return folder / name[:2] / f"{name[2:]}{SUFFIX}"


def is_sound(path: Path) -> bool:
    """Say whether an entry is whole; its key is its name."""
    try:
        return _mapped(path, bytes.fromhex(path.parent.name + path.stem)) is not None
    except ValueError:
        return False


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may look into."""
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)


def _mapped(path: Path, key: bytes | None) -> Entry | None:
    """Map an entry; with a key, hold it to its sum."""
    try:
        with pa.memory_map(str(path)) as file:
            whole = file.read_buffer()
    except (OSError, pa.ArrowInvalid):  # not there; of no length
        return None
    if whole.size <= SUM_BYTES:
        return None
    data, end = whole.slice(0, whole.size - SUM_BYTES), whole.slice(whole.size - SUM_BYTES).to_pybytes()
    if key is not None and _sum(data, key) != end:
        return None
    try:
        return Entry(path, end, _opened(data), data)
    except pa.ArrowException:
        return None


def _opened(data: pa.Buffer) -> pa.RecordBatch:
    """Give the batch; of a packed one the first column: a million rows are half a gigabyte that is hardly ever asked for."""
    whole = pa.ipc.open_file(pa.BufferReader(data))
    if PACKED not in (whole.schema.metadata or {}):
        return whole.get_batch(0)
    return pa.ipc.open_file(pa.BufferReader(data), options=pa.ipc.IpcReadOptions(included_fields=[0])).get_batch(0)


def _written(batch: pa.RecordBatch, *, is_packed: bool) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    batch = batch.replace_schema_metadata({PACKED: b""}) if is_packed else batch
    options = pa.ipc.IpcWriteOptions(compression="lz4" if is_packed else None)
    with pa.ipc.new_file(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def _written_to(path: Path, data: pa.Buffer, key: bytes) -> Path:
    make_private(path.parent)
    fresh = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.new")
    try:
        with fresh.open("xb") as file:
            file.write(memoryview(data))
            file.write(_sum(data, key))
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    return path


def release(mapped: pa.Buffer) -> None:
    """Let the pages of a mapped file go: they stay readable, and count as nobody's memory until they are read again.

    `mapped` begins where the mapping does; never memory of our own, which the system would give back empty.
    """
    if (advise := _advise()) is not None:
        advise(mapped.address, mapped.size, mmap.MADV_DONTNEED)


@cache
def _advise() -> Callable[[int, int, int], int] | None:
    """Give Linux's `madvise`; None elsewhere, where pages go when the system wants them."""
    if sys.platform != "linux":
        return None
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return advise


def touch(path: Path) -> None:
    """Note that an entry was used: what was not used for longest goes first."""
    try:
        os.utime(path)
    except OSError:  # a cache that may only be read
        return


def _sum(data: pa.Buffer, key: bytes) -> bytes:
    return xxhash.xxh3_128_digest(memoryview(data), seed=int.from_bytes(key[:8], "little"))
