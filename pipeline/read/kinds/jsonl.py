"""JSON Lines: one object a line, passed on as the very text that stands there."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipeline.core.record import Record
from pipeline.core.trouble import Trouble
from pipeline.read.damage import Damaged
from pipeline.read.format import Chunk, Format, Settled
from pipeline.read.settings import ReadSettings
from pipeline.read.stream import Stream

_LINE_FEED, _RETURN = b"\n\r"
_SPACE: Final = b" \t\r\n"
_MOST_BYTES: Final = (1 << 31) - 1
"""What an array of text holds."""
SUFFIXES: Final = frozenset({".jsonl", ".ndjson", ".jsonlines", ".ldjson"})


class JsonlSettings(ReadSettings):
    """How a JSON Lines file is written."""

    format: Literal["jsonl"] = "jsonl"
    encoding: str | None = Field(default=None, min_length=1)
    """Python name of the encoding (`cp1252`). None: detected."""


def settle(stream: Stream, settings: JsonlSettings) -> Settled:
    """Nothing is left to detection."""
    del stream
    return Settled(settings)


def records(stream: Stream, settings: JsonlSettings) -> Iterator[Record]:
    """Give the object of every line that is not blank, or the line's trouble."""
    del settings
    number = 0
    try:
        for lines in stream.line_blocks():
            for number, line in enumerate(lines, start=number + 1):  # noqa: B020 - counts on through all blocks
                text = line.strip(_SPACE)
                if text:
                    yield record(number, text, stream.original)
    except Damaged as damage:
        trouble = Trouble("read.damaged", damage.message)
        yield Record(number + 1, None, raw=stream.original(damage.rest), trouble=trouble)


def record(line: int, text: bytes, original: Callable[[bytes], bytes]) -> Record:
    """Give the record of one JSON text, or its trouble with the bytes as they stand in the file."""
    try:
        return Record(line, None, text=checked(text))
    except Trouble as trouble:
        return Record(line, None, raw=original(text), trouble=trouble)


_SHALLOW: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BYTE: Final = re.compile(r"\(byte (\d+)\)")


def checked(text: bytes) -> str:
    """Give the text of a JSON object, or raise the Trouble that says what else it is and at which column."""
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        raise Trouble("read.encoding", "Bytes that are not text in the file's encoding.") from error
    try:
        _SHALLOW.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        _judge(decoded, text, error)
    return decoded


def _judge(decoded: str, text: bytes, error: Exception) -> None:
    """Raise what is wrong; the standard library knows the one thing that the fast decoder refuses: lone surrogates."""
    try:
        value = json.loads(decoded, parse_constant=_refuse)
    except json.JSONDecodeError as flaw:
        raise Trouble("read.not-json", f"Not JSON from column {flaw.pos + 1} on: {_reason(flaw)}.") from flaw
    except RecursionError as flaw:
        raise Trouble("read.not-json", "JSON nested too deeply to be read.") from flaw
    except ValueError as flaw:
        column = _column(text, error) or 1
        raise Trouble(
            "read.not-json", f"Not JSON at column {column}: {flaw} is no JSON number; null was expected."
        ) from flaw
    if not isinstance(value, dict):
        raise Trouble("read.not-a-record", f"A JSON {_kind(value)}; an object was expected.")


def _refuse(name: str) -> None:
    raise ValueError(name)


def _column(text: bytes, error: Exception) -> int | None:
    """Give the column in characters, from 1, that the fast decoder's message names in bytes."""
    found = _BYTE.search(str(error))
    return len(text[: int(found[1])].decode("utf-8", "replace")) + 1 if found else None


def _reason(flaw: json.JSONDecodeError) -> str:
    return {"Extra data": "more text follows the object"}.get(flaw.msg, flaw.msg[:1].lower() + flaw.msg[1:])


def _kind(value: object) -> str:
    kinds = {list: "list", str: "text", bool: "true or false", int: "number", float: "number", type(None): "null"}
    return kinds.get(type(value), "value")


@dataclass(frozen=True)
class Lines:
    """Any whole lines are read by themselves."""

    identity = "jsonl"
    most_bytes = 1 << 62

    def head(self, data: bytes) -> bytes:
        """Nothing comes before the first line."""
        del data
        return b""

    def ends(self, data: bytes) -> npt.NDArray[np.int64]:
        """Give the places after line ends; a CR at the very end may be half of one."""
        signs = np.frombuffer(data, np.uint8)
        if b"\r" not in data or data.count(b"\r") == data.count(b"\r\n"):
            return np.flatnonzero(signs == _LINE_FEED) + 1
        is_end = signs == _LINE_FEED
        is_end[:-1] |= (signs[:-1] == _RETURN) & (signs[1:] != _LINE_FEED)
        return np.flatnonzero(is_end) + 1

    def records(self, data: bytes) -> Iterator[Record | Chunk]:
        """Give the object of every line that is not blank, or the line's trouble; sound ones in a row together."""
        texts = _stripped(data)
        if texts is None:
            for number, line in enumerate(data.splitlines(), start=1):
                if text := line.strip(_SPACE):
                    yield record(number, text, bytes)
            return
        numbers = pc.indices_nonzero(pc.binary_length(texts))
        yield from _records(pc.add(numbers.cast(pa.int64()), 1), texts.take(numbers))

    def careful(self, blocks: Iterable[bytes], line: int, *, has_head: bool) -> Iterator[Record]:
        """Never asked: every line can be cut off."""
        raise NotImplementedError


def _stripped(data: bytes) -> pa.Array | None:
    """Give the physical lines without the space around them; None: they are taken one by one.

    One by one where any is no UTF-8 or ends in CR alone, and where all are too long together for an array of text.
    """
    if len(data) > _MOST_BYTES or (b"\r" in data and data.count(b"\r") != data.count(b"\r\n")):
        return None
    whole = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, len(data)], pa.int32()).buffers()[1], pa.py_buffer(data)]
    )
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return None
    return pc.ascii_trim(pc.split_pattern(whole, "\n").values, _SPACE.decode())


def _records(numbers: pa.Array, texts: pa.Array) -> Iterator[Record | Chunk]:
    """Give the records of lines with these numbers: 1.5 µs a row, where one by one they cost 5."""
    lines = texts.cast(pa.binary()).to_pylist()
    begin = 0
    for place in (place for place, line in enumerate(lines) if not _is_record(line)):
        if begin < place:
            yield Chunk(numbers[begin:place], texts[begin:place])
        yield record(numbers[place].as_py(), lines[place], bytes)
        begin = place + 1
    if begin < len(lines):
        yield Chunk(numbers[begin:], texts[begin:])


def _is_record(text: bytes) -> bool:
    """Say whether a text in UTF-8 is an object for certain; what the fast decoder refuses, `record` judges."""
    try:
        _SHALLOW.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def manner(stream: Stream, settings: JsonlSettings) -> Lines:
    """Give how parts of the file are read."""
    del stream, settings
    return Lines()


FORMAT: Final = Format("jsonl", JsonlSettings, SUFFIXES, settle, records, manner=manner)
