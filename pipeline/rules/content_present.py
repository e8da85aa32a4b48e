"""Turns say something."""

from collections.abc import Iterator

from pipeline.core.example import Example, Turn
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, rule
from pipeline.core.shape import Bit
from pipeline.core.suspects import has
from pipeline.core.target import Limits
from pipeline.core.wording import named

CALLED = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
SPEAKING = frozenset({"system", "developer", "user", "assistant", "tool"})


def _speaks_otherwise(turn: Turn) -> bool:
    """Say whether the turn calls a tool, shows an image or refuses, so that it needs no text."""
    has_part = any(part.get("type") not in (None, "text") for _, part in turn.parts())
    return has_part or any(turn.raw.get(key) for key in ("tool_calls", "function_call", "refusal"))


def _is_blank(turn: Turn) -> bool:
    is_whole = turn.raw.get("content") != [] and all(isinstance(part.get("text"), str) for _, part in turn.parts())
    return turn.text is not None and not turn.text.strip() and is_whole and not _speaks_otherwise(turn)


@rule(
    "content.missing",
    suspects=has(Bit.NULL_CONTENT),
    good=({"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": [CALLED]}]},),
    bad=(
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": None}]},
        {"messages": [{"role": "human"}, {"role": "assistant", "content": "Hello"}]},
    ),
)
def missing(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A turn without content is refused; only an assistant turn that calls a tool may go without.

    Fill it in, or delete the turn together with its question or answer.
    """
    for turn in example.turns:
        content = turn.raw.get("content")
        # whatever an unknown role means, it says nothing: told at once, not when the role is mended
        if (
            turn.role not in ("", "function")
            and content in (None, [])
            and not (content is None and _speaks_otherwise(turn))
        ):
            found = (
                f"Content is {'null' if content is None else 'an empty list'}"
                if "content" in turn.raw
                else "No content"
            )
            yield Flaw(turn.where, f"{found} in {named(turn.role)}; expected text.")


@rule(
    "content.blank-answer",
    suspects=has(Bit.BLANK_CONTENT, Bit.PARTS),
    good=("user: Hi\nassistant: Hello",),
    bad=("user: Hi\nassistant: ", "user: Hi\nassistant:  \t"),
)
def blank_answer(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """An empty answer teaches the model to say nothing.

    Write the answer, or delete the example.
    """
    for turn in example.turns:
        if turn.is_trained and _is_blank(turn):
            yield Flaw(f"{turn.where}/content", "An empty answer; expected text or a tool call.")


@rule(
    "content.blank",
    severity=Severity.WARNING,
    suspects=has(Bit.BLANK_CONTENT, Bit.PARTS),
    good=("user: Hi\nassistant: Hello",),
    bad=("user: \nassistant: Hello", "system: \nuser: Hi\nassistant: Hello"),
)
def blank(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """An empty question or system prompt is a column that was not filled; the model learns to answer nothing.

    Fill it in, or delete the turn. An empty result of a tool is no flaw.
    """
    for turn in example.turns:
        if turn.role in SPEAKING - {"tool"} and not turn.is_trained and _is_blank(turn):
            yield Flaw(f"{turn.where}/content", f"Empty content in {named(turn.role)}; expected text.")
