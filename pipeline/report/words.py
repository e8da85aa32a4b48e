"""Words that several faces of the report share."""

import re
from typing import Final

from pipeline.report.cost import TargetCost
from pipeline.report.model import ReadAs

PARTS: Final = {
    "total": "All, as billed",
    "system": "System turns",
    "user": "User turns",
    "assistant": "Assistant turns",
    "tool": "Tool results",
    "tools": "Tool definitions",
    "trained": "Trained on",
    "turns": "Number of turns",
}
"""Field of TokenFacts → its words."""
DELIMITERS: Final = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", " ": "space"}


def epochs(priced: TargetCost) -> str:
    """Write the passes over the data, an interval where the rule is not known."""
    low, high = priced.epochs_low, priced.epochs_high
    return f"{low}" if low == high else f"{low} to {high}"


def read_as(how: ReadAs) -> str:
    """Say which file was read as what: `faq.csv` (csv, utf-8, comma)."""
    more = f" and {how.files - 1:,} more" if how.files > 1 else ""
    return f"`{how.first}`{more} ({dialect(how)})"


def dialect(how: ReadAs) -> str:
    """Give format, encoding and the delimiter's name, as far as known."""
    delimiter = DELIMITERS.get(how.delimiter, how.delimiter) if how.delimiter else None
    return ", ".join(part for part in (how.format, how.encoding, delimiter) if part)


def first_sentence(text: str) -> str:
    """Give the first sentence of a text, on one line."""
    return re.split(r"(?<=[.!?])\s", " ".join(text.split()), maxsplit=1)[0]
