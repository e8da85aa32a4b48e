"""Alpaca's instruction, input and output, with LLaMA-Factory's history and system."""

from typing import Literal

from pipeline.compose.cells import MISSING, filled, find, missing, text_if_any, text_of
from pipeline.compose.recipe import Composed, Cook, Record, recipe
from pipeline.compose.template import system_turn
from pipeline.compose.turns import Said, messages
from pipeline.core.example import Json
from pipeline.core.target import Settings
from pipeline.core.trouble import Trouble

_OUTPUTS = ("output", "response", "completion", "answer", "target")


class Alpaca(Settings):
    """`instruction`, `input` and `output` (or `response`)."""

    recipe: Literal["alpaca"] = "alpaca"
    instruction: str = "instruction"
    """Column of the task. A record may leave it empty when it has an input."""
    input: str | None = "input"
    """Column of the material, set below the instruction after a blank line. None: there is none."""
    output: str | None = None
    """Column of the answer. None: the first of output, response, completion, answer, target."""
    history: str = "history"
    """Column of earlier turns, a list of [question, answer]; a record may lack it."""
    system: str = ""
    """Fixed text or template of the system turn. Empty: none."""
    system_column: str | None = "system"
    """Column of the system turn; a record may lack it."""


@recipe(Alpaca)
def alpaca(settings: Alpaca) -> Cook:
    """Give the cook of instructions."""
    write_system = system_turn(settings.system, None)

    def compose(record: Record) -> Composed:
        output = settings.output or next((one for one in _OUTPUTS if one in record), "output")
        _demand(record, settings.instruction, output)
        asked = [text_if_any(record, settings.instruction), text_if_any(record, settings.input)]
        question = filled("\n\n".join(one for one in asked if one.strip()), settings.instruction, "user")
        answer = filled(text_if_any(record, output), output, "assistant")
        system = text_if_any(record, settings.system_column).strip() or write_system(record)
        said = (*_earlier(record, settings.history), Said("user", question), Said("assistant", answer))
        return Composed({"messages": messages(said, system=system)})

    return compose


def _demand(record: Record, *columns: str) -> None:
    for column in columns:
        if find(record, column) is MISSING:
            raise missing(record, column)


def _earlier(record: Record, column: str) -> list[Said]:
    history: Json = find(record, column)
    if history is MISSING or not history:
        return []
    if not isinstance(history, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in history):  # noqa: PLR2004 - a pair
        raise Trouble("compose.shape", f"Column `{column}` is not a list of [question, answer].")
    roles = ("user", "assistant")
    return [Said(role, text_of(one, column)) for pair in history for role, one in zip(roles, pair, strict=True)]
