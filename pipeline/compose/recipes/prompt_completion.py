"""The legacy format of base models: a prompt and its completion, with the marks that parted them."""

from typing import Literal

from pipeline.compose.cells import filled, text_at
from pipeline.compose.recipe import Composed, Cook, Record, recipe
from pipeline.compose.template import system_turn
from pipeline.compose.turns import Said, messages
from pipeline.core.target import Settings


class PromptCompletion(Settings):
    """`prompt` and `completion`. The marks of the old format go only where they are named."""

    recipe: Literal["prompt_completion"] = "prompt_completion"
    prompt: str = "prompt"
    """Column of the prompt."""
    completion: str = "completion"
    """Column of the completion."""
    prompt_ends: tuple[str, ...] = ()
    """Marks taken off the prompt's end, such as `" ->"` or `"\\n\\n###\\n\\n"`. Empty: none."""
    completion_ends: tuple[str, ...] = ()
    """Marks taken off the completion's end, such as `" END"`. Empty: none."""
    system: str = ""
    """Fixed text or template of the system turn. Empty: none."""


@recipe(PromptCompletion)
def prompt_completion(settings: PromptCompletion) -> Cook:
    """Give the cook of legacy pairs."""
    system = system_turn(settings.system, None)

    def compose(record: Record) -> Composed:
        prompt = without_ends(text_at(record, settings.prompt), settings.prompt_ends)
        completion = without_ends(text_at(record, settings.completion), settings.completion_ends)
        asked = filled(prompt, settings.prompt, "user")
        answered = filled(completion, settings.completion, "assistant")
        return Composed(
            {"messages": messages((Said("user", asked), Said("assistant", answered)), system=system(record))}
        )

    return compose


def without_ends(text: str, ends: tuple[str, ...]) -> str:
    """Take the first of the marks that the text ends with off its end; white space around the mark does not matter."""
    bare = text.rstrip()
    for end in ends:
        mark = end.strip()
        if mark and bare.endswith(mark):
            return bare.removesuffix(mark).rstrip()
    return text
