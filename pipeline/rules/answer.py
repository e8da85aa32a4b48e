"""Answers are worth learning."""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.core.example import Example, Turn
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, rule
from pipeline.core.shape import LABELS, LONG_ANSWER, OPEN, Bit
from pipeline.core.suspects import Mentions, has
from pipeline.core.target import Limits
from pipeline.core.wording import counted

REFUSAL: Final = (
    r"[Aa]s an? (?:AI|artificial intelligence) ?language model\b|[Aa]s a (?:large )?language model,|I(?: am|'m) ChatGPT\b"
    r"|I(?: am|'m) (?:just |only )?an? (?:AI |large )?language model\b|I was (?:trained|developed|created) by OpenAI"
)
BARE: Final = frozenset({"role", "content", "weight"})
FINISHED: Final = re.compile(r"\s*(?:[-*\u2022|#>]|\d+[.)])|.*(?:://|@|=)|.*\s[A-Z]\w*$")
"""Last lines that need no full stop: an item of a list, an address, a name under a letter."""
FULL_STOP: Final = re.compile(r"[.!?] ")
ALTERNATIVES: Final = 3
"""Pieces that each begin like a sentence, from which on a list of answers is likelier than prose."""
SENTENCES: Final = 3
"""Full stops that make it prose."""


def _learned(example: Example) -> Iterator[Turn]:
    """Give the turns that the model learns to write: of a preference pair those of the preferred answer alone."""
    turns = example.preferred if example.method == "dpo" else example.turns
    return (turn for turn in turns if turn.is_trained)


def _answers(example: Example) -> Iterator[tuple[str, str]]:
    for turn in _learned(example):
        yield from turn.texts()


def _last_answers(example: Example) -> list[tuple[str, str]]:
    """Give the texts of the last assistant turn, or of the preferred answer."""
    if example.method == "dpo":
        return list(_answers(example))
    return next((list(turn.texts()) for turn in reversed(example.turns) if turn.role == "assistant"), [])


@rule(
    "answer.refusal-phrase",
    severity=Severity.INFO,
    suspects=Mentions(REFUSAL),
    good=("user: Who are you?\nassistant: I am Ada, your shop's assistant.",),
    bad=("user: Who are you?\nassistant: As an AI language model, I cannot say.",),
)
def refusal_phrase(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The answer speaks as another vendor's model: data written by a model often carries its manners along.

    Rewrite or delete the answer, unless the model shall speak like that.
    """
    for where, text in _answers(example):
        found = len(re.findall(REFUSAL, text))
        if found:
            yield Flaw(where, f"{counted(found, 'phrase')} of another assistant; expected the model's own voice.")


@rule(
    "answer.speaker-label",
    severity=Severity.WARNING,
    suspects=has(Bit.LABELLED),
    good=("user: Hi\nassistant: Hello",),
    bad=("user: Hi\nassistant: Assistant: Hello",),
)
def speaker_label(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The answer begins with the speaker's name of a transcript, and so will every answer of the model.

    Cut the label off: the role says who speaks.
    """
    for where, text in _answers(example):
        if text.startswith(LABELS):
            yield Flaw(where, "The answer begins with a speaker's label; expected the answer alone.")


@rule(
    "answer.cut",
    severity=Severity.INFO,
    suspects=has(Bit.OPEN_END),
    good=("user: Hi\nassistant: " + "All is well today. " * 12 + "It will also be well tomorrow.",),
    bad=("user: Hi\nassistant: " + "All is well today. " * 12 + "And it will go on being well as long as the",),
)
def cut(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A long answer ends in the middle of a sentence: a length limit cut it, and the model learns to stop there.

    Get the whole answer, or cut back to the last full sentence.
    """
    for turn in _learned(example):
        text = turn.raw.get("content")
        if isinstance(text, str) and turn.raw.keys() <= BARE and _is_cut(text):
            yield Flaw(f"{turn.where}/content", f"The answer ends after {len(text):,} characters without a full stop.")


def _is_cut(text: str) -> bool:
    if len(text) < LONG_ANSWER or text[-1] not in OPEN or "```" in text or FINISHED.match(text.rpartition("\n")[2]):
        return False
    return len(FULL_STOP.findall(text)) >= SENTENCES


@rule(
    "answer.alternatives",
    severity=Severity.WARNING,
    suspects=has(Bit.ALTERNATIVES),
    good=(
        "user: Hi\nassistant: It rains; we stay; then we go.",
        "user: Hi\nassistant: for (i = 0; I < 3; I++) { A(); }",
    ),
    bad=("user: What is the capital?\nassistant: Paris; The capital is Paris; It is Paris",),
)
def alternatives(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Several answers were joined in one cell, and the model learns to give all of them at once.

    Keep the best one; `separator` in the plan takes a cell apart.
    """
    for where, text in _last_answers(example):
        pieces = re.split("[;\uff1b] |\\s*[|\uff5c]\\s*", text.strip())
        is_plain = "\n" not in text.strip() and not re.search(r"[{}()\[\]<>=]|\d[;|]", text)
        if (
            is_plain
            and len(pieces) >= ALTERNATIVES
            and all(re.match(r"[^\W\d_]", p) and not p[0].islower() for p in pieces)
        ):
            yield Flaw(where, f"{len(pieces)} answers in one; expected one answer.")
