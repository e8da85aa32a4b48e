"""What an example asks of a target, as a small value: examples that ask the same convert the same way."""

from collections.abc import Iterable
from typing import Final, TypeAlias

from pipeline.core.example import Json

Needs: TypeAlias = tuple[Json, ...]

_PLAIN: Final = frozenset({"role", "content", "weight"})


def needs_of(payload: Json, *, reserved: Iterable[str] = ()) -> Needs | None:
    """Give what decides the conversion of an example of plain turns; None where only a conversion can tell.

    Roles, kinds of content, weights, and which reserved words a prompt holds. Tools, images, names and whatever does
    not look like a turn are judged by their values, so such an example has no short description.
    """
    if not isinstance(payload, dict) or payload.keys() != {"messages"} or not isinstance(payload["messages"], list):
        return None
    needs: list[Json] = []
    for turn in payload["messages"]:
        need = _turn(turn)
        if need is None:
            return None
        needs.append(need)
    said = [turn["content"] for turn in payload["messages"] if turn["role"] != "assistant"]
    return (*needs, frozenset(word for word in reserved if any(word in text for text in said)))


def _turn(turn: Json) -> Needs | None:
    if not isinstance(turn, dict) or not turn.keys() <= _PLAIN:
        return None
    role, content, weight = turn.get("role"), turn.get("content"), turn.get("weight", 1)
    if not isinstance(role, str) or not isinstance(content, str) or type(weight) is not int:
        return None
    return role, not content, weight, "weight" in turn
