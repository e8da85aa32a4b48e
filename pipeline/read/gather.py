"""Rows that share a key become one record, however far apart they stand; memory holds keys, never text."""

import tempfile
from array import array
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa

from pipeline.core.example import Json
from pipeline.core.record import Record
from pipeline.core.trouble import Trouble

_SPOOL_ROWS: Final = 4_096


class _Keys(NamedTuple):
    """The thin table: one entry a row, in the file's order."""

    conversation: "array[int]"
    """Number of the conversation, in the order of first rows."""
    line: "array[int]"
    order: list[str | None]
    """Value of the order column as text; empty where there is none."""


def gather(records: Iterator[Record], *, group: str, order: str | None) -> Iterator[Record]:
    """Give one record a conversation, `{group: key, "rows": [...]}`, named by the line of its first row.

    Conversations come in the order of their first rows; within one, rows are put in order by `order`, ties as they stand.
    Records in trouble come where they stood, and so do rows without a key, which are trouble themselves.
    """
    with tempfile.TemporaryDirectory(prefix="tuneset-") as folder:
        path = Path(folder) / "rows.arrow"
        keys, names, troubles = _spool(records, path, group, order)
        if not keys.line:
            yield from troubles
            return
        with pa.memory_map(str(path)) as spooled:
            table = pa.ipc.open_file(spooled)
            yield from _merged(
                _conversations(_Spool(table), keys, names, group, is_ordered=order is not None), troubles
            )


def value_of(record: Record) -> dict[str, Json]:
    """Give the record's value, decoded where only its text is at hand."""
    if record.value is not None:
        return record.value
    import json

    try:
        value: dict[str, Json] = msgspec.json.decode(record.text or "{}")
    except msgspec.DecodeError:  # a lone surrogate in an escape
        value = json.loads(record.text or "{}")
    return value


def _spool(
    records: Iterator[Record], path: Path, group: str, order: str | None
) -> tuple[_Keys, list[Json], list[Record]]:
    """Write every sound row to disk and keep its key; give the keys, the conversations' names, and the troubles."""
    from pipeline.read.encode import to_json

    keys = _Keys(array("q"), array("q"), [])
    numbers: dict[str, int] = {}
    names: list[Json] = []
    troubles: list[Record] = []
    schema = pa.schema([("row", pa.large_string())])
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        rows = _rows(records, troubles, group, order)
        while batch := list(islice(rows, _SPOOL_ROWS)):
            texts = []
            for record, key, place in batch:
                spelled = to_json(key)
                if spelled not in numbers:
                    numbers[spelled] = len(names)
                    names.append(key)
                keys.conversation.append(numbers[spelled])
                keys.line.append(record.line)
                keys.order.append(place)
                texts.append(record.text if record.text is not None else to_json(record.value))
            writer.write_batch(pa.record_batch([pa.array(texts, pa.large_string())], schema=schema))
    return keys, names, troubles


def _rows(
    records: Iterator[Record], troubles: list[Record], group: str, order: str | None
) -> Iterator[tuple[Record, Json, str | None]]:
    for record in records:
        if record.trouble is not None:
            troubles.append(record)
            continue
        value = value_of(record)
        key = value.get(group)
        if key is None or key == "":
            troubles.append(_without_key(record, value, group))
            continue
        place = value.get(order) if order is not None else None
        yield record, key, None if place is None else str(place)


def _without_key(record: Record, value: dict[str, Json], group: str) -> Record:
    from pipeline.read.encode import to_json

    what = "is empty" if group in value else "is not there"
    trouble = Trouble("read.no-group", f"The column that `group` names {what}; each row must belong to a conversation.")
    return record._replace(value=None, text=None, raw=to_json(value).encode(), trouble=trouble)


class _Spool:
    """The rows on disk, by their place; the memory map brings in only what is looked at."""

    def __init__(self, table: Any) -> None:
        self._batches = [table.get_batch(number).column(0) for number in range(table.num_record_batches)]

    def row(self, place: int) -> dict[str, Json]:
        batch, offset = divmod(place, _SPOOL_ROWS)
        return value_of(Record(0, None, text=self._batches[batch][offset].as_py()))


def _conversations(
    spool: _Spool, keys: _Keys, names: Sequence[Json], group: str, *, is_ordered: bool
) -> Iterator[Record]:
    import numpy as np

    conversation = np.asarray(keys.conversation)
    within = _ranks(keys.order) if is_ordered else np.zeros(len(conversation))
    places = np.lexsort((np.arange(len(conversation)), within, conversation))
    first = np.full(len(names), np.iinfo(np.int64).max)
    np.minimum.at(first, conversation, np.asarray(keys.line))
    bounds = np.searchsorted(conversation[places], np.arange(len(names) + 1))
    for number, name in enumerate(names):
        rows = [spool.row(int(place)) for place in places[bounds[number] : bounds[number + 1]]]
        yield Record(int(first[number]), {group: name, "rows": rows})


def _ranks(order: Sequence[str | None]) -> Any:
    """Give each row's rank: by number where every value is one, else by text; rows without a value come last."""
    import numpy as np

    try:
        return np.array([np.inf if place in (None, "") else float(place or 0) for place in order])
    except ValueError:
        ranks = {place: rank for rank, place in enumerate(sorted({place for place in order if place}))}
        return np.array([ranks.get(place or "", len(ranks)) for place in order])


def _merged(conversations: Iterator[Record], troubles: Sequence[Record]) -> Iterator[Record]:
    """Give both in the order of lines."""
    import heapq

    return heapq.merge(conversations, troubles, key=lambda record: record.line)
