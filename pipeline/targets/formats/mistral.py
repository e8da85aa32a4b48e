"""mistral-finetune's instruct rows: ids of nine characters, whole tool definitions, a call without words."""

import hashlib
import re
from typing import Final

from pipeline.core.example import Json
from pipeline.targets.conversation import Conversation, Message, calls_of, give
from pipeline.targets.format import Format, Written
from pipeline.targets.formats.messages import ANYTHING
from pipeline.targets.losses import Loss

HOLDS = ANYTHING.model_copy(
    update={
        "target": "mistral",
        "roles": frozenset({"system", "user", "assistant", "tool"}),
        "system": "first",
        "last_role": "assistant",
        "content": "text",
        "max_images": 0,
        "call_content": "refused",
        "top_keys": frozenset(),
        "turn_keys": frozenset({"role", "content", "weight", "tool_calls", "tool_call_id", "name"}),
    }
)

ID_LENGTH: Final = 9
_ID: Final = re.compile(r"[A-Za-z0-9]{9}")


def write(conversation: Conversation) -> Written:
    """Give the row with ids that are taken; the same id becomes the same name everywhere in the example."""
    losses = []
    turns = [_renamed(turn) for turn in conversation.turns]
    if turns != list(conversation.turns):
        losses.append(Loss("tools.ids-renamed"))
    tools = None if conversation.tools is None else tuple(_whole(tool) for tool in conversation.tools)
    if tools != conversation.tools:
        losses.append(Loss("tools.completed"))
    return give(conversation._replace(turns=tuple(turns), tools=tools)), tuple(losses)


def read(line: dict[str, Json]) -> dict[str, Json]:
    """Give the line, which is a payload of schemas/."""
    return line


def nine(name: str) -> str:
    """Give an id of nine letters and digits: the name itself, or a hash of it."""
    if _ID.fullmatch(name):
        return name
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:ID_LENGTH]


def _renamed(turn: Message) -> Message:
    if turn["role"] == "tool":
        return {**turn, "tool_call_id": nine(turn["tool_call_id"])}
    if not calls_of(turn):
        return turn
    return {**turn, "tool_calls": [{**call, "id": nine(call["id"])} for call in calls_of(turn)]}


def _whole(tool: Message) -> Message:
    empty = {"description": "", "parameters": {"type": "object", "properties": {}}}
    missing = {key: value for key, value in empty.items() if key not in tool["function"]}
    return {**tool, "function": {**tool["function"], **missing}} if missing else tool


FORMAT = Format(
    "mistral",
    "mistral-finetune instruct rows",
    {"sft": HOLDS},
    write,
    read,
    translates=frozenset({"tool_id_length"}),
)
