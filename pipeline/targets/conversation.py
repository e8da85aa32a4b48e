"""A payload of schemas/ taken apart, so that every format and step speaks of the same turns; strict about its shape."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from pipeline.core.example import Json, Method
from pipeline.targets.losses import LeftOutError

Message: TypeAlias = dict[str, Json]

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_PART_KEY = {"text": "text", "image_url": "image_url", "refusal": "refusal"}


class Conversation(NamedTuple):
    """One example of any method; never changed in place."""

    turns: tuple[Message, ...]
    """For DPO the input's turns."""
    tools: tuple[Message, ...] | None = None
    """None: the key is missing."""
    answers: tuple[Message, Message] | None = None
    """The preferred and the other answer; None for other methods."""
    rest: dict[str, Json] = {}  # noqa: RUF012 - never filled
    """Other top-level keys: parallel_tool_calls, functions, a grader's fields."""
    beside: dict[str, Json] = {}  # noqa: RUF012 - never filled
    """Other keys of a DPO payload's `input`."""

    @property
    def all_turns(self) -> tuple[Message, ...]:
        """The turns with both answers after them."""
        return (*self.turns, *(self.answers or ()))

    def map(self, turns: Iterable[Message]) -> "Conversation":
        """Give the conversation with `all_turns` replaced one by one."""
        changed = tuple(turns)
        if self.answers is None:
            return self._replace(turns=changed)
        return self._replace(turns=changed[:-2], answers=(changed[-2], changed[-1]))


def take(payload: Json, method: Method) -> Conversation:
    """Take a payload apart; raises LeftOutError where it does not have the shape of schemas/."""
    record = _object(payload)
    if method != "dpo":
        rest = {key: value for key, value in record.items() if key not in ("messages", "tools")}
        return Conversation(_turns(record.get("messages")), _tools(record), None, rest)
    asked = _object(record.get("input"))
    answers = (_answer(record.get("preferred_output")), _answer(record.get("non_preferred_output")))
    rest = {k: v for k, v in record.items() if k not in ("input", "preferred_output", "non_preferred_output")}
    beside = {key: value for key, value in asked.items() if key not in ("messages", "tools")}
    return Conversation(_turns(asked.get("messages")), _tools(asked), answers, rest, beside)


def is_sound(payload: Json, method: Method) -> bool:
    """Say whether a payload has the shape of schemas/."""
    try:
        take(payload, method)
    except LeftOutError:
        return False
    return True


def give(conversation: Conversation) -> dict[str, Json]:
    """Put a conversation together again as a payload of schemas/."""
    tools = {} if conversation.tools is None else {"tools": list(conversation.tools)}
    asked = {"messages": list(conversation.turns), **tools}
    if conversation.answers is None:
        return {**asked, **conversation.rest}
    preferred, other = conversation.answers
    outputs = {"preferred_output": [preferred], "non_preferred_output": [other]}
    return {"input": {**asked, **conversation.beside}, **outputs, **conversation.rest}


def texts(turn: Message) -> Iterator[str]:
    """Give every text of a turn's content."""
    content = turn.get("content")
    if isinstance(content, str):
        yield content
    for part in content if isinstance(content, list) else ():
        if part["type"] == "text":
            yield part["text"]


def images(turn: Message) -> Iterator[Message]:
    """Give the `image_url` object of every image of a turn."""
    content = turn.get("content")
    for part in content if isinstance(content, list) else ():
        if part["type"] == "image_url":
            yield part["image_url"]


def text_of(turn: Message) -> str:
    """Give the content as one text; empty when there is none."""
    return "".join(texts(turn))


def calls_of(turn: Message) -> list[Message]:
    """Give a turn's tool calls; none where the key is missing or null."""
    return turn.get("tool_calls") or []


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise LeftOutError("shape.broken")
    return value


def _turns(messages: Json) -> tuple[Message, ...]:
    if not isinstance(messages, list) or not messages:
        raise LeftOutError("shape.broken")
    return tuple(_sound(message) for message in messages)


def _answer(output: Json) -> Message:
    if not isinstance(output, list) or len(output) != 1:
        raise LeftOutError("shape.broken")
    answer = _sound(output[0])
    if answer["role"] != "assistant":
        raise LeftOutError("shape.broken")
    return answer


def _tools(holder: dict[str, Json]) -> tuple[Message, ...] | None:
    if "tools" not in holder:
        return None
    tools = holder["tools"]
    if not isinstance(tools, list) or not all(_is_tool(tool) for tool in tools):
        raise LeftOutError("shape.broken")
    return tuple(tools)


def _is_tool(tool: Json) -> bool:
    function = tool.get("function") if isinstance(tool, dict) else None
    return isinstance(function, dict) and isinstance(function.get("name"), str)


def _sound(message: Json) -> Message:
    turn = _object(message)
    role = turn.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise LeftOutError("shape.broken")
    if not (_is_content(turn) and _are_calls(turn) and _is_weight(turn) and _is_answer(turn)):
        raise LeftOutError("shape.broken")
    return turn


def _is_content(turn: Message) -> bool:
    content = turn.get("content")
    if content is None:
        can_be_silent = turn["role"] in ("assistant", "function")
        return can_be_silent and any(turn.get(key) for key in ("tool_calls", "function_call", "refusal", "name"))
    if isinstance(content, list):
        return bool(content) and all(_is_part(part) for part in content)
    return isinstance(content, str)


def _is_part(part: Json) -> bool:
    kind = part.get("type") if isinstance(part, dict) else None
    value = part.get(_PART_KEY[kind]) if isinstance(kind, str) and kind in _PART_KEY else None
    if kind == "image_url":
        return isinstance(value, dict) and isinstance(value.get("url"), str)
    return isinstance(value, str)


def _are_calls(turn: Message) -> bool:
    calls = turn.get("tool_calls")
    if calls is None:
        old = turn.get("function_call")
        return old is None or _is_function(old)
    if turn["role"] != "assistant" or not isinstance(calls, list) or not calls:
        return False
    return all(isinstance(c, dict) and isinstance(c.get("id"), str) and _is_function(c.get("function")) for c in calls)


def _is_function(function: Json) -> bool:
    if not isinstance(function, dict):
        return False
    return isinstance(function.get("name"), str) and isinstance(function.get("arguments"), str)


def _is_weight(turn: Message) -> bool:
    weight = turn.get("weight", 1)
    return weight in (0, 1) and isinstance(weight, int) and not isinstance(weight, bool)


def _is_answer(turn: Message) -> bool:
    if turn["role"] == "tool":
        return isinstance(turn.get("tool_call_id"), str)
    return turn["role"] != "function" or isinstance(turn.get("name"), str)
