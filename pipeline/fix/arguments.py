"""Arguments of tool calls become JSON as text, encoded once."""

import json
from collections.abc import Iterator
from typing import Final

from pipeline.core.example import Json
from pipeline.core.target import Limits
from pipeline.fix.repair import Repair, turns
from pipeline.fix.spans import Edit, Node, quoted


def look(node: Node, text: str, limits: Limits) -> Iterator[Edit]:
    """Give each call's edit: an object is quoted as it stands, and of two encodings the outer is taken off."""
    for arguments in _arguments(node):
        if arguments.members is not None and limits.arguments != "object":
            yield Edit(arguments.start, arguments.end, quoted(text[arguments.start : arguments.end]))
        elif isinstance(arguments.value, str) and (once := _decoded(arguments.value)) is not None:
            yield Edit(arguments.start, arguments.end, quoted(once))


def _arguments(node: Node) -> Iterator[Node]:
    for turn in turns(node):
        calls = turn.member("tool_calls")
        for call in (calls.items if calls else None) or ():
            function = call.member("function")
            if function is not None and (found := function.member("arguments")) is not None:
                yield found


def _decoded(text: str) -> str | None:
    """Give the JSON object as text that was encoded a second time; None where it was not."""
    inner = _loaded(text)
    while isinstance(inner, str):
        deeper = _loaded(inner)
        if isinstance(deeper, dict):
            return inner
        inner = deeper
    return None


def _loaded(text: str) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


REPAIR: Final = Repair("arguments", "arguments of tool calls as JSON text, encoded once", ('"arguments"',), look)
