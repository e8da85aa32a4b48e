"""A record's cells by column: exact name first, then a dotted path into nested JSON."""

import difflib
from collections.abc import Iterable
from typing import Final

from pipeline.compose.canonical import canonical
from pipeline.compose.recipe import Record
from pipeline.core.example import Json
from pipeline.core.trouble import Trouble

MISSING: Final = object()
_NAMED_COLUMNS = 8


def find(record: Record, column: str) -> Json:
    """Give the cell, or MISSING. `a.b.0` goes into objects and lists where no column has that very name."""
    if column in record:
        return record[column]
    value: Json = record
    for step in column.split("."):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.removeprefix("-").isdecimal() and -len(value) <= int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return value


def cell(record: Record, column: str) -> Json:
    """Give the cell; a Trouble that names the nearest column where there is none."""
    value = find(record, column)
    if value is MISSING:
        raise missing(record, column)
    return value


def missing(record: Record, column: str) -> Trouble:
    """Give the trouble of a column that is not there; of a dotted path it names the step that fails."""
    if column not in record and "." in column:
        step, _, rest = column.partition(".")
        while rest and isinstance(held := find(record, step), dict):
            key = rest.split(".", 1)[0]
            if key not in held:
                return Trouble("compose.missing-column", f"No `{key}` in `{step}`; {nearest(key, held, whole=step)}")
            step, rest = f"{step}.{key}", rest.partition(".")[2]
    return Trouble("compose.missing-column", f"No column `{column}`; {nearest(column, record)}")


def text_of(value: Json, column: str) -> str:
    """Give a cell's value as text: null is empty, numbers and true/false as JSON writes them."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return canonical(value)
    kind = "a list" if isinstance(value, list) else "an object"
    raise Trouble("compose.shape", f"Column `{column}` holds {kind}; expected text.")


def text_at(record: Record, column: str) -> str:
    """Give the cell as text, as it stands; empty cells give an empty text."""
    return text_of(cell(record, column), column)


def text_if_any(record: Record, column: str | None) -> str:
    """Give the cell as text, or an empty text where the record has no such column."""
    value = MISSING if column is None else find(record, column)
    return "" if value is MISSING or column is None else text_of(value, column)


def filled(text: str, column: str, role: str) -> str:
    """Give the text back; a Trouble that names the column where there is nothing in it."""
    if not text or text.isspace():
        raise Trouble("compose.empty", f"Column `{column}` is empty; the {role} turn needs text.")
    return text


def nearest(name: str, known: Iterable[str], *, whole: str = "") -> str:
    """Give the end of a sentence: the nearest of the known names, or the first few; `whole` is what has them."""
    holder = f"`{whole}`" if whole else "the record"
    names = [str(one) for one in known]
    lower = {one.lower(): one for one in reversed(names)}
    close = difflib.get_close_matches(name.lower(), lower, n=1)
    if close:
        return f"the nearest is `{lower[close[0]]}`."
    if not names:
        return f"{holder} has none."
    shown = ", ".join(f"`{one}`" for one in names[:_NAMED_COLUMNS])
    more = len(names) - _NAMED_COLUMNS
    return f"{holder} has {shown}{f' and {more} more' if more > 0 else ''}."
