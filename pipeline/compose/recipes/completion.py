"""A text as the answer to a fixed instruction: short stories, articles, letters in a voice to be learnt."""

import re
from typing import Literal

from pydantic import Field

from pipeline.compose.recipe import Composed, Cook, Record, recipe
from pipeline.compose.template import fixed, system_turn, turn
from pipeline.compose.turns import Said, messages
from pipeline.core.target import Settings
from pipeline.core.trouble import Trouble

_ENDS = (re.compile(r"\n\s*\n"), re.compile(r"(?<=[.!?。！？])[\"'”’»)]*\s"), re.compile(r"\s"))
_LEAST_SHARE = 0.5


class Completion(Settings):
    """A whole text that the model should learn to write, and what it is asked for."""

    recipe: Literal["completion"] = "completion"
    text: str = "text"
    """Column or template of the text to be learnt."""
    instruction: str = "Write a text."
    """What the user asks for: a fixed text, or a template such as `Write a mystery called "{{ title }}".`"""
    system: str = ""
    """Fixed text or template of the system turn. Empty: none."""
    max_characters: int | None = Field(default=None, ge=1)
    """Longer texts end after the last whole paragraph, or else sentence, within it. None: never shortened."""


@recipe(Completion)
def completion(settings: Completion) -> Cook:
    """Give the cook of completions."""
    write = turn(settings.text, setting="text", role="assistant")
    instruct = fixed(settings.instruction, setting="instruction")
    system = system_turn(settings.system, None)

    def compose(record: Record) -> Composed:
        instruction = instruct(record)
        if not instruction.strip():
            raise Trouble("compose.empty", "`instruction` gave no text; the user turn needs some.")
        text = write(record)
        short = shortened(text, settings.max_characters)
        turns = messages((Said("user", instruction), Said("assistant", short)), system=system(record))
        return Composed({"messages": turns}, frozenset({"shortened"}) if short != text else frozenset())

    return compose


def shortened(text: str, limit: int | None) -> str:
    """Give the text up to the last paragraph, sentence or word that ends within the limit, whichever keeps half of it."""
    if limit is None or len(text.strip()) <= limit:
        return text
    text = text.strip()
    for end in _ENDS:
        cuts = [found.start() for found in end.finditer(text, 0, limit + 1)]
        if cuts and cuts[-1] >= limit * _LEAST_SHARE:
            found = end.match(text, cuts[-1])
            return text[: found.end() if found else cuts[-1]].rstrip()[:limit]
    return text[:limit]
