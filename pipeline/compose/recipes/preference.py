"""Preference pairs for DPO: one prompt, the better and the worse answer, from every shape they come in."""

from typing import Literal

from pipeline.compose.calls import tools_of
from pipeline.compose.cells import MISSING, cell, find, text_if_any
from pipeline.compose.foreign import conversation
from pipeline.compose.recipe import Composed, Cook, Record, recipe
from pipeline.compose.template import system_turn
from pipeline.compose.transcript import KNOWN, take_apart
from pipeline.compose.turns import Said, messages
from pipeline.core.example import Json
from pipeline.core.target import Settings
from pipeline.core.trouble import Trouble


class Preference(Settings):
    """A prompt (text, turns, or the beginning that both answers share), `chosen` and `rejected`."""

    recipe: Literal["preference"] = "preference"
    prompt: str | None = None
    """Column of the prompt. None: the first of prompt, conversations, question, instruction, input; or the shared beginning."""
    chosen: str = "chosen"
    """Column of the better answer: text, a turn, a list of turns, or a whole transcript."""
    rejected: str = "rejected"
    """Column of the worse answer."""
    tools: str = "tools"
    """Column of the tool definitions; a record may lack it."""
    system: str = ""
    """Fixed text or template, put first where a prompt has no system turn of its own."""
    system_column: str | None = "system"
    """Column of the system turn; a record may lack it."""


_PROMPTS = ("prompt", "conversations", "question", "instruction", "input")
_READY = ("input", "preferred_output", "non_preferred_output")


@recipe(Preference, methods=frozenset({"dpo"}))
def preference(settings: Preference) -> Cook:
    """Give the cook of preference pairs; records that are in OpenAI's form already ship as they are."""
    write_system = system_turn(settings.system, None)

    def compose(record: Record) -> Composed:
        if all(key in record for key in _READY):
            return Composed(record)
        better = _said(cell(record, settings.chosen), settings.chosen)
        worse = _said(cell(record, settings.rejected), settings.rejected)
        before = _prompt(record, settings.prompt)
        shared = _shared(better, worse)
        before, better, worse = [*before, *better[:shared]], better[shared:], worse[shared:]
        system = text_if_any(record, settings.system_column).strip() or write_system(record)
        return Composed(_payload(before, better, worse, system=system, tools=find(record, settings.tools)))

    return compose


def _payload(before: list[Said], better: list[Said], worse: list[Said], *, system: str, tools: Json) -> Json:
    for name, answer in (("better", better), ("worse", worse)):
        if not answer:
            raise Trouble("compose.empty", f"The {name} answer is empty; expected text.")
        if len(answer) != 1 or answer[0].role != "assistant":
            raise Trouble("compose.shape", f"The {name} answer is not one assistant turn after what both share.")
        if not (answer[0].text or answer[0].calls):
            raise Trouble("compose.empty", f"The {name} answer is empty; expected text.")
    if not any(turn.role == "user" and turn.text for turn in before):
        raise Trouble("compose.empty", "Nobody asks anything before the two answers; expected a user turn.")
    both = [messages([*before, answer], system=system) for answer in (better[0], worse[0])]
    given: dict[str, Json] = {"messages": both[0][:-1]}
    if tools is not MISSING and (definitions := tools_of(tools)):
        given["tools"] = definitions
    return {"input": given, "preferred_output": both[0][-1:], "non_preferred_output": both[1][-1:]}


def _prompt(record: Record, column: str | None) -> list[Said]:
    column = column or next((one for one in _PROMPTS if one in record), None)
    if column is None:
        return []
    value = cell(record, column)
    if isinstance(value, str) and column == "instruction":
        value = "\n\n".join(one for one in (value, text_if_any(record, "input")) if one.strip())
    return _spoken(value, column) if not isinstance(value, str) else _transcript(value) or _plain(value, "user")


def _said(value: Json, column: str) -> list[Said]:
    """Give an answer's turns: a text is one assistant turn unless it is a transcript."""
    if isinstance(value, str):
        return _transcript(value) or _plain(value, "assistant")
    return _spoken(value, column)


def _plain(text: str, role: str) -> list[Said]:
    return [Said(role, text)] if text.strip() else []


def _spoken(value: Json, column: str) -> list[Said]:
    if isinstance(value, dict):
        held = value.get("messages")
        value = held if isinstance(held, list) else [value]
    if not isinstance(value, list):
        raise Trouble("compose.shape", f"Column `{column}` holds neither text nor turns.")
    return [turn._replace(weight=None) for turn in conversation(value).said]


def _transcript(text: str) -> list[Said]:
    r"""Give the turns of `\n\nHuman: ...\n\nAssistant: ...`; none where the text is no such transcript."""
    if not text.lstrip().startswith(("Human:", "Assistant:")) or "Assistant:" not in text:
        return []
    said: list[Said] = []
    for line in take_apart(text, form="blocks", speakers=("Human", "Assistant")).lines:
        role = KNOWN[line.speaker.lower()]
        if said and said[-1].role == role:
            said[-1] = Said(role, f"{said[-1].text}\n\n{line.text}".strip())
        else:
            said.append(Said(role, line.text))
    return said


def _shared(better: list[Said], worse: list[Said]) -> int:
    """Give the number of turns both begin with; the last turn of each is its answer even where they are equal."""
    count = 0
    for one, other in zip(better[:-1], worse[:-1], strict=False):
        if one != other:
            break
        count += 1
    return count
