"""TRL's conversational columns: messages with tool arguments as objects; prompt, chosen and rejected for DPO."""

from pipeline.core.example import Json
from pipeline.targets.arguments import as_object, as_text
from pipeline.targets.conversation import Conversation, Message, calls_of
from pipeline.targets.format import Format, Written
from pipeline.targets.formats.messages import ANYTHING
from pipeline.targets.losses import Loss, once

HOLDS = ANYTHING.model_copy(
    update={
        "target": "trl",
        "roles": frozenset({"system", "developer", "user", "assistant", "tool"}),
        "weight": "refused",
        "turn_keys": frozenset({"role", "content", "name", "tool_calls", "tool_call_id"}),
        "top_keys": frozenset(),
    }
)


def write(conversation: Conversation) -> Written:
    """Give the columns; the tools stand beside the messages."""
    pairs = [_parsed(turn) for turn in conversation.all_turns]
    losses = once(*(losses for _, losses in pairs))
    turns = [turn for turn, _ in pairs]
    tools: dict[str, Json] = {} if conversation.tools is None else {"tools": list(conversation.tools)}
    if conversation.answers is None:
        return {"messages": turns, **tools}, losses
    return {"prompt": turns[:-2], "chosen": turns[-2:-1], "rejected": turns[-1:], **tools}, losses


def read(line: dict[str, Json]) -> dict[str, Json]:
    """Give the payload with arguments as text."""
    tools: dict[str, Json] = {"tools": line["tools"]} if "tools" in line else {}
    if "messages" in line:
        return {"messages": [_unparsed(turn) for turn in line["messages"]], **tools}
    asked = {"messages": [_unparsed(turn) for turn in line["prompt"]], **tools}
    chosen, rejected = ([_unparsed(turn) for turn in line[side]] for side in ("chosen", "rejected"))
    return {"input": asked, "preferred_output": chosen, "non_preferred_output": rejected}


def _parsed(turn: Message) -> tuple[Message, tuple[Loss, ...]]:
    if not calls_of(turn):
        return turn, ()
    calls: list[Message] = []
    losses: tuple[Loss, ...] = ()
    for call in calls_of(turn):
        value, more = as_object(call["function"]["arguments"])
        calls.append({**call, "function": {**call["function"], "arguments": value}})
        losses = once(losses, more)
    return {**turn, "tool_calls": calls}, losses


def _unparsed(turn: Message) -> Message:
    if not calls_of(turn):
        return turn
    calls = [
        {**call, "function": {**call["function"], "arguments": as_text(call["function"]["arguments"])}}
        for call in calls_of(turn)
    ]
    return {**turn, "tool_calls": calls}


FORMAT = Format(
    "trl", "TRL conversational columns", {"sft": HOLDS, "dpo": HOLDS}, write, read, translates=frozenset({"arguments"})
)
