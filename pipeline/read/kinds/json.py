"""JSON: a list of records, records at a path inside, or objects one after the other; read as a stream."""

import codecs
from collections.abc import Iterator
from typing import Final, Literal

import msgspec
from pydantic import Field

from pipeline.core.record import Record
from pipeline.core.trouble import Trouble
from pipeline.read.cursor import Cursor, Value
from pipeline.read.damage import Damaged
from pipeline.read.format import Format, Settled
from pipeline.read.kinds.jsonl import checked
from pipeline.read.settings import ReadSettings
from pipeline.read.stream import Stream

SUFFIXES: Final = frozenset({".json"})
OWN_LISTS: Final = frozenset(
    [
        "messages",
        "conversations",
        "conversation",
        "turns",
        "dialog",
        "dialogue",
        "utterances",
        "history",
        "tools",
        "functions",
        "tool_calls",
        "replies",
        "instances",
        "input",
        "preferred_output",
        "non_preferred_output",
        "chosen",
        "rejected",
    ]
)
"""Lists of objects that belong to one record; never taken for the list of records."""


class JsonSettings(ReadSettings):
    """Where in a JSON file the records stand."""

    format: Literal["json"] = "json"
    encoding: str | None = Field(default=None, min_length=1)
    """Python name of the encoding (`cp1252`). None: detected."""
    records: str | None = None
    """Keys that lead to the list of records, `data.items`; empty: the top. None: the one list of objects under the top's keys."""


def settle(stream: Stream, settings: JsonSettings) -> Settled:
    """Find the list of records where the file is one object."""
    if settings.records is not None:
        return Settled(settings)
    try:
        paths = record_lists(Cursor(_pieces(stream)))
    except Damaged:
        paths = []
    settled = settings.model_copy(update={"records": paths[0] if len(paths) == 1 else ""})
    if len(paths) > 1:
        names = ", ".join(f"`{path}`" for path in paths)
        return Settled(
            settled, (f"several lists of records: {names}; set `records` to one, or the whole file is one record.",)
        )
    return Settled(settled)


def record_lists(cursor: Cursor) -> list[str]:
    """Name the keys of the top object that hold lists of objects; none where the top is no object or not alone."""
    if not cursor.take("{"):
        return []
    found = []
    for key in _members(cursor):
        if cursor.peek() != "[":
            cursor.value()
            continue
        if _skip_list(cursor) and key not in OWN_LISTS:
            found.append(key)
    return [] if cursor.peek() else found


def _skip_list(cursor: Cursor) -> bool:
    """Pass over a list and say whether it begins with an object."""
    cursor.take("[")
    is_of_objects = cursor.peek() == "{"
    for _ in _elements(cursor):
        pass
    return is_of_objects


def records(stream: Stream, settings: JsonSettings) -> Iterator[Record]:
    """Give every record, or the trouble of what stands in its place."""
    settings = settle(stream, settings).settings
    cursor = Cursor(_pieces(stream))
    try:
        for value in _at_path(cursor, [key for key in (settings.records or "").split(".") if key]):
            yield _record(value, stream)
    except Damaged as damage:
        line, rest = cursor.line, _raw(cursor.rest()) + damage.rest
        yield Record(line, None, raw=stream.original(rest), trouble=Trouble("read.damaged", damage.message))


def _at_path(cursor: Cursor, path: list[str]) -> Iterator[Value]:
    while cursor.peek():
        if path and cursor.take("{"):
            for key in _members(cursor):
                if key == path[0]:
                    yield from _inside(cursor, path[1:])
                else:
                    cursor.value()
        else:
            yield from _inside(cursor, [])
            cursor.take(",")


def _inside(cursor: Cursor, path: list[str]) -> Iterator[Value]:
    """Give the values at the rest of the path: the elements of a list, or the value itself."""
    if path and cursor.take("{"):
        for key in _members(cursor):
            if key == path[0]:
                yield from _inside(cursor, path[1:])
            else:
                cursor.value()
    elif not path and cursor.take("["):
        yield from _elements(cursor)
    else:
        yield cursor.value()


def _members(cursor: Cursor) -> Iterator[str]:
    """Give the keys of the object that was entered; the caller takes each value."""
    while (sign := cursor.peek()) and not cursor.take("}"):
        if sign == ",":
            cursor.take(",")
            continue
        key = cursor.value().text
        if not cursor.take(":"):
            continue
        yield _plain(key)


def _plain(key: str) -> str:
    try:
        return str(msgspec.json.decode(key))
    except msgspec.DecodeError:
        return key


def _elements(cursor: Cursor) -> Iterator[Value]:
    """Give the elements of the list that was entered."""
    while cursor.peek() and not cursor.take("]"):
        if not cursor.take(","):
            yield cursor.value()


def _record(value: Value, stream: Stream) -> Record:
    raw = _raw(value.text)
    try:
        checked(raw)
        return Record(value.line, None, text=msgspec.json.format(raw, indent=-1).decode())
    except Trouble as trouble:
        return Record(value.line, None, raw=stream.original(raw), trouble=trouble)
    except msgspec.DecodeError:
        return Record(value.line, None, text=_compact(value.text))


def _compact(text: str) -> str:
    """Write on one line what the fast formatter refuses: a lone surrogate in an escape."""
    import json

    return json.dumps(json.loads(text), separators=(",", ":"))


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _pieces(stream: Stream) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    for block in stream.blocks():
        yield decoder.decode(block)
    if rest := decoder.decode(b"", final=True):
        yield rest


FORMAT: Final = Format("json", JsonSettings, SUFFIXES, settle, records)
