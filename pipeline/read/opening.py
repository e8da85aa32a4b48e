"""Where the bytes of a file come from: the one place that opens what a source names."""

from io import BufferedReader
from typing import BinaryIO, Final, NamedTuple

from pipeline.core.place import Place, Remote

BUFFER_BYTES: Final = 1 << 20


class Stamp(NamedTuple):
    """What changes when a file's content does, as far as its file system tells."""

    size: int
    changed_ns: int


def open_file(place: Place) -> BinaryIO:
    """Open a file at its beginning, buffered, with a place that can be moved; OSError where that cannot be."""
    if isinstance(place, Remote):
        from pipeline.core.remote import RemoteFile

        return BufferedReader(RemoteFile(place), BUFFER_BYTES)
    return place.open("rb")


def bytes_at(place: Place, offset: int, size: int) -> bytes:
    """Give so many bytes from this place on, fewer at the end of the file."""
    with open_file(place) if isinstance(place, Remote) else place.open("rb", buffering=0) as file:
        file.seek(offset)
        pieces: list[bytes] = []
        while size > 0 and (block := file.read(size)):
            pieces.append(block)
            size -= len(block)
    return b"".join(pieces)  # nearly always one, which is not copied


def stamp(place: Place) -> Stamp:
    """Give size and time of change; OSError where there is no such file.

    A remote object has no time here: the mark of its content is part of the place itself.
    """
    if isinstance(place, Remote):
        return Stamp(place.size, 0)
    found = place.stat()
    return Stamp(found.st_size, found.st_mtime_ns)
