"""What every `read` table of the plan may say, whatever the format."""

from typing import Literal

from pydantic import Field, PositiveInt

from pipeline.core.target import Settings


class ReadSettings(Settings):
    """Settings that make sense for any source of records."""

    limit: PositiveInt | None = None
    """Records taken from each file, the unreadable ones counted. None: all."""
    group: str | None = None
    """Column whose equal values make one conversation: one record `{"<group>": value, "rows": [...]}`. None: none."""
    order: str | None = None
    """Column by which the rows of a conversation are put in order, numbers as numbers. None: as they stand."""
    unfold: str | None = None
    """Key of a list that takes its record apart, each element merged over its parent. None: none.

    `tree` makes one record of every path through a message tree (`text` and `replies`), `tree-best` of the best-ranked.
    """


class AutoSettings(ReadSettings):
    """The format is guessed from the content of each file."""

    format: Literal["auto"] = "auto"
    encoding: str | None = Field(default=None, min_length=1)
    """Python name of the encoding (`cp1252`). None: detected."""
