"""An example has the shape that schemas/ describes; what rules of their own explain better is left to them."""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.core.example import Example
from pipeline.core.rule import Flaw, rule
from pipeline.core.schema import Violation, violations, wanted
from pipeline.core.shape import Bit
from pipeline.core.suspects import has
from pipeline.core.target import Limits
from pipeline.core.wording import kind, listed, named

TURN: Final = r"/(?:input/messages|messages|preferred_output|non_preferred_output)/\d+"
CALL: Final = rf"{TURN}/(?:tool_calls/\d+/function|function_call)"
EXPLAINED: Final = re.compile(
    rf" type|{TURN}/role (?:type|enum)|{TURN} required (?:role|content|tool_call_id)|{TURN} (?:anyOf|additionalProperties).*"
    rf"|{TURN}/(?:weight|name|tool_call_id|tool_calls|function_call|refusal) (?:type|enum|falseSchema)"
    rf"|{TURN}/content/\d+/type enum|{TURN}/content (?:type string array|minItems)|{TURN}/tool_calls minItems"
    rf"|{CALL}/arguments type|(?:/input)?/tools/\d+/function/name pattern|(?:/input)?/tools/\d+/function/parameters type"
    r"|(?:/input)?/messages minItems| (?:required|additionalProperties).*|/input additionalProperties.*"
    r"|(?:/input)?/functions? maxItems|/(?:non_)?preferred_output (?:minItems|maxItems)"
    r"|/(?:non_)?preferred_output/\d+/role const"
)
"""Place and keyword of what another rule reports, so that no flaw is reported twice."""

PARTS: Final = ("text", "image_url", "refusal", None)
"""Types of parts whose keys are judged; another type is a flaw of its own."""

DEEP: Final = has(Bit.TOOLS, Bit.TOOL_CALLS, Bit.PARTS, Bit.IMAGE, Bit.REFUSAL, Bit.FUNCTION_CALL, Bit.PARALLEL)
"""Measuring is exact about turns; what lies deeper is asked here."""


def _left(example: Example, *keywords: str) -> Iterator[tuple[Violation, object]]:
    """Give the violations of these keywords that no other rule explains, each with the value found."""
    for one in violations(example):
        if one.keyword in keywords and isinstance(example.data, dict):
            value = _at(example.data, one.path)
            is_empty_turn = value == {} and one.path  # too little for the rule of roles to see it
            if is_empty_turn or not EXPLAINED.fullmatch(_signature(one)):
                yield one, value


def _signature(one: Violation) -> str:
    extra = " ".join(one.value) if one.keyword in ("type", "additionalProperties") else one.value
    is_told = one.keyword in ("required", "additionalProperties") or one.where.endswith("/content")
    return f"{one.where} {one.keyword} {extra}" if is_told and isinstance(extra, str) else f"{one.where} {one.keyword}"


def _at(value: object, path: tuple[str | int, ...]) -> object:
    for step in path:
        value = value[step]  # type: ignore[index] # the validator walked the same way
    return value


def _call(**function: object) -> dict[str, object]:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}", **function}}
    return {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": [call]}]}


@rule(
    "schema.type",
    suspects=DEEP,
    good=("user: Hi\nassistant: Hello", _call()),
    bad=({"messages": "Hi"}, {"messages": ["Hi"]}, {"messages": [{"role": "user", "content": 5}]}, _call(name=5)),
)
def wrong_type(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The value has another JSON type than the format's: text where a list belongs, a number where text belongs.

    Write the value in the type that the line names; schemas/ has the whole shape.
    """
    for one, value in _left(example, "type"):
        yield Flaw(one.where, f"Found {kind(value)}; expected {wanted(one)}.")


@rule("schema.missing-key", suspects=DEEP, good=(_call(),), bad=({"messages": [{"role": "user", "content": [{}]}]},))
def missing_key(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The format requires a key that is not there: *Example X is missing key*.

    Add the key.
    """
    for one, _ in _left(example, "required"):
        yield Flaw(one.where, f"{wanted(one)} is missing.")


@rule("schema.unknown-key", suspects=DEEP, good=(_call(),), bad=(_call(result="{}"),))
def unknown_key(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The format does not know a key inside a tool, a tool call or a part; servers refuse the file for it.

    Delete it, or mend its spelling.
    """
    for one, value in _left(example, "additionalProperties"):
        if isinstance(value, dict) and "/content/" in one.where and value.get("type") not in PARTS:
            continue
        known = "keys" if len(one.value) > 1 else "key"
        yield Flaw(one.where, f"Unknown {known} {listed(one.value)}.")


@rule(
    "schema.value",
    suspects=DEEP,
    good=(_call(),),
    bad=(
        {"messages": [{"role": "user", "content": "Hi"}], "tools": [{"type": "retrieval", "function": {"name": "f"}}]},
    ),
)
def wrong_value(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The format allows only a few values here, such as `function` for the type of a tool.

    Write one of the values that the line lists.
    """
    for one, value in _left(example, "enum", "const", "pattern"):
        found = named(value) if isinstance(value, str) else kind(value)
        yield Flaw(one.where, f"Found {found}; expected {wanted(one)}.")


@rule(
    "schema.depth",
    suspects=DEEP,
    good=("user: Hi\nassistant: Hello",),
    bad=(Example.parse('{"a":' * 300 + "1" + "}" * 300),),
)
def too_deep(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Nesting so deep that validators give up; nothing that a model should learn looks like that.

    Write deep data as text inside the content.
    """
    yield from (
        Flaw("", "Nested deeper than validators read.") for one in violations(example) if one.keyword == "depth"
    )
