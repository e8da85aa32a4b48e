"""Where the bytes of a file come from: the one place that opens what a source names."""

from pathlib import Path
from typing import BinaryIO, NamedTuple


class Stamp(NamedTuple):
    """What changes when a file's content does, as far as its file system tells."""

    size: int
    changed_ns: int


def open_file(path: Path) -> BinaryIO:
    """Open a file at its beginning, buffered, with a place that can be moved; OSError where that cannot be."""
    return path.open("rb")


def bytes_at(path: Path, offset: int, size: int) -> bytes:
    """Give so many bytes from this place on, fewer at the end of the file."""
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        pieces = bytearray()
        while len(pieces) < size and (block := file.read(size - len(pieces))):
            pieces += block
    return bytes(pieces)


def stamp(path: Path) -> Stamp:
    """Give size and time of change; OSError where there is no such file."""
    found = path.stat()
    return Stamp(found.st_size, found.st_mtime_ns)
