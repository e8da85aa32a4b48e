"""Lines of a file as rows, many at a time: names, texts, and the bytes of those that are not UTF-8."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.columns import READ
from pipeline.core.trouble import Trouble
from pipeline.preflight.source import Source

BLOCK_BYTES: Final = 8 << 20
"""Work of some hundred milliseconds a batch: enough to be worth a trip to a worker, little to hold in memory."""
BLOCKS: Final = 8
"""Batches that a file worth workers has at least, so that all have work from the start."""
LAST: Final = 3
"""A batch is at most this share of what is left, so that no worker waits long for another at the end: with batches of one
size it waited for half of one, a quarter of a second. Twice as many of half the size would cost that in starts of RE2:
14 of 69 MB instead of 21 take a fiftieth less."""
LAST_BYTES: Final = 1 << 20
"""The smallest of them: a tenth of a second."""
LONGEST_BYTES: Final = 512 << 20
"""A longer line is no example: platforms refuse files of this size, and an Arrow text may not pass 2 GB."""
_SPACE: Final = 32
"""This byte and all below are white space or no text."""
Numbers: TypeAlias = npt.NDArray[np.int64]
LINES: Final = READ.append(pa.field("at", pa.int64()))
"""The columns of a batch: those of `read`, and the byte at which the line begins."""


@dataclass(slots=True)
class Ends:
    """How the lines of one file ended, counted while they are read."""

    lines: int = 0
    crlf: int = 0
    blank: int = 0
    first_blank: int = 0
    """Number of the first blank line."""
    is_last_open: bool = False
    """Whether the last line lacks its end."""
    first_crlf: int = field(default=0)


def lines(source: Source, *, side: str, ends: Ends) -> Iterator[pa.RecordBatch]:
    """Give every line that is not blank, in order, in batches of about 8 MB; `side` stands in their `source` column.

    `ends` is filled while the batches are taken.
    """
    for start, block in _blocks(source):
        batch = _batch(block, source=source, side=side, at=start, ends=ends)
        if batch.num_rows:
            yield batch


def _blocks(source: Source) -> Iterator[tuple[int, bytes]]:
    """Give whole lines with the place of their first byte; a line that is too long comes alone, cut."""
    end = source.line_end
    with source.path.open("rb") as file:
        file.seek(source.skip)
        at, rest = source.skip, b""
        while block := file.read(_size(source.size, source.size - file.tell())):
            cut = block.rfind(end) + 1
            if cut == 0 and len(rest) <= LONGEST_BYTES:
                rest += block
                continue
            if cut == 0:
                continue  # more of a line that is too long already: what is kept of it is enough to say so
            whole = rest + block[:cut]
            yield at, whole
            at, rest = file.tell() - len(block) + cut, block[cut:]
        if rest:
            yield at, rest


def _size(whole: int, left: int) -> int:
    """Give how many bytes the next block of a file has; of one that is not worth workers always as many."""
    if whole <= 2 * BLOCK_BYTES:
        return BLOCK_BYTES
    return min(BLOCK_BYTES, whole // BLOCKS + 1, max(left // LAST, LAST_BYTES))


def _batch(block: bytes, *, source: Source, side: str, at: int, ends: Ends) -> pa.RecordBatch:
    return _plain_batch(block, source=source, side=side, at=at, ends=ends) or _any_batch(
        block, source=source, side=side, at=at, ends=ends
    )


def _plain_batch(block: bytes, *, source: Source, side: str, at: int, ends: Ends) -> pa.RecordBatch | None:
    """Give the rows of a block without taking a line into Python; None where some line is blank, odd or no UTF-8."""
    letters = np.frombuffer(block, np.uint8)
    stops = np.flatnonzero(letters == source.line_end[0])
    is_open = block[-1:] != source.line_end
    starts = np.concatenate(([0], stops + 1 if is_open else stops[:-1] + 1))
    if (letters[starts] <= _SPACE).any() or len(block) > LONGEST_BYTES or b"\r" in block:
        return None
    offsets = np.append(starts - np.arange(len(starts)), len(block) - len(stops)).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(block.replace(source.line_end, b""))]
    records = pa.Array.from_buffers(pa.string(), len(starts), buffers)
    try:
        records.validate(full=True)
    except pa.ArrowInvalid:
        return None
    numbers = np.arange(ends.lines + 1, ends.lines + 1 + len(starts))
    ends.lines += len(starts)
    ends.is_last_open = is_open
    return _rows(records, starts + at, numbers, address=source.address, side=side)


def _any_batch(block: bytes, *, source: Source, side: str, at: int, ends: Ends) -> pa.RecordBatch:
    texts = block.split(source.line_end)
    is_open = bool(texts[-1])
    if not is_open:
        texts.pop()
    ends.is_last_open = is_open
    sizes = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    starts = np.concatenate(([0], np.cumsum(sizes + 1)[:-1])) + at
    numbers = np.arange(ends.lines + 1, ends.lines + 1 + len(texts))
    ends.lines += len(texts)
    texts = _without_cr(texts, block, numbers, ends)
    kept = _kept(texts, numbers, ends)
    if len(kept) < len(texts):
        texts, starts, numbers = [texts[i] for i in kept], starts[kept], numbers[kept]
    records, unread, raw = _read(texts)
    return _rows(records, starts, numbers, address=source.address, side=side, unread=unread, raw=raw)


def _without_cr(texts: list[bytes], block: bytes, numbers: Numbers, ends: Ends) -> list[bytes]:
    if b"\r\n" not in block and not block.endswith(b"\r"):
        return texts
    found = [index for index, text in enumerate(texts) if text.endswith(b"\r")]
    ends.first_crlf = ends.first_crlf or (int(numbers[found[0]]) if found else 0)
    ends.crlf += len(found)
    for index in found:
        texts[index] = texts[index][:-1]
    return texts


def _kept(texts: list[bytes], numbers: Numbers, ends: Ends) -> list[int]:
    blank = [index for index, text in enumerate(texts) if not text or (text[0] <= _SPACE and not text.strip())]
    if not blank:
        return list(range(len(texts)))
    ends.first_blank = ends.first_blank or int(numbers[blank[0]])
    ends.blank += len(blank)
    gone = set(blank)
    return [index for index in range(len(texts)) if index not in gone]


def _rows(
    records: pa.Array,
    starts: Numbers,
    numbers: Numbers,
    *,
    address: str,
    side: str,
    unread: pa.Array | None = None,
    raw: pa.Array | None = None,
) -> pa.RecordBatch:
    """Give the batch; without `unread` and `raw` all lines could be read."""
    rows = len(records)
    names = pc.binary_join_element_wise(address, pa.array(numbers).cast(pa.string()), ":")
    unread = pa.nulls(rows, pa.string()) if unread is None else unread
    raw = pa.nulls(rows, pa.binary()) if raw is None else raw
    columns = [names, pa.repeat(pa.scalar(side), rows), records, raw, unread, pa.array(starts)]
    return pa.RecordBatch.from_arrays(columns, schema=LINES)


def _read(texts: list[bytes]) -> tuple[pa.Array, pa.Array | None, pa.Array | None]:
    """Give lines as text, and where some are none the reasons and the bytes."""
    if max(map(len, texts), default=0) > LONGEST_BYTES:
        return _one_by_one(texts)
    try:
        return pa.array(texts, pa.binary()).cast(pa.string()), None, None
    except pa.ArrowInvalid:
        return _one_by_one(texts)


def _one_by_one(texts: list[bytes]) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Give the lines that are text, and for the others the reason and the bytes."""
    records: list[str | None] = []
    troubles: list[str | None] = []
    raw: list[bytes | None] = []
    for text in texts:
        trouble = _trouble(text)
        records.append(None if trouble else text.decode())
        troubles.append(str(trouble) if trouble else None)
        raw.append(text[:LONGEST_BYTES] if trouble else None)
    return pa.array(records, pa.string()), pa.array(troubles, pa.string()), pa.array(raw, pa.binary())


def _trouble(text: bytes) -> Trouble | None:
    if len(text) > LONGEST_BYTES:
        return Trouble("file.long-line", f"{len(text):,} bytes in one line; expected an example.")
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return Trouble("file.encoding", f"Byte {error.start + 1:,} of the line is not UTF-8; expected UTF-8.")
    return None
