"""All sources as one stream of record batches: the first columns of the table."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import pyarrow as pa

from pipeline.core.piece import CutMemory, Piece
from pipeline.core.record import Record
from pipeline.core.trouble import Trouble
from pipeline.read.batches import by_content, even
from pipeline.read.cutting import Wanted
from pipeline.read.encode import to_json
from pipeline.read.format import Chunk, Format, Settled, formats
from pipeline.read.gather import gather, value_of
from pipeline.read.guess import guess
from pipeline.read.loose import loose
from pipeline.read.segment import Segment, segments
from pipeline.read.settings import AutoSettings, ReadSettings
from pipeline.read.source import SourceFiles, streams
from pipeline.read.stream import Stream
from pipeline.read.unfold import unfold


class Note(NamedTuple):
    """Something about a file that its reader had to assume."""

    address: str
    message: str

    def __str__(self) -> str:
        """Give the line for the terminal."""
        return f"{self.address}: {self.message}"


def rows(
    sources: Sequence[SourceFiles], *, batch_rows: int = 2_000, batch_bytes: int = 8_000_000
) -> Iterator[pa.RecordBatch]:
    """Give every row of every source in the schema `columns.READ`, in the order of sources, files and lines.

    A batch ends with its `batch_rows`th row, or earlier where its text would outgrow `batch_bytes`.
    """
    batches = even(batch_rows, batch_bytes)
    for source in sources:
        for stream in streams(source):
            for piece in _pieces(stream, source.read):
                if isinstance(piece, Record):
                    batches.add(piece, source=source.name, address=stream.address)
                else:
                    batches.extend(piece, source=source.name, address=stream.address)
                yield from batches.full()
    yield from batches.rest()


def pieces_of(sources: Sequence[SourceFiles], wanted: Wanted, memory: CutMemory | None = None) -> Iterator[Piece]:
    """Give every row of every source in pieces, in the order of sources, files and lines.

    Where a file can be cut without being parsed, its pieces are segments, which whoever works on them reads himself.
    `memory` has where it was cut the last time; None: every file is searched anew.
    """
    for source in sources:
        waiting = by_content(wanted)
        for stream in streams(source):
            for one in _parts(stream, source, wanted, memory):
                if isinstance(one, Segment):
                    yield from map(loose, waiting.rest())
                    yield one
                    continue
                if isinstance(one, Record):
                    waiting.add(one, source=source.name, address=stream.address)
                else:
                    waiting.extend(one, source=source.name, address=stream.address)
                yield from map(loose, waiting.full())
        yield from map(loose, waiting.rest())


def _parts(
    stream: Stream, source: SourceFiles, wanted: Wanted, memory: CutMemory | None
) -> Iterator[Record | Chunk | Segment]:
    entry, own = chosen(stream, source.read)
    if _is_whole(own) and entry.manner and stream.encoding.name == "utf-8" and not stream.is_compressed():
        manner = entry.manner(stream, own)
        if manner is not None:
            return segments(stream, manner, source=source.name, wanted=wanted, memory=memory)
    return _pieces(stream, source.read)


def _pieces(stream: Stream, settings: ReadSettings) -> Iterator[Record | Chunk]:
    """Give the file's records, many at a time where its format can and nothing has to be done to each."""
    entry, own = chosen(stream, settings)
    if entry.chunks is None or not _is_whole(own):
        return numbered(records(stream, own))
    return entry.chunks(stream, own)


def _is_whole(settings: ReadSettings) -> bool:
    """Say whether the records are those of the file: all of them, none put together or taken apart."""
    return settings.unfold is None and settings.group is None and settings.limit is None


def records(stream: Stream, settings: ReadSettings) -> Iterator[Record]:
    """Give the records of one file: read, then put together or taken apart as the settings say."""
    entry, own = chosen(stream, settings)
    found = entry.records(stream, own)
    if own.unfold is not None:
        found = _unfolded(found, own.unfold)
    if own.group is not None:
        found = gather(found, group=own.group, order=own.order)
    return islice(found, own.limit) if own.limit is not None else found


def chosen(stream: Stream, settings: ReadSettings) -> tuple[Format, ReadSettings]:
    """Give the format and settings of its own class, guessed from the content where the plan leaves it open."""
    if not isinstance(settings, AutoSettings):
        return formats()[getattr(settings, "format")], settings  # noqa: B009 - the tag is each class's own
    entry = formats()[guess(stream)]
    given = {name: value for name, value in settings if name in entry.settings.model_fields and name != "format"}
    return entry, entry.settings(**given)


def settle(stream: Stream, settings: ReadSettings) -> Settled:
    """Fill in what the plan leaves to detection, and say what had to be assumed."""
    entry, own = chosen(stream, settings)
    settled = entry.settle(stream, own)
    if not entry.is_text:
        return settled
    doubt = stream.encoding.doubt
    notes = (f"read as {stream.encoding.name}: {doubt}.",) if doubt else ()
    return Settled(settled.settings.model_copy(update={"encoding": stream.encoding.name}), (*notes, *settled.notes))


def notes(source: SourceFiles) -> Iterator[Note]:
    """Give what had to be assumed about each file of the source, for a person to judge."""
    for address in source.skipped:
        yield Note(address, "not read: no format bears its ending. Name it in the plan, with a `format`, to read it.")
    for stream in streams(source):
        for message in settle(stream, source.read).notes:
            yield Note(stream.address, message)


def _unfolded(found: Iterable[Record], key: str) -> Iterator[Record]:
    for record in found:
        if record.trouble is not None:
            yield record
            continue
        value = value_of(record)
        try:
            for part in unfold(value, key):
                yield Record(record.line, part)
        except Trouble as trouble:
            yield Record(record.line, None, raw=to_json(value).encode(), trouble=trouble)


def numbered(found: Iterable[Record]) -> Iterator[Record]:
    """Give the records, those that begin on the same line numbered, so that every name is unique."""
    held: Record | None = None
    part = 0
    for record in found:
        if held is not None:
            is_shared = held.line == record.line
            part = part + 1 if is_shared or part else 0
            yield held._replace(part=part) if part else held
            part = part if is_shared else 0
        held = record
    if held is not None:
        yield held._replace(part=part + 1) if part else held
