"""Tool-calling traces: ToolBench, BFCL, xLAM, old OpenAI functions; any list of turns with calls, and definitions."""

from typing import Literal

from pipeline.compose.calls import alternatives_taken, calls_of, tools_of
from pipeline.compose.cells import cell, filled, text_at
from pipeline.compose.foreign import Reasoning, conversation
from pipeline.compose.recipe import Composed, Cook, Record, recipe
from pipeline.compose.template import system_turn
from pipeline.compose.turns import Said, messages
from pipeline.core.example import Json
from pipeline.core.target import Settings


class Tools(Settings):
    """A conversation or a single question, the functions it may call, and, apart from it, the calls expected."""

    recipe: Literal["tools"] = "tools"
    messages: str | None = None
    """Column or dotted path of the turns (`answer_generation.train_messages`); of a list of lists the last. None: `query`."""
    query: str = "query"
    """Column of the single question, where there is no list of turns."""
    tools: str = "tools"
    """Column or dotted path of the definitions, as a list or as JSON text."""
    answers: str | None = None
    """Column of the calls that answer the last turn. None: the turns hold them."""
    answers_list_alternatives: bool = False
    """Whether each argument of `answers` is a list of allowed values, as in BFCL; the first is taken and noted."""
    system: str = ""
    """Fixed text or template, put first where a conversation has no system turn of its own."""
    reasoning: Reasoning = "drop"
    """What becomes of parts that hold reasoning: left out and noted, or `<think>` before the answer."""


@recipe(Tools)
def tools(settings: Tools) -> Cook:
    """Give the cook of tool traces."""
    system = system_turn(settings.system, None)

    def compose(record: Record) -> Composed:
        said, mended = _asked(record, settings)
        if settings.answers is not None:
            value = cell(record, settings.answers)
            calls = tuple(alternatives_taken(value)) if settings.answers_list_alternatives else calls_of(value)
            said = [*said, Said("assistant", None, calls)]
            mended |= {"alternatives"} if settings.answers_list_alternatives else set()
        payload: dict[str, Json] = {"messages": messages(said, system=system(record))}
        if definitions := tools_of(cell(record, settings.tools)):
            payload["tools"] = definitions
        return Composed(payload, frozenset(mended))

    return compose


def _asked(record: Record, settings: Tools) -> tuple[list[Said], frozenset[str]]:
    if settings.messages is None:
        return [Said("user", filled(text_at(record, settings.query), settings.query, "user"))], frozenset()
    found = conversation(cell(record, settings.messages), reasoning=settings.reasoning)
    return found.said, found.left_out
