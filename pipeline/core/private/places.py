"""Every text of an example, and a way to rewrite them that leaves JSON inside texts valid."""

import json
import re
from collections.abc import Callable
from typing import Final, TypeAlias

from pipeline.core.example import Json

Change: TypeAlias = Callable[[str, str, str], str]
"""JSON pointer, text, the words in front of it (the key of an object inside a text) → the text anew."""

SKIPPED: Final = frozenset(
    {"role", "type", "id", "tool_call_id", "name", "weight", "pattern", "format", "$ref", "detail", "required"}
)
"""Keys whose values are words of the format, not of the data: a changed one breaks the example."""
LITERAL: Final = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?')
LONG: Final = 7
"""Digits from which a number can be one of a telephone, a card or a person."""


def changed(value: Json, change: Change, where: str = "") -> Json:
    """Give the value with every text rewritten; the same object where nothing changed. Keys stay."""
    if isinstance(value, str):
        return value if value.startswith("data:") else _text(value, lambda text, before: change(where, text, before))
    if isinstance(value, dict):
        new = {
            key: item if key in SKIPPED and isinstance(item, str) else changed(item, change, f"{where}/{_step(key)}")
            for key, item in value.items()
        }
        return new if any(new[key] is not item for key, item in value.items()) else value
    if isinstance(value, list):
        items = [changed(item, change, f"{where}/{index}") for index, item in enumerate(value)]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def changed_text(text: str, change: Callable[[str, str], str]) -> str:
    """Give a text rewritten; where it is JSON, each of its literals on its own, so that it stays JSON."""
    return _text(text, change)


def _text(text: str, change: Callable[[str, str], str]) -> str:
    if not _is_json(text):
        return change(text, "")
    new: list[str] = []
    end, key = 0, ""
    for match in LITERAL.finditer(text):
        is_key = text[match.end() : match.end() + 8].lstrip().startswith(":")
        literal = _literal(match[0], "" if is_key else key, change)
        key = f"{_plain(match[0])}: " if is_key else key
        new += [text[end : match.start()], literal]
        end = match.end()
    result = "".join([*new, text[end:]])
    return text if result == text else result


def _literal(literal: str, before: str, change: Callable[[str, str], str]) -> str:
    """Give a string or a number anew; one that is not changed keeps its spelling."""
    if not literal.startswith('"'):
        new = change(literal, before) if literal.isdecimal() and len(literal) >= LONG else literal
        return literal if new == literal else json.dumps(new)
    value = json.loads(literal)
    new = _text(value, lambda text, inner: change(text, inner or before))
    return literal if new == value else json.dumps(new, ensure_ascii=literal.isascii())


def _plain(literal: str) -> str:
    return str(json.loads(literal)).replace("_", " ") if literal.startswith('"') else literal


def _is_json(text: str) -> bool:
    """Say whether a text is an object or a list in JSON, so that placeholders must not stand outside its strings."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _step(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
