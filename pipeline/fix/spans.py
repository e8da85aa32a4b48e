"""JSON with the place of every value in its text, so that a repair changes what it means to and no other byte."""

import json
import re
from typing import Final, NamedTuple

from pipeline.core.example import Json

_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_SCALAR: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null", re.ASCII)


class Node(NamedTuple):
    """One value and where it stands: `text[start:end]`."""

    start: int
    end: int
    value: Json
    """Of text, numbers, true, false and null; None for containers."""
    members: "tuple[tuple[Node, Node], ...] | None" = None
    """Key and value of each member, in order; None for what is no object."""
    items: "tuple[Node, ...] | None" = None
    """None for what is no array."""

    def member(self, key: str) -> "Node | None":
        """Give the value of a key; None where it is missing, or written twice."""
        found = [value for name, value in self.members or () if name.value == key]
        return found[0] if len(found) == 1 else None


class Edit(NamedTuple):
    """Put `text` in the place of what stands from `start` to `end`."""

    start: int
    end: int
    text: str


def parse(text: str) -> Node | None:
    """Give the value that the text holds; None where it is not strict JSON, or nested too deeply."""
    try:
        node, end = _value(text, _skip(text, 0))
    except (ValueError, IndexError, RecursionError):
        return None
    return node if _skip(text, end) == len(text) else None


def edited(text: str, edits: list[Edit]) -> str:
    """Give the text with edits that do not overlap."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def without(node: Node, index: int) -> Edit:
    """Give the edit that removes a member of an object with its comma."""
    members = node.members or ()
    if index > 0:
        return Edit(members[index - 1][1].end, members[index][1].end, "")
    end = members[1][0].start if len(members) > 1 else members[0][1].end
    return Edit(members[0][0].start, end, "")


def quoted(text: str) -> str:
    """Give the text as a JSON string; lone surrogates stay escaped."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(text)
    return json.dumps(text, ensure_ascii=False)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int) -> tuple[Node, int]:
    first = text[at]
    if first == '"':
        value, end = _DECODER.raw_decode(text, at)
        return Node(at, end, value), end
    if first == "{":
        return _object(text, at)
    if first == "[":
        return _array(text, at)
    found = _SCALAR.match(text, at)
    if not found:
        raise ValueError(at)
    return Node(at, found.end(), json.loads(found.group())), found.end()


def _object(text: str, start: int) -> tuple[Node, int]:
    members: list[tuple[Node, Node]] = []
    at = _skip(text, start + 1)
    while text[at] != "}":
        if members:
            at = _expect(text, at, ",")
        if text[at] != '"':
            raise ValueError(at)
        key, at = _value(text, at)
        value, at = _value(text, _expect(text, _skip(text, at), ":"))
        members.append((key, value))
        at = _skip(text, at)
    return Node(start, at + 1, None, members=tuple(members)), at + 1


def _array(text: str, start: int) -> tuple[Node, int]:
    items: list[Node] = []
    at = _skip(text, start + 1)
    while text[at] != "]":
        if items:
            at = _expect(text, at, ",")
        item, at = _value(text, at)
        items.append(item)
        at = _skip(text, at)
    return Node(start, at + 1, None, items=tuple(items)), at + 1


def _expect(text: str, at: int, mark: str) -> int:
    if text[at] != mark:
        raise ValueError(at)
    return _skip(text, at + 1)
