"""Stages that only a check needs: lines as payloads as they are, and what is kept of a row when it has been judged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import msgspec
import pyarrow as pa

from pipeline.core.columns import COMPOSE, MEASURE, with_columns
from pipeline.core.example import Json, Method
from pipeline.core.facts import facts_of, with_lengths

NOTHING: Final = pa.schema([])
NEAR: Final = ("near", "sketch")
"""Columns that only near twins are sought by: 64 bytes a row and more, and not held where none are sought."""
Reader: TypeAlias = Callable[[dict[str, Json]], dict[str, Json]]


@dataclass(frozen=True)
class AsIs:
    """Takes each line as the payload; lines in a target's own format are said in the words of schemas/ first."""

    formats: Mapping[str, str] = field(default_factory=dict)
    """Address of a file → name of the format under pipeline/targets/formats that reads its lines."""

    name: str = "compose"
    reads: tuple[str, ...] = ("name", "record", "unread")
    adds: pa.Schema = COMPOSE

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Give the batch with payload and trouble; a batch comes from one file."""
        nothing = pa.nulls(batch.num_rows, pa.string())
        columns = {
            "payload": self._payloads(batch),
            "trouble": batch["unread"],
            "mended": pa.nulls(batch.num_rows, COMPOSE.field("mended").type),
            "family": nothing,
            "stratum": nothing,
            "private": pa.nulls(batch.num_rows, COMPOSE.field("private").type),
        }
        return with_columns(batch, COMPOSE, columns)

    def _payloads(self, batch: pa.Table) -> pa.ChunkedArray:
        address = batch["name"][0].as_py().rpartition(":")[0] if batch.num_rows else ""
        name = self.formats.get(address, "messages")
        if name == "messages":
            return batch["record"]
        from pipeline.targets.format import all_formats

        read = all_formats()[name].read
        return pa.chunked_array([[translated(line, read) for line in batch["record"].to_pylist()]], pa.string())


def translated(line: str | None, read: Reader) -> str | None:
    """Give the line in the words of schemas/, or as it is where it does not have the format's shape."""
    if line is None:
        return None
    try:
        value = msgspec.json.decode(line)
        return msgspec.json.encode(read(value)).decode() if isinstance(value, dict) else line
    except (
        msgspec.DecodeError,
        UnicodeError,
        RecursionError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        IndexError,
    ):
        return line


@dataclass(frozen=True)
class Unmeasured:
    """Adds the columns of `measure` as "not measured", for lines that are no examples."""

    name: str = "measure"
    reads: tuple[str, ...] = ("payload",)
    adds: pa.Schema = MEASURE

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Give the batch with nulls."""
        return with_columns(batch, MEASURE, {one.name: pa.nulls(batch.num_rows, one.type) for one in MEASURE})


@dataclass(frozen=True)
class Thin:
    """Keeps the facts, keys and findings of each row and lets its text go: all that is held of a file in memory."""

    method: Method = "sft"
    near: bool = True
    """Whether near twins will be sought."""
    name: str = "facts"
    reads: tuple[str, ...] = ("name", "source", "payload", "findings", "keys", "sketch", "at")
    adds: pa.Schema = NOTHING

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Give a narrower table of the same rows; `near` are the near-duplicate keys, beside the sketches."""
        facts = with_lengths(facts_of(batch), batch["payload"], method=self.method)
        columns = {"at": batch["at"], "ships": batch["payload"].is_valid()}
        if self.near:
            columns |= dict(zip(NEAR, (batch["keys"], batch["sketch"]), strict=True))
        for name, column in columns.items():
            facts = facts.append_column(name, column)
        return facts
