"""Conversations of named speakers: gathered rows, a list of turns, or a transcript in one cell or file."""

from collections.abc import Iterable, Mapping
from itertools import cycle
from typing import Literal, NamedTuple, TypeAlias

from pydantic import Field

from pipeline.compose.cells import cell, filled, text_at, text_of
from pipeline.compose.recipe import Composed, Cook, Record, recipe
from pipeline.compose.template import system_turn
from pipeline.compose.transcript import KNOWN, Form, Line, Parts, take_apart
from pipeline.compose.turns import Said, messages, no_answer
from pipeline.core.example import Json
from pipeline.core.target import Settings
from pipeline.core.trouble import Trouble

Part: TypeAlias = Literal["system", "user", "assistant", "skip"]


class Dialogue(Settings):
    """Who said what, turn by turn."""

    recipe: Literal["dialogue"] = "dialogue"
    turns: str = "rows"
    """Column of the list of turns; `rows` is what a reader gathers by conversation."""
    transcript: str | None = None
    """Column of a transcript in one text (`text` for text files), instead of `turns`."""
    form: Form = "auto"
    """How a transcript marks turns: `Speaker: text` lines, blocks after blank lines (`Human:`), or IRC."""
    alternate: bool = False
    """The list holds texts without speakers: user and assistant speak in turn, the user first, or last before `answer`."""
    answer: str | None = None
    """Column of the assistant's last turn, where it stands beside the list of turns that lead to it."""
    role: str = "role"
    """Key of the speaker in each turn."""
    content: str = "content"
    """Key of the text in each turn."""
    speakers: dict[str, Part] = Field(default_factory=dict)
    """Speaker → role, or `skip`; case does not matter. `"*"` is everyone else. User, agent, bot, customer, ... are known."""
    pick: Literal["all", "busiest-two"] = "all"
    """`busiest-two`: of many speakers keep the two who speak most; the first of them to speak is the user."""
    merge: bool = True
    """Join turns in which one speaker goes on, with a line feed; noted."""
    leading: Literal["keep", "drop"] = "keep"
    """Assistant turns before the first user turn."""
    opening: str = ""
    """Text of a user turn put before a conversation that the assistant opens. Empty: none is put."""
    trailing: Literal["cut", "keep"] = "cut"
    """Turns after the last assistant turn teach nothing: cut and noted, or kept for the rules to judge."""
    system: str = ""
    """Fixed text or template of the system turn. Empty: none."""
    system_column: str | None = None
    """Column of the system turn; where its cell is empty, `system` stands."""


class _Noted(NamedTuple):
    said: list[Said]
    notes: frozenset[str]


@recipe(Dialogue)
def dialogue(settings: Dialogue) -> Cook:
    """Give the cook of dialogues."""
    system = system_turn(settings.system, settings.system_column)
    speakers = {name.lower(): part for name, part in settings.speakers.items()}
    rest = speakers.pop("*", None)
    writes_system = bool(settings.system or settings.system_column)

    def compose(record: Record) -> Composed:
        parts = _lines(record, settings, {**KNOWN, **speakers}, takes_any=rest is not None)
        said, notes = _cast(parts.lines, settings, {**KNOWN, **speakers}, rest)
        if not any(turn.role == "assistant" for turn in said):
            raise no_answer(len(parts.lines))
        for step in (_merged, _opened, _closed):
            said, more = step(said, settings)
            notes |= more
        turns = messages(said, system=system(_with_first_row(record)) if writes_system else "")
        return Composed({"messages": turns}, notes | parts.left_out)

    return compose


def _lines(record: Record, settings: Dialogue, speakers: Mapping[str, str], *, takes_any: bool) -> Parts:
    """Give who said what, in order."""
    if settings.transcript is None:
        lines = list(_turns(cell(record, settings.turns), settings))
        if settings.answer is not None:
            lines.append(Line("assistant", filled(text_at(record, settings.answer), settings.answer, "assistant")))
        return Parts(lines)
    text = filled(text_of(cell(record, settings.transcript), settings.transcript), settings.transcript, "user")
    takes_any = takes_any or settings.pick == "busiest-two"
    parts = take_apart(text, form=settings.form, speakers=speakers, takes_any=takes_any)
    if not parts.lines:
        raise Trouble("compose.shape", f"No line of `{settings.transcript}` begins with a speaker of `speakers`.")
    return parts


def _turns(turns: Json, settings: Dialogue) -> Iterable[Line]:
    if not isinstance(turns, list):
        raise Trouble("compose.shape", f"Column `{settings.turns}` is not a list of turns.")
    if settings.alternate and all(isinstance(turn, str) for turn in turns):
        roles = ("user", "assistant")
        if settings.answer is not None and len(turns) % 2 == 0:
            roles = ("assistant", "user")  # what stands before the answer is the user's
        yield from (Line(role, turn) for role, turn in zip(cycle(roles), turns, strict=False))
        return
    for number, turn in enumerate(turns, 1):
        if not isinstance(turn, dict):
            raise Trouble(
                "compose.shape", f"Turn {number} is not an object; expected a speaker and a text, or `alternate`."
            )
        speaker = text_of(cell(turn, settings.role), settings.role).strip()
        yield Line(speaker, text_of(cell(turn, settings.content), settings.content))


def _cast(lines: list[Line], settings: Dialogue, speakers: Mapping[str, str], rest: Part | None) -> _Noted:
    """Give each line its role; what is skipped or says nothing is noted."""
    if settings.pick == "busiest-two":
        speakers, rest = _busiest_two(lines), "skip"
    said: list[Said] = []
    notes: set[str] = set()
    for number, line in enumerate(lines, 1):
        role = speakers.get(line.speaker.lower(), rest)
        if role is None:
            raise Trouble("compose.speaker", f"Turn {number} is spoken by someone whom `speakers` does not name.")
        if role == "skip":
            notes.add("other-speakers")
        elif not line.text.strip():
            notes.add("empty-turns")
        else:
            said.append(Said(role, line.text))
    return _Noted(said, frozenset(notes))


def _busiest_two(lines: list[Line]) -> dict[str, str]:
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.speaker.lower()] = counts.get(line.speaker.lower(), 0) + 1
    two = sorted(counts, key=lambda name: -counts[name])[:2]  # sorted is stable: of equals the first to speak
    in_order = [name for name in counts if name in two]
    return dict(zip(in_order, ("user", "assistant"), strict=False))


def _merged(said: list[Said], settings: Dialogue) -> _Noted:
    if not settings.merge:
        return _Noted(said, frozenset())
    result: list[Said] = []
    for turn in said:
        if result and result[-1].role == turn.role:
            result[-1] = Said(turn.role, f"{result[-1].text}\n{turn.text}")
        else:
            result.append(turn)
    return _Noted(result, frozenset({"merged-turns"}) if len(result) < len(said) else frozenset())


def _opened(said: list[Said], settings: Dialogue) -> _Noted:
    """Settle what stands before the first user turn."""
    first = next((index for index, turn in enumerate(said) if turn.role != "system"), len(said))
    user = next((index for index, turn in enumerate(said) if turn.role == "user"), len(said))
    if first == user:
        return _Noted(said, frozenset())
    if settings.opening:
        return _Noted([*said[:first], Said("user", settings.opening), *said[first:]], frozenset({"opening"}))
    if settings.leading == "drop":
        return _Noted(said[:first] + said[user:], frozenset({"leading-assistant-turn"}))
    return _Noted(said, frozenset())


def _closed(said: list[Said], settings: Dialogue) -> _Noted:
    """Settle what stands after the last assistant turn; a dialogue without any is left for its Trouble."""
    last = max((index for index, turn in enumerate(said) if turn.role == "assistant"), default=None)
    if settings.trailing == "keep" or last is None or last == len(said) - 1:
        return _Noted(said, frozenset())
    return _Noted(said[: last + 1], frozenset({"trailing-user-turn"}))


def _with_first_row(record: Record) -> Record:
    """Columns of the first gathered row are the conversation's own, such as its system prompt."""
    rows = record.get("rows")
    return {**rows[0], **record} if isinstance(rows, list) and rows and isinstance(rows[0], dict) else record
