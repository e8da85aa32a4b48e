"""What a door to one kind of remote store is."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol


class Seen(NamedTuple):
    """One object as its store tells of it."""

    url: str
    size: int
    tag: str | None = None
    version: str | None = None


class Changed(Exception):  # noqa: N818 - an event, not a mistake
    """The object is not what it was when it was found, or somebody else wrote the name first."""


class Door(Protocol):
    """Reads objects of one kind of store; retries of the network are its own affair.

    Raises FileNotFoundError, PermissionError, `Changed`, or another OSError when the store cannot be had at all.
    """

    def look(self, url: str) -> Seen:
        """Tell of one object."""
        ...

    def below(self, url: str) -> Iterator[Seen]:
        """Tell of every object whose URL continues this one after a `/`."""
        ...

    def read(self, seen: Seen, start: int, end: int) -> bytes:
        """Give these bytes of the object as it was when it was seen."""
        ...


class Shelf(Door, Protocol):
    """A door that can be written to."""

    def put(self, url: str, content: bytes | Path, *, over: str | None) -> str | None:
        """Write an object whole; give its tag.

        `over` is the tag of what may be replaced, `""` when nothing may be there, None when anything may.
        """
        ...

    def delete(self, url: str) -> None:
        """Remove an object; one that is not there is no mistake."""
        ...
