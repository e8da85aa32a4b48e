"""A flaw that was found in the data: where it is, which rule says so, how grave it is."""

from enum import IntEnum
from typing import NamedTuple, Self


class Severity(IntEnum):
    """How grave a finding is; an error keeps its row out of the dataset."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @classmethod
    def named(cls, name: str) -> Self:
        """Give the severity of this lower-case name, as plans, flags and files write it."""
        return cls[name.upper()]

    def __str__(self) -> str:
        """Give the lower-case name that files and the terminal show."""
        return self.name.lower()


class Finding(NamedTuple):
    """One flaw at one place; never quotes the data."""

    name: str
    """`file:line` of the row, or the dataset's own name for a finding about the whole."""
    code: str
    severity: Severity
    where: str
    """JSON pointer into the payload (`/messages/1/content`); empty for the whole row."""
    message: str
    """One sentence of at most 120 characters: found; expected."""

    def __str__(self) -> str:
        """Give the line that editors can jump to."""
        place = f"  {self.where}" if self.where else ""
        return f"{self.name}  {self.code}{place}  {self.message}"
