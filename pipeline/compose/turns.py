"""From things said to messages: tool calls get their ids, their answers find them, and nothing is invented."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from pipeline.compose.calls import Call, split_results
from pipeline.core.example import Json
from pipeline.core.trouble import Trouble

SYSTEM: Final = ("system", "developer")


class Said(NamedTuple):
    """One turn before it is a message."""

    role: str
    text: Json
    """Text, or a list of OpenAI's content parts. None: no content at all, as beside tool calls."""
    calls: tuple[Call, ...] = ()
    answers: str | None = None
    """Id of the call that a tool turn answers; None: the next unanswered one."""
    weight: int | None = None


def messages(said: Iterable[Said], *, system: str = "") -> list[dict[str, Json]]:
    """Give the messages; `system` is put first where the conversation has no system turn of its own.

    Calls without an id are numbered `call_1`, `call_2`, ... in the order they were made; tool turns answer the oldest
    open call. A Trouble where no assistant speaks.
    """
    said = list(said)
    if not any(turn.role == "assistant" and (turn.text or turn.calls) for turn in said):
        raise no_answer(len(said))
    opening = [Said("system", system)] if system and not (said and said[0].role in SYSTEM) else []
    return _numbered(opening + said)


def no_answer(count: int) -> Trouble:
    """Give the trouble of a conversation of so many turns in which no assistant speaks."""
    turns = f"{count} turn{'' if count == 1 else 's'}"
    return Trouble("compose.no-answer", f"{turns} and none of the assistant; expected at least one.")


def _numbered(said: Sequence[Said]) -> list[dict[str, Json]]:
    result: list[dict[str, Json]] = []
    open_ids: list[str] = []
    count = 0
    for turn in said:
        if turn.role == "tool":
            for text in _results(turn, len(open_ids)):
                answered = turn.answers or (open_ids[0] if open_ids else None)
                open_ids = [one for one in open_ids if one != answered]
                result.append(_message(Said("tool", text), call_id=answered))
            continue
        ids = [call.id or f"call_{count + number}" for number, call in enumerate(turn.calls, 1)]
        count += len(ids)
        open_ids += ids
        result.append(_message(turn, call_ids=ids))
    return result


def _results(turn: Said, expected: int) -> list[Json]:
    """Give the texts of a tool turn: one, or one a call where it answers several at once."""
    if turn.answers is None and isinstance(turn.text, str):
        return [*split_results(turn.text, expected)]
    return [turn.text or ""]


def _message(turn: Said, *, call_ids: Sequence[str] = (), call_id: str | None = None) -> dict[str, Json]:
    message: dict[str, Json] = {"role": turn.role}
    if turn.text or not turn.calls:
        message["content"] = turn.text or ""
    if turn.calls:
        message["tool_calls"] = [call.as_json(one) for call, one in zip(turn.calls, call_ids, strict=True)]
    if call_id is not None:
        message["tool_call_id"] = call_id
    if turn.weight is not None and turn.role == "assistant":
        message["weight"] = turn.weight
    return message
