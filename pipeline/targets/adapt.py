"""Brings a conversation within limits: each step is one change with its loss, in the order of STEPS."""

from collections.abc import Callable
from typing import Final, TypeAlias

from pipeline.core.example import Json
from pipeline.core.target import Limits
from pipeline.targets.conversation import Conversation, Message, calls_of, images, text_of, texts
from pipeline.targets.losses import LeftOutError, Loss, once
from pipeline.targets.turns import fold_system, gather_system, merge_turns

Step: TypeAlias = Callable[[Conversation, Limits], tuple[Conversation, tuple[Loss, ...]]]

TOP_KEYS_OF_TURNS: Final = frozenset({"role", "content"})
"""Keys that a turn cannot do without."""


def adapt(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Give the conversation as the limits take it, with what that changed; raises LeftOutError where it cannot be."""
    losses: tuple[Loss, ...] = ()
    for step in STEPS:
        conversation, more = step(conversation, limits)
        losses = once(losses, more)
    return conversation, losses


def modern_tools(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Turn the deprecated functions into tools where the target does not know them."""
    is_old = any("function_call" in turn or turn["role"] == "function" for turn in conversation.all_turns)
    if "function" in limits.roles or not (is_old or "functions" in conversation.rest):
        return conversation, ()
    turns, called = [], 0
    for turn in conversation.all_turns:
        called += "function_call" in turn
        turns.append(_modern(turn, f"call_{called}"))
    rest = dict(conversation.rest)
    functions = rest.pop("functions", None)
    tools = conversation.tools
    if isinstance(functions, list):
        tools = (*(tools or ()), *({"type": "function", "function": function} for function in functions))
    return conversation.map(turns)._replace(tools=tools, rest=rest), (Loss("functions.as-tools"),)


def _modern(turn: Message, call: str) -> Message:
    if turn["role"] == "function":
        if call == "call_0":
            raise LeftOutError("tools.not-taken")
        kept = {key: value for key, value in turn.items() if key not in ("role", "name")}
        return {"role": "tool", **kept, "content": text_of(turn), "tool_call_id": call}
    if "function_call" not in turn:
        return turn
    kept = {key: value for key, value in turn.items() if key != "function_call"}
    if turn["function_call"] is None:
        return kept
    return {**kept, "tool_calls": [{"id": call, "type": "function", "function": turn["function_call"]}]}


def known_roles(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Call developer turns system where only that is known, and the other way round."""
    twins = {"developer": "system", "system": "developer"}
    taken = _taken_roles(limits)
    losses, turns = [], []
    for turn in conversation.all_turns:
        role = turn["role"]
        twin = twins.get(role)
        if role not in taken and twin in taken:
            losses.append(Loss(f"roles.{role}"))
            turn = {**turn, "role": twin}  # noqa: PLW2901 - the turn under its other name
        turns.append(turn)
    return conversation.map(turns), tuple(losses)


def held_tools(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Drop definitions that no turn uses where tools are not taken; an example that calls tools is left out."""
    if limits.tools in ("taken", None):
        return conversation, ()
    if any(calls_of(turn) or turn["role"] in ("tool", "function") for turn in conversation.all_turns):
        raise LeftOutError("tools.not-taken")
    losses = (Loss("tools.dropped"),) if conversation.tools else ()
    return conversation._replace(tools=None), losses


def held_roles(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Leave out what still has a role that is not taken."""
    if any(turn["role"] not in _taken_roles(limits) for turn in conversation.all_turns):
        raise LeftOutError("roles.not-taken")
    return conversation, ()


def held_images(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Leave out what shows images that are not taken: without them the answer would be learned as a fancy."""
    shown = [image for turn in conversation.all_turns for image in images(turn)]
    if shown and limits.max_images == 0:
        raise LeftOutError("image.not-taken")
    if limits.max_images is not None and len(shown) > limits.max_images:
        raise LeftOutError("image.too-many")
    are_inside = [image["url"].startswith("data:") for image in shown]
    if (limits.images_as == "data" and not all(are_inside)) or (limits.images_as == "address" and any(are_inside)):
        raise LeftOutError("image.address")
    return conversation, ()


def joined_parts(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Make one text of parts where content must be text."""
    if limits.content == "parts" or not any(isinstance(turn.get("content"), list) for turn in conversation.all_turns):
        return conversation, ()
    if any(True for turn in conversation.all_turns for _ in images(turn)):
        raise LeftOutError("image.not-taken")
    losses = [Loss("parts.joined")]
    turns = []
    for turn in conversation.all_turns:
        if isinstance(turn.get("content"), list):
            refusals = [part["refusal"] for part in turn["content"] if part["type"] == "refusal"]
            losses += [Loss("refusal.as-text")] * bool(refusals)
            turn = {**turn, "content": "".join([*texts(turn), *refusals])}  # noqa: PLW2901 - the turn with its text
        turns.append(turn)
    return conversation.map(turns), tuple(losses)


def held_weights(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Drop weights that are not heeded; 1 is what every trainer does anyway, so only 0 is a loss."""
    if limits.weight in ("turn", None):
        return conversation, ()
    was_zero = any(turn.get("weight") == 0 for turn in conversation.all_turns)
    turns = (_without(turn, "weight") for turn in conversation.all_turns)
    return conversation.map(turns), (Loss("weight.dropped"),) if was_zero else ()


def held_keys(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Drop keys of turns that have no place; a refusal becomes the content."""
    if limits.turn_keys is None:
        return conversation, ()
    taken = limits.turn_keys | TOP_KEYS_OF_TURNS
    losses: list[Loss] = []
    turns = []
    for turn in conversation.all_turns:
        if "refusal" not in taken and turn.get("refusal"):
            turn = _refusal_as_text(turn)  # noqa: PLW2901 - the turn with its refusal said as text
            losses.append(Loss("refusal.as-text"))
        losses += [_key_loss(key) for key, value in turn.items() if key not in taken and value is not None]
        turns.append({key: value for key, value in turn.items() if key in taken})
    return conversation.map(turns), once(tuple(losses))


def _refusal_as_text(turn: Message) -> Message:
    said = [text for text in (text_of(turn), turn["refusal"]) if text]
    return {**_without(turn, "refusal"), "content": "\n\n".join(said)}


def _key_loss(key: str) -> Loss:
    return Loss({"name": "name.dropped", "weight": "weight.dropped"}.get(key, "keys.dropped"))


def held_top_keys(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Drop top-level keys that have no place, those of a DPO payload's input included."""
    taken = limits.top_keys
    if taken is None:
        return conversation, ()
    beside_taken = taken | {"parallel_tool_calls"} if "input" in taken and limits.tools == "taken" else taken
    dropped = [key for key in conversation.rest if key not in taken]
    dropped += [key for key in conversation.beside if key not in beside_taken]
    losses = tuple(Loss("parallel.dropped" if key == "parallel_tool_calls" else "keys.dropped") for key in dropped)
    rest = _only(conversation.rest, taken)
    beside = _only(conversation.beside, beside_taken)
    return conversation._replace(rest=rest, beside=beside), once(losses)


def spoken_words(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Drop what is said beside a tool call where a turn may only do one of both."""
    if limits.call_content != "refused":
        return conversation, ()
    turns = [_without(turn, "content") if calls_of(turn) else turn for turn in conversation.all_turns]
    has_said = any(text_of(turn).strip() for turn in conversation.all_turns if calls_of(turn))
    return conversation.map(turns), (Loss("call.words-dropped"),) if has_said else ()


def ends(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Leave out what begins or ends with another role than it must."""
    talk = [turn["role"] for turn in conversation.turns if turn["role"] not in ("system", "developer")]
    if limits.first_role is not None and talk[:1] != [limits.first_role]:
        raise LeftOutError("turns.first-role")
    last = "user" if conversation.answers is not None and limits.is_alternating else limits.last_role
    is_open = conversation.answers is not None and last == "user" and talk[-1:] == ["tool"]
    if last is not None and talk[-1:] != [last] and not is_open:
        raise LeftOutError("turns.last-role")
    return conversation, ()


def free_of_reserved(conversation: Conversation, limits: Limits) -> tuple[Conversation, tuple[Loss, ...]]:
    """Leave out what holds, in a prompt, a word that makes the job fail."""
    prompts = (text for turn in conversation.turns if turn["role"] != "assistant" for text in texts(turn))
    if limits.reserved and any(word in text for text in prompts for word in limits.reserved):
        raise LeftOutError("reserved.word")
    return conversation, ()


STEPS: Final[tuple[Step, ...]] = (
    modern_tools,
    known_roles,
    held_tools,
    held_roles,
    held_images,
    joined_parts,
    held_weights,
    held_keys,
    held_top_keys,
    spoken_words,
    gather_system,
    fold_system,
    merge_turns,
    ends,
    free_of_reserved,
)


def _taken_roles(limits: Limits) -> frozenset[str]:
    """Where there is no place for a system turn, it is folded into the user's."""
    return limits.roles | {"system"} if limits.system == "none" else limits.roles


def _without(turn: Message, key: str) -> Message:
    return {name: value for name, value in turn.items() if name != key}


def _only(keys: dict[str, Json], taken: frozenset[str]) -> dict[str, Json]:
    return {key: value for key, value in keys.items() if key in taken}
