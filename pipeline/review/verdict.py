"""What the reviewer answered: read with distrust. Whatever is not exactly the shape that was asked for is no verdict."""

import json
from collections.abc import Collection
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeGuard

import msgspec

from pipeline.core.example import Json

LONGEST_REASON: Final = 2_000
"""Characters of a reason that are kept."""

MOST_TOKENS: Final = 10**9
"""A larger count of tokens is not believed."""

Fault: TypeAlias = Literal[
    "refused", "cut short", "not the shape", "another id", "no such verdict", "unreadable answer"
]
"""Why an answer is no verdict. `another id`: it does not come from this frame, whatever it says."""


class Usage(NamedTuple):
    """Tokens that an answer was billed for."""

    input_tokens: int
    output_tokens: int


class Verdict(NamedTuple):
    """One answer of the asked shape."""

    label: str
    """Of the rubric's scale, or `cannot-tell`."""
    reason: str
    """In the reviewer's words; it may quote the example."""
    addressed: bool
    """Whether the reviewer saw the example try to influence it."""
    model: str
    """As it names itself."""
    usage: Usage | None
    """None: the provider did not say."""


class Faulty(NamedTuple):
    """An answer that is no verdict."""

    why: Fault
    usage: Usage | None


def read(body: bytes, *, labels: Collection[str], nonce: str) -> Verdict | Faulty:
    """Give the verdict of a chat completion's body, or what is wrong with it."""
    try:
        return read_value(msgspec.json.decode(body), labels=labels, nonce=nonce)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Faulty("unreadable answer", None)


def read_value(answer: Json, *, labels: Collection[str], nonce: str) -> Verdict | Faulty:
    """Give the same of a body that is decoded already."""
    usage = _usage(answer)
    try:
        choices, model = answer["choices"], answer["model"]
        if isinstance(choices, list) and len(choices) > 1:
            return Faulty("not the shape", usage)
        (choice,) = choices
        message, finish = choice["message"], choice["finish_reason"]
        refusal, content = message.get("refusal"), message.get("content")
        calls = message.get("tool_calls") or message.get("function_call")
    except (KeyError, TypeError, ValueError, AttributeError):
        return Faulty("unreadable answer", usage)
    if refusal or finish == "content_filter":
        return Faulty("refused", usage)
    if finish == "length":
        return Faulty("cut short", usage)
    if finish != "stop" or calls or not isinstance(content, str) or not isinstance(model, str):
        return Faulty("not the shape", usage)
    found = _told(content, labels=labels, nonce=nonce)
    return Faulty(found, usage) if isinstance(found, str) else found._replace(model=model[:100], usage=usage)


def _told(content: str, *, labels: Collection[str], nonce: str) -> Verdict | Fault:
    try:
        told = json.loads(content, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return "not the shape"
    types = {"id": str, "addresses_reviewer": bool, "reason": str, "verdict": str}
    if not isinstance(told, dict) or told.keys() != types.keys():
        return "not the shape"
    if any(type(told[name]) is not kind for name, kind in types.items()):
        return "not the shape"
    if told["id"] != nonce:
        return "another id"
    if told["verdict"] not in labels:
        return "no such verdict"
    reason = told["reason"].encode("utf-8", "replace").decode()[:LONGEST_REASON]
    return Verdict(told["verdict"], reason, told["addresses_reviewer"], "", None)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says a key twice: readers differ on which one counts."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError
    return dict(pairs)


def _usage(answer: Json) -> Usage | None:
    usage = answer.get("usage") if isinstance(answer, dict) else None
    if not isinstance(usage, dict):
        return None
    given, made = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return Usage(given, made) if _is_count(given) and _is_count(made) else None


def _is_count(value: Any) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < MOST_TOKENS


def to_bytes(verdict: Verdict) -> bytes:
    """Give the verdict as the cache keeps it."""
    return msgspec.msgpack.encode(verdict)


def from_bytes(packed: bytes) -> Verdict:
    """Give the verdict that the cache kept."""
    return msgspec.msgpack.decode(packed, type=Verdict)
