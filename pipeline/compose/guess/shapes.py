"""Guesses from nested records: the shapes that chat data is passed around in."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from pipeline.compose.foreign import ROLES
from pipeline.compose.guess.proposal import Proposal
from pipeline.compose.guess.sample import Sample
from pipeline.compose.guess.words import ANSWER, CHOSEN, REJECTED, likeness
from pipeline.compose.recipe import recipes
from pipeline.compose.transcript import KNOWN
from pipeline.core.example import Json
from pipeline.core.target import Settings

_OPENAI = frozenset(("messages", "tools", "parallel_tool_calls", "functions", "function_call"))
_SPEAKER_KEYS = ("role", "speaker", "from", "sender", "author")
_TEXT_KEYS = ("content", "text", "value", "utterance", "message")


def settings_of(recipe: str, **values: object) -> Settings:
    """Give a recipe's settings, leaving out what is None."""
    return recipes()[recipe].settings.model_validate({k: v for k, v in values.items() if v is not None})


def preference(sample: Sample) -> Iterator[Proposal]:
    """Chosen and rejected, or OpenAI's own form."""
    names = set(sample.names)
    if {"input", "preferred_output", "non_preferred_output"} <= names:
        yield Proposal(settings_of("preference"), "The records are preference pairs in OpenAI's form.")
        return
    for chosen, rejected in zip(CHOSEN, REJECTED, strict=True):
        if {chosen, rejected} <= names:
            reason = f"Columns `{chosen}` and `{rejected}` hold a better and a worse answer; method is dpo."
            yield Proposal(settings_of("preference", chosen=chosen, rejected=rejected), reason)


def tool_traces(sample: Sample) -> Iterator[Proposal]:
    """ToolBench, BFCL, xLAM."""
    names = set(sample.names)
    if "answer_generation" in names:
        path = "answer_generation"
        settings = settings_of("tools", messages=f"{path}.train_messages", tools=f"{path}.function")
        yield Proposal(
            settings, "`answer_generation` holds ToolBench's traces: the longest is taken, with its functions."
        )
    if {"question", "function"} <= names and sample.lists("question"):
        answers = "ground_truth" if "ground_truth" in names else None
        settings = settings_of(
            "tools", messages="question", tools="function", answers=answers, answers_list_alternatives=bool(answers)
        )
        yield Proposal(settings, "Lists under `question` and `function` are BFCL's; its answers are in `ground_truth`.")
    if {"query", "tools", "answers"} <= names:
        yield Proposal(
            settings_of("tools", answers="answers"), "`query`, `tools` and `answers` are single-turn tool calls."
        )


def trees(sample: Sample) -> Iterator[Proposal]:
    """Open Assistant's message trees, which the reader takes apart into paths."""
    if any(isinstance(value, dict) and "replies" in value for value in sample.values("prompt")):
        settings = settings_of("dialogue", turns="messages", content="text")
        yield Proposal(
            settings, "`prompt` with `replies` is a message tree; each path becomes a conversation.", unfold="tree"
        )


def turn_lists(sample: Sample) -> Iterator[Proposal]:
    """Guess from a list of turns, whatever its name and its keys."""
    for name in sample.names:
        elements = sample.elements(name)
        keys = Counter(key for element in elements for key in element)
        speaker = next((key for key in _SPEAKER_KEYS if keys[key] > len(elements) / 2), None)
        text = next((key for key in _TEXT_KEYS if keys[key] > len(elements) / 2), None)
        if speaker and text:
            yield _turn_list(sample, name, speaker, text, elements)


def _turn_list(sample: Sample, name: str, speaker: str, text: str, elements: list[dict[str, Json]]) -> Proposal:
    roles = {str(element.get(speaker)).lower() for element in elements}
    parts = [part for element in elements if isinstance(element.get(text), list) for part in element[text]]
    kinds = {str(part.get("type")) for part in parts if isinstance(part, dict)}
    others = set(sample.names) - _OPENAI
    if name == "messages" and (speaker, text) == ("role", "content"):
        if "system" in sample.names or kinds & {"tool_use", "tool_result", "thinking"}:
            return Proposal(
                settings_of("anthropic"), "`messages` beside `system`, or content blocks: Anthropic's shape."
            )
        if not any(isinstance(part, dict) and "value" in part for part in parts):
            extra = "drop" if others else None
            more = f" The other keys ({_listed(sorted(others))}) would be refused and are dropped." if others else ""
            mark = next((one for one in sorted(others) if _is_mark(sample, one)), None)
            more += f" Where `{mark}` is false an answer may be unwanted: leave those rows out first." if mark else ""
            return Proposal(settings_of("messages", extra=extra), f"`messages` is OpenAI's own shape.{more}")
    if roles <= set(ROLES) and (speaker == "from" or roles & {"function_call", "observation", "tool"} or kinds):
        settings = settings_of("sharegpt", conversations=name)
        return Proposal(settings, f"`{name}` is a list of turns with `{speaker}` and `{text}`: ShareGPT's shape.")
    speakers = speakers_of([str(element.get(speaker, "")) for element in elements])
    settings = settings_of("dialogue", turns=name, role=speaker, content=text, speakers=speakers or None)
    return Proposal(settings, f"`{name}` is a list of turns: `{speaker}` says who speaks, `{text}` what.")


def _is_mark(sample: Sample, name: str) -> bool:
    """Say whether a column is true for some records and false for others, as in KTO data."""
    values = [record.get(name) for record in sample.records]
    return any(value is True for value in values) and any(value is False for value in values)


def plain_lists(sample: Sample) -> Iterator[Proposal]:
    """Guess from lists of texts; whether two speakers really take turns only the user can say."""
    for name in sample.names:
        lists = sample.lists(name)
        if not lists or not all(isinstance(text, str) for text in chain(*lists)):
            continue
        answer = next((one for one in sample.text_columns() if likeness(one, ANSWER)), None)
        if answer or min(map(len, lists)) > 1:
            closing = f", and `{answer}` for the answer to them" if answer else ""
            yield Proposal(
                settings_of("dialogue", turns=name, alternate=True, answer=answer),
                f"`{name}` is a list of texts, taken for user and assistant in turn{closing}; look at the examples.",
            )


def unfoldable(sample: Sample) -> Iterator[Proposal]:
    """Guess from a list of examples inside each record, as self-instruct's instances."""
    for name in sample.names:
        keys = set().union(*sample.elements(name)) if sample.elements(name) else set()
        if {"input", "output"} <= keys and "instruction" in sample.names:
            yield Proposal(settings_of("alpaca"), f"`{name}` lists inputs and outputs of one instruction.", unfold=name)


def speakers_of(seen: list[str]) -> dict[str, str]:
    """Give roles to speakers that are not known: of two, the one who speaks first is the user."""
    names = list(dict.fromkeys(name.strip() for name in seen if name.strip()))
    unknown = [name for name in names if name.lower() not in KNOWN]
    if not unknown:
        return {}
    taken = {KNOWN[name.lower()] for name in names if name.lower() in KNOWN}
    free = [role for role in ("user", "assistant") if role not in taken]
    return dict(zip(unknown, free, strict=False)) if len(unknown) <= len(free) else {}


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004 - as many as shown
