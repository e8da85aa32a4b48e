"""The first answers of a tuned model: to a question, or to validation examples beside their references."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from pipeline.core.errors import SourceError
from pipeline.core.example import Json
from pipeline.submit import Answer, Platform

ALIKE: Final = 100
"""Examples that are looked at for the system prompt that all of them share."""

Turns = list[dict[str, Json]]


class Trial(NamedTuple):
    """One conversation and what was said to it."""

    name: str | None
    """`validation.jsonl:3`; None: the user's own question."""
    turns: Turns
    reference: str | None
    """What the example says; None: there is no example."""
    tuned: Answer
    base: Answer | None
    """Of the model before tuning; None: not asked."""


class Asked(NamedTuple):
    """A conversation that waits for an answer."""

    name: str | None
    turns: Turns
    reference: str | None = None


def trials(
    asked: Sequence[Asked], platform: Platform, *, tuned: str, base: str | None, max_tokens: int
) -> Iterator[Trial]:
    """Ask the tuned model, and the base model where there is one, for each conversation in turn."""
    for one in asked:
        answer = platform.ask(tuned, one.turns, max_tokens=max_tokens)
        before = platform.ask(base, one.turns, max_tokens=max_tokens) if base else None
        yield Trial(one.name, one.turns, one.reference, answer, before)


def question(text: str, *, system: str | None) -> Asked:
    """Give a question below a system prompt."""
    first: Turns = [{"role": "system", "content": system}] if system else []
    return Asked(None, [*first, {"role": "user", "content": text}])


def examples(path: Path, *, count: int) -> list[Asked]:
    """Give the first examples of a file that end in an answer, without it.

    A preference pair's reference is the preferred output; calls of tools are no text to compare with, so such answers
    are passed over.
    """
    return list(islice(_asked(path), count))


def shared_system(path: Path) -> str | None:
    """Give the system prompt that the first examples of a file share; None where they have none, or several."""
    found = {_system(messages) for messages, _ in islice(_messages(path), ALIKE)}
    return found.pop() if len(found) == 1 else None


def _asked(path: Path) -> Iterator[Asked]:
    for number, (messages, preferred) in enumerate(_messages(path), start=1):
        turns, reference = _parted(messages) if preferred is None else (messages, preferred)
        if isinstance(reference, str) and turns:
            bare = [{key: value for key, value in turn.items() if key != "weight"} for turn in turns]
            yield Asked(f"{path.name}:{number}", bare, reference)


def _parted(messages: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], Json]:
    """Give a conversation without its last answer, and that answer; None where it ends in none."""
    if messages and messages[-1].get("role") == "assistant":
        return messages[:-1], messages[-1].get("content")
    return messages, None


def _messages(path: Path) -> Iterator[tuple[list[dict[str, Any]], str | None]]:
    """Give the conversation of each line, and the answer that stands beside it in a preference pair."""
    try:
        with path.open("rb") as file:
            for line in file:
                value = json.loads(line)
                if "input" in value:
                    yield value["input"]["messages"], value["preferred_output"][0].get("content")
                else:
                    yield value["messages"], None
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}. Name a file of examples, or ask a question.") from None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise SourceError(f"{path}: holds a line that is no chat example. `tuneset check {path}` says which.") from None


def _system(messages: Sequence[dict[str, Any]]) -> str | None:
    said = [turn.get("content") for turn in messages if turn.get("role") in ("system", "developer")]
    return said[0] if said and isinstance(said[0], str) else None
