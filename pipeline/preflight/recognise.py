"""What a file is, from its first rows: fine-tuning lines of a method and format, or something else to be converted."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from pipeline.core.example import Json, Method
from pipeline.preflight.source import Source

OBJECT: Final = "one JSON object over several lines"
ROWS: Final = 200
"""First rows that vote on what the file is; one strange row among them changes nothing."""

MAGIC: Final = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "an Excel workbook",
    b"%PDF": "a PDF",
    b"ARROW1": "an Arrow file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"SQLite format 3": "an SQLite database",
}
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
    """Give what the file is; None for an empty one. `method`, where given, decides between sft and rft."""
    head = source.head
    if not head.strip():
        return None
    for magic, title in MAGIC.items():
        if head.startswith(magic):
            return Kind(title, is_lines=False)
    rows = list(_rows(head, source.line_end))
    objects = [row for row in rows if isinstance(row, dict)]
    if not objects:
        return Kind(_other(head, rows, source.line_end), is_lines=False)
    votes = Counter(form_of(row) for row in objects)
    form = votes.most_common(1)[0][0]
    if len(rows) < len(_split(head, source.line_end)) // 2 and _is_whole(head, source):
        return Kind("a JSON array" if head.lstrip()[:1] == b"[" else OBJECT, is_lines=False)
    return Kind(form, method or method_of(form, objects))


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


def _rows(head: bytes, end: bytes) -> Iterator[Json]:
    for line in _split(head, end):
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            continue


def _is_whole(head: bytes, source: Source) -> bool:
    """Say whether the file is one JSON value over several lines, as far as the head shows."""
    first = _split(head, source.line_end)[0].strip()
    return first in (b"[", b"{") or (
        first[:1] in b"[{" and not first.endswith((b"]", b"}")) and len(_split(head, source.line_end)) > 1
    )


def _other(head: bytes, rows: list[Json], end: bytes) -> str:
    """Name what holds no object on any line of its own."""
    start = head.lstrip()[:1]
    if rows and all(isinstance(row, list) for row in rows) and len(rows) == 1:
        return "a JSON array"
    if rows and not any(isinstance(row, str | list) for row in rows) and start not in b"[{":
        return "plain text"
    if start == b"[" and not rows:
        return "a JSON array"
    if start == b"{" and not rows:
        return _braced(head, end)
    return TITLES["value"] if rows else _text(head, end)


def _braced(head: bytes, end: bytes) -> str:
    lines = _split(head, end)
    return "broken" if len(lines) == 1 or all(line.lstrip().startswith(b"{") for line in lines) else OBJECT


def _text(head: bytes, end: bytes) -> str:
    """Tell tables from prose: the same number of the same delimiter in the first lines."""
    lines = _split(head, end)[:20]
    for delimiter, title in (
        (b"\t", "a TSV table"),
        (b",", "a CSV table"),
        (b";", "a CSV table"),
        (b"|", "a CSV table"),
    ):
        counts = {line.count(delimiter) for line in lines}
        if len(lines) > 1 and min(counts) > 0 and len(counts) <= 3:  # noqa: PLR2004 - quoted delimiters vary the count a little
            return title
    return "plain text"
