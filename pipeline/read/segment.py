"""A part of a text file, whole records of it, that can be read by itself and anywhere."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from pipeline.core.columns import PIECE
from pipeline.core.errors import SourceError
from pipeline.core.piece import Cut, CutMemory
from pipeline.core.place import Place
from pipeline.core.record import Record
from pipeline.read.cutting import Wanted, cuts
from pipeline.read.encode import text_of
from pipeline.read.format import Chunk, Manner
from pipeline.read.loose import Loose
from pipeline.read.opening import bytes_at, open_file
from pipeline.read.stream import Stream

_FEED: Final = 10
_RETURN: Final = 13
READ_BYTES: Final = 1 << 23
"""Looked through at once for places to cut."""


class Segment(NamedTuple):
    """Bytes of a file in UTF-8 that begin and end between records."""

    source: str
    path: Place
    address: str
    manner: Manner
    offset: int
    size: int
    line: int
    """Physical line on which it begins."""
    content: bytes
    """xxh3-128 of the bytes: what is read later must be what was cut."""
    lines: int = 0
    """Physical lines in it."""

    @property
    def after(self) -> "Segment":
        """Give the place behind it, as a segment of no bytes."""
        return self._replace(offset=self.offset + self.size, line=self.line + self.lines, size=0, lines=0, content=b"")

    @property
    def digest(self) -> bytes:
        """Give what is equal for equal bytes read in the same manner."""
        return xxhash.xxh3_128_digest(self.content + self.manner.identity.encode())

    def read(self) -> pa.RecordBatch:
        """Read the rows; a SourceError where the file is not what it was when it was cut."""
        try:
            data = bytes_at(self.path, self.offset, self.size)
        except OSError as error:
            raise SourceError(
                f"{self.address}: cannot be read any more: {error.strerror or error}. Run again when it is back."
            ) from error
        if xxhash.xxh3_128_digest(data) != self.content:
            raise SourceError(f"{self.address}: it changed while it was read. Run again when nobody writes to it.")
        return _rows(self.manner.records(data))

    def names(self, lines: pa.Array) -> pa.Array:
        """Give the names of the rows that `read` gave."""
        physical = pc.add(lines, self.line - 1).cast(pa.string())
        return pc.binary_join_element_wise(f"{self.address}:", physical, "")

    def halves(self) -> Sequence[Loose]:
        """Give the rows loose, in two parts; of a single row nothing."""
        return self._loose().halves()

    def lost(self) -> Loose:
        """Give the single row as one that could not be read."""
        return self._loose().lost()

    def _loose(self) -> Loose:
        rows = self.read()
        return Loose.of(self.source, rows, self.names(rows["line"]))


def segments(
    stream: Stream, manner: Manner, *, source: str, wanted: Wanted, memory: CutMemory | None = None
) -> Iterator[Segment | Record | Chunk]:
    """Cut a file in UTF-8 into segments; from a place on where no cut is certain, give its records instead.

    With a memory, a file that begins with the bytes of the last time is not searched there for places to cut.
    """
    mark = stream.encoding.mark
    with open_file(stream.path) as file:
        file.seek(mark)
        head = manner.head(file.read(READ_BYTES))
        if head is None:
            yield from manner.careful(_blocks(file, mark), 1, has_head=True)
            return
        begin = Segment(source, stream.path, stream.address, manner, mark + len(head), 0, 1 + _lines(head), b"")
        key = f"{stream.address}\0{begin.offset}\0{manner.identity}\0{wanted}"
        made: list[Segment] = []
        for segment in _again(file, begin, memory.last(key) if memory else None):
            made.append(segment)
            yield segment
        for one in _cut(file, made[-1].after if made else begin, wanted):
            if isinstance(one, Segment):
                made.append(one)
            yield one
        if memory:
            memory.keep(key, [Cut(one.size, one.lines, one.content) for one in made])


def _again(file: BinaryIO, begin: Segment, last: Sequence[Cut] | None) -> Iterator[Segment]:
    """Give the segments of the last time as far as the file has the same bytes.

    Not the last of them, which the end of the file may have cut: another end comes where the file grew.
    """
    file.seek(begin.offset)
    for size, lines, content in (last or ())[:-1]:
        piece = file.read(size)
        if len(piece) != size or xxhash.xxh3_128_digest(piece) != content:
            return
        yield (segment := begin._replace(size=size, lines=lines, content=content))
        begin = segment.after


def _cut(file: BinaryIO, begin: Segment, wanted: Wanted) -> Iterator[Segment | Record | Chunk]:
    """Cut what comes after the header; `begin` is the empty segment there."""
    manner, data, fresh = begin.manner, b"", b" "
    file.seek(begin.offset)
    while fresh:
        fresh = file.read(READ_BYTES)
        data += fresh
        ends = manner.ends(data)
        if ends is None or (len(data) > manner.most_bytes and not len(ends)):
            yield from manner.careful(_blocks(file, begin.offset), begin.line, has_head=False)
            return
        places = [int(ends[cut - 1]) for cut in cuts(np.frombuffer(data, np.uint8), ends, wanted)]
        if not fresh and data and places[-1:] != [len(data)]:
            places.append(len(data))
        for start, end in zip([0, *places], places, strict=False):
            piece = data[start:end]
            content = xxhash.xxh3_128_digest(piece)
            yield (segment := begin._replace(size=len(piece), lines=_lines(piece), content=content))
            begin = segment.after
        data = data[places[-1] if places else 0 :]


def _blocks(file: BinaryIO, offset: int) -> Iterator[bytes]:
    file.seek(offset)
    while block := file.read(1 << 20):
        yield block


def _lines(data: bytes) -> int:
    """Count the line ends, as `read.lines` knows them."""
    letters = np.frombuffer(data, np.uint8)  # counted four times as fast as by bytes.count
    feeds = letters == _FEED
    count = int(np.count_nonzero(feeds))
    if b"\r" not in data:
        return count
    returns = letters == _RETURN
    return count + int(np.count_nonzero(returns)) - int(np.count_nonzero(returns[:-1] & feeds[1:]))


def _rows(found: Iterator[Record | Chunk]) -> pa.RecordBatch:
    """Put the records of one segment together."""
    parts: list[pa.RecordBatch] = []
    single: list[Record] = []
    for one in found:
        if isinstance(one, Record):
            single.append(one)
            continue
        parts += _settled(single)
        single = []
        nothing = pa.nulls(len(one.lines), pa.binary()), pa.nulls(len(one.lines), pa.string())
        parts.append(pa.RecordBatch.from_arrays([one.lines, one.texts, *nothing], schema=PIECE))
    parts += _settled(single)
    if len(parts) == 1:
        return parts[0]
    table = pa.Table.from_batches(parts, schema=PIECE).combine_chunks()
    return (table.to_batches() or [pa.RecordBatch.from_pylist([], schema=PIECE)])[0]


def _settled(records: Sequence[Record]) -> list[pa.RecordBatch]:
    if not records:
        return []
    values = zip(
        *((r.line, text_of(r), r.raw, None if r.trouble is None else str(r.trouble)) for r in records), strict=True
    )
    arrays = [pa.array(column, field.type) for column, field in zip(values, PIECE, strict=True)]
    return [pa.RecordBatch.from_arrays(arrays, schema=PIECE)]
