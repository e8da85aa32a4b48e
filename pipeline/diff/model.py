"""A difference as values: counts of everything, texts of the few examples that are shown, with private data masked."""

from typing import Any, Literal

from pydantic import Field

from pipeline.core.target import Settings
from pipeline.report.cost import Interval


class Facts(Settings):
    """One of the two datasets."""

    name: str
    examples: int
    rows_read: int | None = None
    """None: a plain file, of which nobody knows what was left out."""
    tokens: int | None = None
    """Of one epoch; None: not counted."""
    median_tokens: float | None = None
    p95_tokens: float | None = None
    training: Interval | None = None
    """The price of training; None: not known."""
    fates: dict[str, int] = Field(default_factory=dict)
    sides: dict[str, int] = Field(default_factory=dict)
    sources: dict[str, int] = Field(default_factory=dict)
    """Source → examples."""
    labels: dict[str, int] = Field(default_factory=dict)
    languages: dict[str, int] = Field(default_factory=dict)
    """Language → examples of a sample."""


class Example(Settings):
    """An example that came, went or changed."""

    old_name: str | None = None
    """Address of its row in the old dataset."""
    new_name: str | None = None
    before: str = ""
    """What was said, masked and cut; empty: it was not there."""
    after: str = ""
    likeness: float | None = None
    """Share of the words that both have; None: it came or went."""
    why: str = ""
    """What became of the row where the example is not any more, or what had kept it out before."""


class Move(Settings):
    """Rows that left one fate for another."""

    old: str
    """kept, rejected, duplicate, held, or `not read`."""
    new: str
    rows: int
    codes: dict[str, int] = Field(default_factory=dict)
    """Code of a finding → those rows that have it: where they do not ship."""
    first: tuple[str, ...] = ()


class Difference(Settings):
    """The whole of `tuneset diff --format json`."""

    format: Literal[1] = 1
    """Of this document; another number when a reader would have to change."""
    old: Facts
    new: Facts
    same: int
    """Examples that are in both, byte for byte."""
    added: int
    removed: int
    changed: int
    """Examples of one row, or of much the same words, that are no longer the same bytes."""
    side_moves: dict[str, int] = Field(default_factory=dict)
    """`train to validation` → examples that are in both and moved."""
    moves: tuple[Move, ...] = ()
    shown_added: tuple[Example, ...] = ()
    shown_removed: tuple[Example, ...] = ()
    shown_changed: tuple[Example, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_none(self) -> bool:
        """Whether both have the same examples, on the same sides."""
        return not (self.added or self.removed or self.changed or self.side_moves)


def diff_schema() -> dict[str, Any]:
    """Give the JSON Schema of a difference, as `schemas/diff.schema.json` holds it."""
    schema = Difference.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "tuneset diff"}
