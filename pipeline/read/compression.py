"""Bytes of a file in blocks, unpacked where its first bytes say it is compressed, whatever its name says."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final

from pipeline.core.place import Place
from pipeline.read.damage import Damaged
from pipeline.read.opening import open_file

BLOCK_BYTES: Final = 1 << 20
"""Large enough that the work per block does not count, small enough to stay in the processor's cache."""

_PACKED_BYTES: Final = 1 << 16


def blocks(path: Place) -> Iterator[bytes]:
    """Give the content in order, at most about BLOCK_BYTES at a time; raise Damaged where it breaks off."""
    with open_file(path) as file:
        unpack = _UNPACKERS.get(compression(_peeked(file)), _plain)
        yield from unpack(file)


def compression(head: bytes) -> str | None:
    """Name the compression that these first bytes (at least 6) show; None: not compressed."""
    return next((suffix for magic, suffix in _MAGIC.items() if head.startswith(magic)), None)


def _peeked(file: BinaryIO) -> bytes:
    head = file.read(6)
    file.seek(0)
    return head


def _plain(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block


def _through(opener: Callable[[BinaryIO], Any]) -> Callable[[BinaryIO], Iterator[bytes]]:
    def unpack(file: BinaryIO) -> Iterator[bytes]:
        try:
            with opener(file) as stream:
                while block := stream.read1(BLOCK_BYTES):
                    yield block
        except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
            raise Damaged(f"The compressed file breaks off: {_reason(error)}.") from error

    return unpack


def _gzip(file: BinaryIO) -> gzip.GzipFile:
    return gzip.GzipFile(fileobj=file)


def _zstd(file: BinaryIO) -> Iterator[bytes]:
    import zstandard

    frame = None
    try:
        while packed := file.read(_PACKED_BYTES):
            while packed:
                frame = frame or zstandard.ZstdDecompressor().decompressobj()
                if block := frame.decompress(packed):
                    yield block
                packed, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
    except zstandard.ZstdError as error:
        raise Damaged(f"The compressed file breaks off: {_reason(error)}.") from error
    if frame is not None:
        raise Damaged("The compressed file breaks off: its last frame has no end.")


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")


_MAGIC: Final = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}
SUFFIXES: Final = frozenset(_MAGIC.values())
"""Endings that say a file is compressed; looked through when a file's own ending is asked."""

_UNPACKERS: Final[dict[str | None, Callable[[BinaryIO], Iterator[bytes]]]] = {
    ".gz": _through(_gzip),
    ".bz2": _through(bz2.BZ2File),
    ".xz": _through(lzma.LZMAFile),
    ".zst": _zstd,
}
