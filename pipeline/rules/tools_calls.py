"""Every tool call is answered, and every answer has its call."""

from collections.abc import Iterator
from typing import NamedTuple

from pipeline.core.example import Example, Json, Turn
from pipeline.core.rule import Flaw, rule
from pipeline.core.shape import Bit
from pipeline.core.suspects import either, has, order
from pipeline.core.target import Limits
from pipeline.core.wording import counted

SUSPECTS = either(has(Bit.TOOL_CALLS), order("t"))


class Exchange(NamedTuple):
    """An assistant turn that calls tools, and what follows it."""

    turn: Turn
    ids: dict[str, str]
    """Id of each call and its place."""
    answers: tuple[Turn, ...]
    """The tool turns right after it."""
    is_last: bool
    """Whether the conversation ends here, so that the calls are the answer to learn."""


def exchanges(example: Example) -> Iterator[Exchange]:
    """Give each turn that calls tools with the tool turns that follow it directly."""
    turns = example.conversation
    for index, turn in enumerate(turns):
        ids = {call["id"]: place for place, call in turn.tool_calls() if isinstance(call.get("id"), str)}
        if turn.raw.get("tool_calls"):
            end = next((i for i in range(index + 1, len(turns)) if turns[i].role != "tool"), len(turns))
            yield Exchange(turn, ids, turns[index + 1 : end], is_last=index + 1 == len(turns))


def answered_id(turn: Turn) -> str | None:
    """Give the id that a tool turn answers."""
    found: Json = turn.raw.get("tool_call_id")
    return found if turn.role == "tool" and isinstance(found, str) else None


def _late(example: Example) -> list[Turn]:
    """Give the tool turns that answer a call of the conversation, but not right after it."""
    found = list(exchanges(example))
    called = {call_id for exchange in found for call_id in exchange.ids}
    placed = {id(turn) for exchange in found for turn in exchange.answers if answered_id(turn) in exchange.ids}
    return [turn for turn in example.conversation if answered_id(turn) in called and id(turn) not in placed]


def _chat(*turns: dict[str, object]) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": "Hi"}, *turns]}


def _call(*ids: str) -> dict[str, object]:
    calls = [{"id": i, "type": "function", "function": {"name": "f", "arguments": "{}"}} for i in ids]
    return {"role": "assistant", "tool_calls": calls}


def _answer(call_id: str | None) -> dict[str, object]:
    turn: dict[str, object] = {"role": "tool", "content": "1"}
    return turn | ({"tool_call_id": call_id} if call_id else {})


SAID: dict[str, object] = {"role": "assistant", "content": "One."}
SOUND = (_chat(_call("a", "b"), _answer("b"), _answer("a"), SAID), _chat(_call("a")))


@rule(
    "tools.unanswered",
    suspects=SUSPECTS,
    good=SOUND,
    bad=(_chat(_call("a", "b"), _answer("a"), SAID), _chat(_call("a"), SAID)),
)
def unanswered(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Chat APIs and templates refuse a call that no tool turn answers before the conversation goes on.

    Add the tool turn with this `tool_call_id`, right after the call. A conversation may end on a call.
    """
    late = {answered_id(turn) for turn in _late(example)}
    for exchange in exchanges(example):
        answered = late.union(answered_id(turn) for turn in exchange.answers)
        for call_id, place in exchange.ids.items():
            if not exchange.is_last and call_id not in answered:
                yield Flaw(place, "No tool turn answers this call; expected one right after it.")


@rule(
    "tools.late-answer",
    suspects=SUSPECTS,
    good=SOUND,
    bad=(_chat(_call("a"), SAID, _answer("a"), SAID), _chat(_answer("a"), _call("a"), SAID)),
)
def late_answer(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A tool's answer stands right after its call; chat templates and APIs refuse it anywhere else.

    Move the tool turn behind the assistant turn that calls it.
    """
    for turn in _late(example):
        yield Flaw(turn.where, "This answer does not follow its call; expected right after it.")


@rule(
    "tools.orphan-answer",
    suspects=SUSPECTS,
    good=SOUND,
    bad=(_chat(_call("a"), _answer("z")), _chat(_answer("a"), SAID), _chat(_call("a"), _answer(None))),
)
def orphan_answer(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A tool turn answers a call; without one, APIs and chat templates refuse the example.

    Add the assistant turn that calls the tool, or mend the `tool_call_id`.
    """
    called = {call_id for exchange in exchanges(example) for call_id in exchange.ids}
    for turn in example.conversation:
        if turn.role == "tool" and answered_id(turn) not in called:
            found = "No `tool_call_id`" if turn.raw.get("tool_call_id") is None else "No call has this `tool_call_id`"
            yield Flaw(turn.where, f"{found}; expected the id of a call before it.")


@rule(
    "tools.answered-twice", suspects=order("tt"), good=SOUND, bad=(_chat(_call("a"), _answer("a"), _answer("a"), SAID),)
)
def answered_twice(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Two tool turns answer one call, so that a result is read twice or belongs to another call.

    Mend the id of the second, or delete it.
    """
    for exchange in exchanges(example):
        seen: set[str | None] = set()
        for turn in exchange.answers:
            if answered_id(turn) in seen & exchange.ids.keys():
                yield Flaw(f"{turn.where}/tool_call_id", "The call is answered already; expected one answer a call.")
            seen.add(answered_id(turn))


@rule("tools.duplicate-id", suspects=has(Bit.TOOL_CALLS), good=SOUND, bad=(_chat(_call("a", "a"), _answer("a"), SAID),))
def duplicate_id(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Two calls of one turn share an id, so nobody can tell which of them an answer belongs to.

    Give each call an id of its own. Later turns may use an id again.
    """
    for turn in example.turns:
        ids = [call.get("id") for _, call in turn.tool_calls() if isinstance(call.get("id"), str)]
        repeated = len(ids) - len(set(ids))
        if repeated:
            yield Flaw(
                f"{turn.where}/tool_calls", f"{counted(repeated, 'id')} used again in one turn; expected one id a call."
            )
