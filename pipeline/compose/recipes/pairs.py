"""Columns to one user turn and one assistant turn: FAQ, support tickets, questions and answers."""

from typing import Literal

from pipeline.compose.cells import cell, filled, text_of
from pipeline.compose.outline import Column, Outline, Spoken
from pipeline.compose.recipe import Composed, Cook, Record, recipe
from pipeline.compose.template import Writer, column_parts, is_template, system_turn, text_parts, turn
from pipeline.compose.turns import Said, messages
from pipeline.core.target import Settings
from pipeline.core.trouble import Trouble


class Pairs(Settings):
    """A question and its answer in one row. A value with `{{` or `{%` is a Jinja template, any other names a column."""

    recipe: Literal["pairs"] = "pairs"
    user: str = "question"
    """Column, or template such as `"{{ title }}\\n{{ body }}"`, of what is asked."""
    assistant: str = "answer"
    """Column or template of what is answered."""
    system: str = ""
    """Fixed text or template of the system turn. Empty: none."""
    system_column: str | None = None
    """Column of the system turn; where its cell is empty, `system` stands."""
    separator: str | None = None
    """What parts several answers in one cell, such as `"; "`. None: a cell is one answer."""
    alternatives: Literal["first", "refuse"] = "first"
    """Of several answers: take the first and note it, or keep the row out."""


def _outline(settings: Pairs) -> Outline | None:
    asked, said = column_parts(settings.user), column_parts(settings.assistant)
    system = _system(settings)
    if settings.separator or asked is None or said is None or system is None:
        return None
    return (system, Spoken("user", asked), Spoken("assistant", said))


def _system(settings: Pairs) -> Spoken | None:
    if settings.system_column is None:
        parts = text_parts(settings.system)
        return None if parts is None else Spoken("system", parts, is_optional=True)
    if is_template(settings.system):
        return None
    return Spoken("system", (Column(settings.system_column),), is_optional=True, otherwise=settings.system)


@recipe(Pairs, outline=_outline)
def pairs(settings: Pairs) -> Cook:
    """Give the cook of pairs."""
    ask = turn(settings.user, setting="user", role="user")
    answer = turn(settings.assistant, setting="assistant", role="assistant")
    system = system_turn(settings.system, settings.system_column)

    def compose(record: Record) -> Composed:
        asked = ask(record)
        said, mended = _one_answer(record, settings, answer)
        turns = messages((Said("user", asked), Said("assistant", said)), system=system(record))
        return Composed({"messages": turns}, mended)

    return compose


def _one_answer(record: Record, settings: Pairs, write: Writer) -> tuple[str, frozenset[str]]:
    """Give the answer, one of several where the cell is a list or holds the separator."""
    column = settings.assistant
    held = None if is_template(column) else cell(record, column)
    if isinstance(held, list):
        answers = [text_of(one, column) for one in held]
    elif settings.separator:
        answers = write(record).split(settings.separator)
    else:
        return write(record), frozenset()
    answers = [one for one in answers if one.strip()]
    if len(answers) > 1 and settings.alternatives == "refuse":
        raise Trouble("compose.alternatives", f"Column `{column}` holds {len(answers)} answers; expected one.")
    answer = filled(answers[0] if answers else "", column, "assistant")
    return answer, frozenset({"alternatives"}) if len(answers) > 1 else frozenset()
