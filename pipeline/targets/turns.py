"""The steps that move whole turns: system turns to the front or into the user's text, and turns of one role into one."""

from collections.abc import Iterable
from itertools import pairwise

from pipeline.core.example import Json
from pipeline.core.target import Limits
from pipeline.targets.conversation import Conversation, Message, calls_of
from pipeline.targets.losses import LeftOutError, Loss

GAP = "\n\n"
"""Between texts that become one: a blank line keeps them apart for the reader and the model."""

_SYSTEM = ("system", "developer")


def gather_system(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Make one first turn of all system turns where only one, at the beginning, is taken."""
    places = [index for index, turn in enumerate(conversation.turns) if turn["role"] in _SYSTEM]
    if limits.system == "anywhere" or not places or places == [0]:
        return conversation, ()
    losses = []
    if len(places) > 1:
        losses.append(Loss("system.joined"))
    if places != list(range(len(places))):
        losses.append(Loss("system.moved"))
    talk = [turn for turn in conversation.turns if turn["role"] not in _SYSTEM]
    return conversation._replace(turns=(joined(conversation.turns[i] for i in places), *talk)), tuple(losses)


def fold_system(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Put the system turn before the first user turn's text where there is no place for it."""
    first, *talk = conversation.turns
    if limits.system != "none" or first["role"] not in _SYSTEM:
        return conversation, ()
    if not talk or talk[0]["role"] != "user":
        raise LeftOutError("turns.first-role")
    folded = {**talk[0], "content": _together(first["content"], talk[0]["content"])}
    return conversation._replace(turns=(folded, *talk[1:])), (Loss("system.folded"),)


def merge_turns(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Make one turn of user turns, or of assistant turns, in a row where roles must alternate."""
    if not limits.is_alternating:
        return conversation, ()
    turns: list[Message] = []
    for turn in conversation.turns:
        if turns and turn["role"] == turns[-1]["role"] != "tool":
            turns[-1] = joined((turns[-1], turn))
        else:
            turns.append(turn)
    _demand_alternation(turns)
    losses = (Loss("turns.merged"),) if len(turns) < len(conversation.turns) else ()
    return conversation._replace(turns=tuple(turns)), losses


def joined(turns: Iterable[Message]) -> Message:
    """Give one turn with the contents of all; raises LeftOutError where they differ in more than that."""
    first, *others = turns
    for other in others:
        if _frame(first) != _frame(other) or calls_of(first) or calls_of(other):
            raise LeftOutError("turns.not-alternating")
        first = {**first, "content": _together(first.get("content"), other.get("content"))}
    return first


def _frame(turn: Message) -> dict[str, Json]:
    frame = {key: value for key, value in turn.items() if key not in ("content", "role") and value is not None}
    return {**frame, "weight": frame.get("weight", 1)}


def _together(before: Json, after: Json) -> Json:
    if isinstance(before, str) and isinstance(after, str):
        return before + GAP + after
    if before is None or after is None:
        return after if before is None else before
    return [*_parts(before), {"type": "text", "text": GAP}, *_parts(after)]


def _parts(content: Json) -> list[Message]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _demand_alternation(turns: list[Message]) -> None:
    asks = {"user", "tool"}
    talk = [turn for turn in turns if turn["role"] not in _SYSTEM]
    for before, after in pairwise(talk):
        is_answer_to_call = after["role"] == "tool" and (before["role"] == "tool" or bool(calls_of(before)))
        is_turn = (before["role"] in asks) != (after["role"] in asks) and after["role"] != "tool"
        if not (is_answer_to_call or is_turn):
            raise LeftOutError("turns.not-alternating")
