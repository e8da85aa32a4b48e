"""What a reader gives: one record of a source, or the bytes of a row that could not be read."""

from typing import NamedTuple

from pipeline.core.example import Json
from pipeline.core.trouble import Trouble


class Record(NamedTuple):
    """One row of a source with the physical line on which it begins (from 1)."""

    line: int
    value: dict[str, Json] | None
    """Column or key → value. Text sources give `text` (and `title`, `path` where known). None when unreadable."""
    part: int | None = None
    """Number of the record (from 1) where one physical row was taken apart; the name ends in `#part` then."""
    raw: bytes | None = None
    """The row's own bytes, kept only when it could not be read."""
    trouble: Trouble | None = None
    """Why it could not be read."""
    text: str | None = None
    """The record as JSON on one line, where the source holds it so already; `value` may then be None, undecoded."""
