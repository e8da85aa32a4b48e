"""A first look at a file: what it is, how it is written, and its first records."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from pipeline.core.record import Record
from pipeline.read.gather import value_of
from pipeline.read.records import records, settle
from pipeline.read.settings import AutoSettings, ReadSettings
from pipeline.read.stream import open_stream

_USUAL: Final = {"encoding": "utf-8", "quote": '"', "escape": "", "skip": 0, "records": ""}
"""What nobody needs to be told, though it was detected."""


class Look(NamedTuple):
    """What was found out about a file."""

    format: str
    encoding: str | None
    """None: the format has none."""
    delimiter: str | None
    """None: the format has none."""
    columns: tuple[str, ...]
    """Names of columns or keys, in the order in which the first records bring them up."""
    settings: ReadSettings
    """Everything filled in, as the reader would use it."""
    records: tuple[Record, ...]
    """The first ones, unreadable ones among them."""
    notes: tuple[str, ...]
    """What had to be assumed."""

    @property
    def plan(self) -> dict[str, Any]:
        """Give the `read` table to write into the plan: what is neither a default nor usual."""
        default = type(self.settings)()
        differing = {
            name: value for name, value in self.settings if value not in (getattr(default, name), _USUAL.get(name))
        }
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in differing.items()}
        return {"format": self.format, **plain}


def look(path: Path, *, read: ReadSettings | None = None, count: int = 5) -> Look:
    """Look at a file; a SourceError where it is missing or of no known format."""
    asked = read or AutoSettings()
    stream = open_stream(path, path.name, encoding=getattr(asked, "encoding", None))
    settings, notes = settle(stream, asked)
    found = tuple(_decoded(islice(records(stream, settings), count)))
    columns = dict.fromkeys(name for record in found for name in record.value or ())
    return Look(
        settings.format,
        getattr(settings, "encoding", None),
        getattr(settings, "delimiter", None),
        tuple(columns),
        settings,
        found,
        notes,
    )


def _decoded(found: Iterator[Record]) -> Iterator[Record]:
    for record in found:
        yield record if record.trouble is not None else record._replace(value=value_of(record))
