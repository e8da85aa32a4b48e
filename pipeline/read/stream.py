"""A file as a stream of UTF-8 blocks, whatever its compression and encoding."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from pipeline.core.errors import SourceError
from pipeline.core.place import Place
from pipeline.read.compression import SUFFIXES, blocks, compression
from pipeline.read.damage import Damaged
from pipeline.read.encoding import Encoding, detect, marked, original, recoded
from pipeline.read.lines import line_blocks
from pipeline.read.opening import Stamp, bytes_at, stamp


class Stream(NamedTuple):
    """One file, with the encoding in which its bytes become text."""

    path: Place
    address: str
    """How the file is called in names and messages."""
    encoding: Encoding = Encoding("utf-8")

    def blocks(self) -> Iterator[bytes]:
        """Give the content as UTF-8 without byte-order mark; bytes that are no text stay recognisable as such."""
        return recoded(blocks(self.path), self.encoding)

    def line_blocks(self) -> Iterator[list[bytes]]:
        """Give the physical lines with their ends, many at a time."""
        return line_blocks(self.blocks())

    def head(self, size: int) -> bytes:
        """Give the first bytes of the content, about `size` of them or all there are, broken off or not."""
        return _head(self.blocks(), size)

    def is_compressed(self) -> bool:
        """Say whether the bytes of the file are not those of its content."""
        return compression(bytes_at(self.path, 0, 6)) is not None

    def original(self, piece: bytes) -> bytes:
        """Give a piece of a block as the bytes that stand in the (unpacked) file."""
        return original(piece, self.encoding)

    @property
    def suffix(self) -> str:
        """Give the ending in lower case, looking through that of a compression: `.csv` for `faq.CSV.gz`."""
        suffixes = [suffix.lower() for suffix in self.path.suffixes]
        while suffixes and suffixes[-1] in SUFFIXES:
            suffixes.pop()
        return suffixes[-1] if suffixes else ""


def open_stream(path: Place, address: str, *, encoding: str | None = None) -> Stream:
    """Give the file's stream, its encoding detected unless it is given; a SourceError when it cannot be opened."""
    try:
        found = _given(path, encoding) if encoding else _detected(path, stamp(path))
    except OSError as error:
        raise SourceError(
            f"{address}: cannot be opened: {error.strerror or error}. Look at its path and rights."
        ) from error
    except LookupError as error:
        raise SourceError(f"{address}: unknown encoding `{encoding}`. Use a Python name such as `cp1252`.") from error
    return Stream(path, address, found)


def raw_head(path: Place, size: int) -> bytes:
    """Give the first unpacked bytes of a file as they are, for magic numbers."""
    return _head(blocks(path), size)


def _head(source: Iterator[bytes], size: int) -> bytes:
    pieces = bytearray()
    try:
        while len(pieces) < size and (block := next(source, b"")):
            pieces += block
    except Damaged as damage:
        pieces += damage.rest
    return bytes(pieces[:size])


def _given(path: Place, name: str) -> Encoding:
    """Give the named encoding in Python's spelling; a mark of the same family is skipped and decides the byte order."""
    import codecs

    spelling = codecs.lookup(name).name.removesuffix("-sig")
    found = marked(raw_head(path, 4))
    if found and found.mark and found.name.startswith(spelling):
        return found
    return Encoding({"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(spelling, spelling))


@lru_cache(maxsize=256)
def _detected(path: Place, changed: Stamp) -> Encoding:
    """Detect once per content: size and time of change tell when a file is another."""
    del changed
    return detect(_until_damage(blocks(path)))


def _until_damage(source: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from source
    except Damaged:
        return
