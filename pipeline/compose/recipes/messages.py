"""OpenAI's messages: the record is the example already, and ships in its own bytes where nothing was mended."""

from typing import Literal

from pipeline.compose.cells import cell
from pipeline.compose.recipe import Composed, Cook, Record, recipe
from pipeline.core.example import Json
from pipeline.core.target import Settings
from pipeline.core.trouble import Trouble

_KEYS = ("messages", "tools", "parallel_tool_calls", "functions", "function_call")
_KNOWN = frozenset(_KEYS)


class Messages(Settings):
    """`{"messages": [...]}`, with or without tools. Its flaws are left for the rules to find."""

    recipe: Literal["messages"] = "messages"
    messages: str = "messages"
    """Column, or dotted path, of the list of messages."""
    extra: Literal["keep", "drop"] = "keep"
    """Top-level keys beyond messages and tools: left for the rules to judge, or dropped and noted."""
    system: str = ""
    """System turn put first where a conversation has none. Empty: none is put."""


@recipe(Messages, keeps_plain_chat=lambda settings: settings.messages == "messages" and not settings.system)
def messages(settings: Messages) -> Cook:
    """Give the cook of OpenAI's own shape."""

    def compose(record: Record) -> Composed:
        turns = cell(record, settings.messages)
        if not isinstance(turns, list):
            raise Trouble("compose.shape", f"`{settings.messages}` is not a list; expected a list of messages.")
        mended: frozenset[str] = frozenset()
        payload = record
        if settings.messages != "messages":
            payload = {"messages": turns, **{key: record[key] for key in _KEYS[1:] if key in record}}
        if settings.extra == "drop" and not payload.keys() <= _KNOWN:
            payload = {key: value for key, value in payload.items() if key in _KNOWN}
            mended = frozenset({"extra-keys"})
        if settings.system and not _has_system(turns):
            payload = {**payload, "messages": [{"role": "system", "content": settings.system}, *turns]}
        return Composed(payload, mended)

    return compose


def _has_system(turns: list[Json]) -> bool:
    return any(isinstance(turn, dict) and turn.get("role") in ("system", "developer") for turn in turns)
