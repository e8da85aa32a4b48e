"""Examples and turns hold the keys that the target reads, and no others."""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from pipeline.core.example import Example, Json
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, Suspects, rule
from pipeline.core.shape import Bit
from pipeline.core.suspects import Claim, Mentions, either, every, has, none
from pipeline.core.target import Limits
from pipeline.core.wording import listed, named, pointer

OPTIONAL: Final = frozenset({"name", "refusal", "tool_calls", "function_call", "tool_call_id"})
TURN: Final = OPTIONAL | {"role", "content", "weight"}
CHAT: Final = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})
HEAD: Final = CHAT - {"messages"}
DPO: Final = frozenset({"input", "preferred_output", "non_preferred_output"})
KEY_BITS: Final = {
    "weight": Bit.WEIGHT,
    "name": Bit.NAME,
    "tool_calls": Bit.TOOL_CALLS,
    "refusal": Bit.REFUSAL,
    "function_call": Bit.FUNCTION_CALL,
}
"""Keys of a turn whose presence shows in the shape."""


def _extra_top(facts: pa.Table, limits: Limits) -> Claim:
    """A target may know fewer keys than chat has; those show in other bits."""
    known = (Bit.TOOLS, Bit.PARALLEL, Bit.FUNCTION_CALL) if limits.top_keys is not None else ()
    return has(Bit.EXTRA_TOP_KEY, *known)(facts, limits)


def _extra_turn(facts: pa.Table, limits: Limits) -> Claim:
    refused = TURN - (TURN if limits.turn_keys is None else limits.turn_keys)
    if {"role", "content"} & refused:
        return every(facts, limits)
    claims: list[Suspects] = [has(Bit.EXTRA_TURN_KEY, *(KEY_BITS[key] for key in refused if key in KEY_BITS))]
    claims += [Mentions(f'"{key}"') for key in sorted(refused - KEY_BITS.keys())]
    return either(*claims)(facts, limits)


@rule(
    "keys.extra-top",
    methods=("sft", "dpo"),
    suspects=_extra_top,
    good=("user: Hi\nassistant: Hello",),
    bad=({"messages": [{"role": "user", "content": "Hi"}], "weight": 1},),
)
def extra_top(example: Example, limits: Limits) -> Iterator[Flaw]:
    """Servers refuse the whole file for a key of yours beside the messages: *Example 1 contains an extra "weight"*.

    Delete it; tuneset keeps where each line came from in files of their own. A system prompt is a message.
    """
    taken = limits.top_keys if example.method == "sft" else DPO
    if taken is not None and ("messages" in example.record or example.method == "dpo"):
        extra = [key for key in example.record if key not in taken]
        holder = example.record.get("input") if example.method == "dpo" else None
        inside = [key for key in holder if key not in CHAT] if isinstance(holder, dict) else []
        for where, keys in (("", extra), ("/input", inside)):
            if keys:
                yield Flaw(where, f"{'Keys' if len(keys) > 1 else 'Key'} {listed(keys)}; not read by {limits.target}.")


@rule(
    "keys.extra-turn",
    suspects=_extra_turn,
    good=("user: Hi\nassistant: Hello",),
    bad=({"messages": [{"role": "user", "content": "Hi", "timestamp": 5}]},),
)
def extra_turn(example: Example, limits: Limits) -> Iterator[Flaw]:
    """Servers refuse keys that the chat format does not know, and some trainers drop the turn without a word.

    Delete the key, or rename it (`value` is `content`, `from` is `role`).
    """
    taken = TURN if limits.turn_keys is None else limits.turn_keys
    for turn in example.turns:
        extra = [key for key in turn.raw if key not in taken]
        if extra:
            yield Flaw(
                turn.where, f"{'Keys' if len(extra) > 1 else 'Key'} {listed(extra)}; not read by {limits.target}."
            )


@rule(
    "keys.null",
    suspects=none,
    good=("user: Hi\nassistant: Hello",),
    bad=({"messages": [{"role": "assistant", "content": "Hello", "tool_calls": None}], "tools": None},),
)
def null(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """An SDK object was dumped with its empty fields, and servers refuse them: *None is not of type 'array'*.

    Leave out what is not there: `model_dump(exclude_none=True)`.
    """
    for where, record, keys in _objects(example):
        nulls = [key for key in keys if key in record and record[key] is None]
        if nulls:
            yield Flaw(where, f"{listed(nulls)} null; expected a value or no key.")


@rule(
    "keys.misplaced",
    suspects=none,
    good=("user: Hi\nassistant: Hello",),
    bad=({"messages": [{"role": "user", "content": "Hi", "tool_calls": []}]},),
)
def misplaced(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Only the assistant calls tools and refuses, and only a tool turn names the call that it answers.

    Move the key to the turn it belongs to, or mend the turn's role.
    """
    for turn in example.turns:
        for key in ("tool_calls", "function_call", "refusal", "tool_call_id"):
            owner = "tool" if key == "tool_call_id" else "assistant"
            if turn.raw.get(key) is not None and turn.role not in (owner, ""):
                yield Flaw(f"{turn.where}/{key}", f"On a turn of {named(turn.role)}; expected on `{owner}` only.")


@rule(
    "keys.bad-name",
    severity=Severity.WARNING,
    suspects=has(Bit.NAME),
    good=({"messages": [{"role": "user", "name": "anna_1", "content": "Hi"}]},),
    bad=({"messages": [{"role": "user", "name": "Anna Lee", "content": "Hi"}]},),
)
def bad_name(example: Example, _limits: Limits) -> Iterator[Flaw]:
    r"""A turn's `name` takes no white space and none of `<`, `|`, `\`, `/` and `>`, and at most 64 characters.

    Write `anna_lee` for a name in two words.
    """
    for turn in example.turns:
        name: Json = turn.raw.get("name")
        if name is not None and not _is_name(name):
            yield Flaw(
                pointer(*turn.where.split("/")[1:], "name"), "Not a name; expected 1 to 64 letters without spaces."
            )


def _is_name(name: Json) -> bool:
    return isinstance(name, str) and 0 < len(name) <= 64 and not any(c.isspace() or c in "<|\\/>" for c in name)  # noqa: PLR2004 - the API's limit


def _objects(example: Example) -> Iterator[tuple[str, Json, frozenset[str]]]:
    holder = example.record.get("input") if example.method == "dpo" else example.record
    if isinstance(holder, dict):
        yield (
            ("/input" if example.method == "dpo" else ""),
            holder,
            HEAD if example.method == "sft" else HEAD - {"functions"},
        )
    for turn in example.turns:
        yield turn.where, turn.raw, OPTIONAL - {"refusal"}  # the specification allows null there
