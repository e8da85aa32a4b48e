"""What a file is, from its first rows: fine-tuning lines of a method and format, or something else to be converted."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Final, NamedTuple

from pipeline.core.example import Json, Method
from pipeline.preflight.source import Source

OBJECT: Final = "one JSON object over several lines"
ROWS: Final = 200
"""First rows that vote on what the file is; one strange row among them changes nothing."""

EXCEL: Final = "an Excel workbook"
MAGIC: Final[Mapping[bytes, str]] = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": EXCEL,
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"ARROW1": "an Arrow file",
    b"SQLite format 3": "an SQLite database",
}
SUFFIXES: Final = {".csv": "a CSV table", ".tsv": "a TSV table", ".yaml": "YAML", ".yml": "YAML", ".md": "Markdown"}
"""Endings that are believed where the content could be anything: cells with line ends look like prose."""
_ARRAY: Final = re.compile(rb"\s*\[\s*(?:[{\[\"\]]|-?\d+\s*[,\]]\s*(?:-?\d|\Z))")
"""An array as JSON begins one; `[09:14] <nick>` and `[a link](...)` are text."""
_OBJECT: Final = re.compile(rb'\s*\{\s*(?:"|\})')
_DELIMITERS: Final = {b"\t": "a TSV table", b",": "a CSV table", b";": "a CSV table", b"|": "a CSV table"}
TITLES: Final[Mapping[str, str]] = {
    "messages": "chat messages",
    "preference": "preference pairs",
    "gemini": "Gemini's contents",
    "nova": "Bedrock's conversation",
    "anthropic": "Anthropic's system and messages",
    "prompt-completion": "prompt and completion",
    "trl": "chosen and rejected answers",
    "axolotl": "messages with chosen and rejected answers",
    "sharegpt": "ShareGPT conversations",
    "alpaca": "Alpaca's instruction, input and output",
    "interactions": "Mistral's interactions",
    "text": "plain text under `text`",
    "record": "records of other columns",
    "value": "JSON values that are no objects",
}


class Kind(NamedTuple):
    """What a file was recognised as."""

    form: str
    """A key of TITLES, or a sentence's object for a file that is no JSON lines: `a JSON array`."""
    method: Method = "sft"
    is_lines: bool = True
    """Whether it is one JSON value a line."""


def recognise(source: Source, *, method: Method | None = None) -> Kind | None:
    """Give what the file is; None for an empty one. `method`, where given, is not guessed."""
    head = source.head
    lines = _split(head, source.line_end)
    if not lines:
        return None
    if title := _by_magic(head):
        return Kind(title, is_lines=False)
    rows = list(_rows(lines))
    objects = [row for row in rows if isinstance(row, dict)]
    if 2 * max(len(objects), sum(map(_looks_like_a_row, lines))) < len(lines):
        return Kind(_other(source, lines, rows), is_lines=False)
    form = Counter(map(form_of, objects)).most_common(1)[0][0] if objects else "messages"
    return Kind(form, method or method_of(form, objects))


def _by_magic(head: bytes) -> str | None:
    title = next((title for magic, title in MAGIC.items() if head.startswith(magic)), None)
    return "a ZIP archive" if title == EXCEL and b"xl/" not in head else title


def _looks_like_a_row(line: bytes) -> bool:
    """Say whether a line, broken or not, was meant as an object of its own; a pretty-printed one opens with a brace."""
    text = line.strip()
    return text.startswith(b"{") and len(text) > 1 and not text.endswith(b",")


def form_of(row: Mapping[str, Json]) -> str:
    """Name the format of one object by its keys."""
    messages = row.get("messages")
    if "preferred_output" in row or "non_preferred_output" in row:
        return "preference"
    if "contents" in row and isinstance(row["contents"], list):
        return "gemini"
    if "schemaVersion" in row or (isinstance(messages, list) and _is_nova(messages)):
        return "nova"
    if isinstance(row.get("conversations", row.get("conversation")), list):
        return "sharegpt"
    if "chosen" in row and "rejected" in row:
        return "axolotl" if "messages" in row else "trl"
    if "messages" in row:
        return "anthropic" if "system" in row else "messages"
    if "interactions" in row:
        return "interactions"
    if "prompt" in row and "completion" in row:
        return "prompt-completion"
    if "instruction" in row and ("output" in row or "response" in row):
        return "alpaca"
    return "text" if set(row) == {"text"} else "record"


def method_of(form: str, objects: list[dict[str, Json]]) -> Method:
    """Give the method for which rows of this format are made.

    Messages are for reinforcement where no conversation ends with an assistant turn and other keys hold references.
    """
    pair = {"preferred_output", "non_preferred_output", "chosen", "completions"}
    if any(pair & set(row) for row in objects[:1]):
        return "dpo"
    if form == "messages":
        chats = [row for row in objects if isinstance(row.get("messages"), list)]
        if chats and all(_asks(row) for row in chats):
            return "rft"
    return "sft"


def _asks(row: Mapping[str, Json]) -> bool:
    last = row["messages"][-1] if row["messages"] else None
    extra = set(row) - {"messages", "tools", "parallel_tool_calls", "functions", "id", "metadata"}
    return isinstance(last, dict) and last.get("role") == "user" and bool(extra)


def _is_nova(messages: list[Json]) -> bool:
    contents = [one.get("content") for one in messages if isinstance(one, dict)]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return bool(parts) and all(
        isinstance(part, dict) and "type" not in part and ("text" in part or "image" in part) for part in parts
    )


def _split(head: bytes, end: bytes) -> list[bytes]:
    return [line for line in head.split(end) if line.strip()][:ROWS]


def _rows(lines: list[bytes]) -> Iterator[Json]:
    for line in lines:
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            continue


def _other(source: Source, lines: list[bytes], rows: list[Json]) -> str:
    """Name what does not hold an object a line: one JSON value, a table, or prose."""
    if _ARRAY.match(source.head):
        return "a JSON array"
    if _OBJECT.match(source.head):
        return OBJECT
    if len(rows) == len(lines):
        return TITLES["value"]
    by_name = (SUFFIXES.get(suffix.lower()) for suffix in PurePath(source.address).suffixes)
    return next((title for title in by_name if title), None) or _text(lines)


def _text(lines: list[bytes]) -> str:
    """Tell tables from prose: about the same number of the same delimiter in the first lines."""
    for delimiter, title in _DELIMITERS.items():
        counts = {line.count(delimiter) for line in lines[:20]}
        if len(lines) > 1 and min(counts) > 0 and len(counts) <= 3:  # noqa: PLR2004 - quoted delimiters vary the count a little
            return title
    return "plain text"
