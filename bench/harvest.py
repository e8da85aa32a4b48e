"""Conversations from any folder of real text: JSON, JSONL, CSV, TSV, text and Markdown, each also as .gz.

Only for benchmarks: it guesses. A list of objects that hold text is a dialogue, an object or row with two texts is a
pair, and neighbouring paragraphs of a text are a pair.
"""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Conversation = tuple[str, ...]
"""Turns in order: user, assistant, user, ..."""

TEXT_KEYS = ("content", "value", "text")
SUFFIXES = {".json", ".jsonl", ".csv", ".tsv", ".txt", ".md", ".yml"}
csv.field_size_limit(1 << 24)


def harvest(folder: Path, *, most_per_file: int = 4_000, longest: int = 12_000) -> list[Conversation]:
    """Give the distinct conversations of all files under the folder, in a fixed order."""
    found: dict[Conversation, None] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.name.removesuffix(".gz")
        if Path(name).suffix.lower() in SUFFIXES:
            for _, turns in zip(range(most_per_file), _conversations(name, _text(path)), strict=False):
                if sum(map(len, turns)) <= longest:
                    found[turns] = None
    return list(found)


def payload(turns: Conversation, *, system: str | None = None) -> str:
    """Give the canonical JSON line of a conversation."""
    messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(turns)]
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
    return json.dumps({"messages": messages}, ensure_ascii=False, separators=(",", ":"))


def _text(path: Path) -> str:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _conversations(name: str, text: str) -> Iterator[Conversation]:
    suffix = Path(name).suffix.lower()
    if suffix in {".json", ".jsonl"}:
        for value in _values(text):
            yield from _found(value)
    elif suffix in {".csv", ".tsv"}:
        for row in csv.reader(
            io.StringIO(text.replace("\0", ""), newline=None), delimiter="\t" if suffix == ".tsv" else ","
        ):
            yield from _pair(row)
    else:
        paragraphs = [paragraph.strip() for paragraph in text.split("\n\n") if len(paragraph.strip()) > 1]
        yield from zip(paragraphs[::2], paragraphs[1::2], strict=False)


def _values(text: str) -> Iterator[Any]:
    try:
        yield json.loads(text)
    except ValueError:
        for line in text.splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue


def _found(value: Any) -> Iterator[Conversation]:
    if isinstance(value, list):
        turns = [_said(item) for item in value]
        if len(turns) > 1 and all(turns):
            yield tuple(turns[: len(turns) // 2 * 2])
        else:
            for item in value:
                yield from _found(item)
    elif isinstance(value, dict):
        inner = [item for item in value.values() if isinstance(item, list | dict)]
        inside = [turns for item in inner for turns in _found(item)]
        yield from inside or _pair([item for item in value.values() if isinstance(item, str)])


def _said(item: Any) -> str:
    if isinstance(item, dict):
        for key in TEXT_KEYS:
            if isinstance(item.get(key), str):
                return str(item[key])
    return ""


def _pair(texts: list[str]) -> Iterator[Conversation]:
    long_enough = [text for text in texts if len(text) > 1 and not text.replace(".", "").isdigit()]
    if len(long_enough) > 1:
        yield long_enough[0], max(long_enough[1:], key=len)
