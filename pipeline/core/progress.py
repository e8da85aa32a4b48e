"""How long work says how far it is; who shows it, and whether, is the command line's business."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

Advance: TypeAlias = Callable[[int], None]
"""Take notice of so many more units done."""


class Progress(Protocol):
    """Something that shows stages of a run."""

    def stage(self, name: str, *, unit: str, total: int | None) -> AbstractContextManager[Advance]:
        """Open a stage of `total` units (None: not known) and give the function that counts them."""
        ...

    def note(self, sentence: str) -> None:
        """Tell one thing that people should know while they wait."""
        ...
