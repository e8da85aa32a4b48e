"""What a recipe makes of a record whose cells are plain text: turns of fixed texts and columns, which Arrow puts together."""

from typing import NamedTuple, TypeAlias

Role: TypeAlias = str


class Column(NamedTuple):
    """A part of a turn that is whatever the cell of this column says."""

    name: str


Part: TypeAlias = str | Column


class Spoken(NamedTuple):
    """One turn of the example."""

    role: Role
    parts: tuple[Part, ...]
    """What is said, one after the other; a text that is empty is trouble."""
    is_optional: bool = False
    """Whether an empty text is no trouble: then `otherwise` is said, and where that is empty too there is no turn."""
    otherwise: str = ""


Outline: TypeAlias = tuple[Spoken, ...]
"""The turns in order, the last one always said. Whoever outlines a recipe promises that it notes nothing in `mended`."""
