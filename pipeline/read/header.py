"""Where a table begins and what its columns are called."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

_NUMBER: Final = re.compile(r"[-+]?[$€£]?\d[\d.,:/\-%e+ ]*", re.IGNORECASE)
_LINK: Final = re.compile(r"\S+@\S+\.\w+|https?://\S+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]+", re.IGNORECASE)
_WORDS: Final = frozenset(
    [
        "answer",
        "assistant",
        "category",
        "class",
        "completion",
        "context",
        "conversation",
        "conversation_id",
        "conversationid",
        "data",
        "date",
        "description",
        "id",
        "input",
        "instruction",
        "intent",
        "label",
        "message",
        "name",
        "no",
        "number",
        "order",
        "output",
        "prompt",
        "question",
        "query",
        "reply",
        "response",
        "role",
        "sentence",
        "source",
        "speaker",
        "summary",
        "system",
        "tag",
        "target",
        "text",
        "title",
        "topic",
        "turn",
        "type",
        "url",
        "user",
        "utterance",
        "value",
    ]
)
"""Names that head a column far more often than they stand in one."""
_PREAMBLE_ROWS: Final = 20


class Head(NamedTuple):
    """What stands before the data."""

    skip: int
    """Number of rows before the header that are no part of the table."""
    rows: int
    """Number of header rows."""


def find_head(rows: Sequence[Sequence[str]], width: int) -> Head:
    """Find the header of these rows (the file's first, in order), `width` being the usual number of fields."""
    skip = _preamble(rows, width)
    table = rows[skip:]
    if not table or not _is_header(table[0], table[1:]):
        return Head(skip, 0)
    return Head(skip, 2 if _has_second(table) else 1)


def _preamble(rows: Sequence[Sequence[str]], width: int) -> int:
    """Count leading rows with at most one filled field (a title, a remark) before the first row with several."""
    if width < 2:  # noqa: PLR2004 - a title cannot be told from a row of one field
        return 0
    for count, row in enumerate(rows[:_PREAMBLE_ROWS]):
        if _filled(row) > 1:
            return count
    return 0


def _filled(row: Sequence[str]) -> int:
    return sum(bool(field.strip()) for field in row)


def _is_header(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Say whether the first row names columns: it does unless it looks like the rows below it."""
    names = [field.strip() for field in first]
    if any(name.lower() in _WORDS for name in names):
        return True
    if not any(names) or any(_LINK.fullmatch(name) for name in names):
        return False
    columns = [[row[i].strip() for row in below if i < len(row)] for i in range(len(names))]
    pairs = [(name, column) for name, column in zip(names, columns, strict=True) if name]
    if any(_is_over_numbers(*pair) for pair in pairs):
        return True
    return not any(_is_datum(*pair) for pair in pairs) and sum(_is_prose(*pair) for pair in pairs) * 2 <= len(pairs)


def _is_over_numbers(name: str, column: Sequence[str]) -> bool:
    """Say whether a word stands over nothing but numbers."""
    filled = [cell for cell in column if cell]
    return bool(filled) and not _NUMBER.fullmatch(name) and all(_NUMBER.fullmatch(cell) for cell in filled)


def _is_datum(name: str, column: Sequence[str]) -> bool:
    """Say whether a first cell is of a kind with the cells below it: a number, or a label that comes again."""
    filled = [cell for cell in column if cell]
    if _NUMBER.fullmatch(name):
        return not filled or sum(bool(_NUMBER.fullmatch(cell)) for cell in filled) > len(filled) / 2
    if len(filled) < 3:  # noqa: PLR2004 - too few to show what the column holds
        return False
    counts = Counter(filled)
    return counts[name] > 0 and len(counts) <= max(2, len(filled) / 2)


def _is_prose(name: str, column: Sequence[str]) -> bool:
    """Say whether a first cell is a sentence among sentences; a survey's question may stand over such answers."""
    filled = [cell for cell in column if cell]
    return _is_sentence(name) and sum(_is_sentence(cell) for cell in filled) > len(filled) / 2


def _is_sentence(cell: str) -> bool:
    if cell[-1:] in (
        "\u3002",
        "\uff1f",
        "\uff01",
    ):  # the full stop, question and exclamation marks of Chinese and Japanese
        return len(cell) > 8  # noqa: PLR2004 - a short clause
    return len(cell) > 20 and cell[-1:] in (".", "?", "!") and " " in cell  # noqa: PLR2004 - longer than a name


def _has_second(table: Sequence[Sequence[str]]) -> bool:
    """Say whether the second row fills every gap of the first, as under merged cells, and leaves gaps where data has none."""
    if len(table) < 4:  # noqa: PLR2004 - two headers and two rows at least
        return False
    first, second, below = table[0], table[1], table[2:]
    if len(first) != len(second):
        return False
    gaps = [place for place, name in enumerate(first) if not name.strip()]
    if len(gaps) < 2 or not all(second[place].strip() for place in gaps):  # noqa: PLR2004 - one gap is a row index
        return False
    empty = [place for place, name in enumerate(second) if not name.strip()]
    return any(sum(bool(row[place].strip()) for row in below if place < len(row)) > len(below) / 2 for place in empty)


def column_names(header: Sequence[Sequence[str]], width: int) -> tuple[str, ...]:
    """Give one name a column: several rows joined by ` / `, white space as one space, `answer_2`, `column_3`."""
    rows = [[" ".join(name.split()) for name in row] + [""] * (width - len(row)) for row in header]
    if len(rows) > 1:
        rows = [_carried(row, rows[-1]) for row in rows[:-1]] + rows[-1:]
    joined = [" / ".join(name for name in names if name) for names in zip(*rows, strict=True)] if rows else [""] * width
    return unique(name or f"column_{place}" for place, name in enumerate(joined, start=1))


def _carried(row: list[str], below: list[str]) -> list[str]:
    """Carry a merged cell's name over the gaps to its right."""
    last, carried = "", []
    for name, under in zip(row, below, strict=True):
        last = name or (last if under else "")
        carried.append(last)
    return carried


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Give the names, a number added to the second and later bearers of a name: `answer`, `answer_2`."""
    given: dict[str, None] = {}
    for name in names:
        number, free = 2, name
        while free in given:
            number, free = number + 1, f"{name}_{number}"
        given[free] = None
    return tuple(given)
