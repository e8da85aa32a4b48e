"""What an example says, as a flat list of passages: the same view for counting, for fingerprints and for comparing."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.example import Example, Json, Method, Turn
from pipeline.core.folding import Folded, fold
from pipeline.core.shape import ROLE_LETTERS

TOP_KEYS: Final = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})
HEAD_MARKS: Final = "sdge"
"""Marks of passages that a whole dataset often shares; they take no part in likeness."""


class Passages(NamedTuple):
    """Texts in order, each with the one-letter mark that says what it is."""

    marks: str
    """A letter a text: the role's letter (s d u a t f ?) for content; z content of an assistant turn of weight 0;
    c tool call; y tool call of weight 0; n name; r role of unknown name; i image or other part; g tool definitions;
    e parallel_tool_calls; x further field of an RFT example; | empty, begins an answer of a preference pair."""
    texts: tuple[str, ...]
    answer_at: int | None
    """Index of the first passage of the last answer; None when there is no answer."""


class PassageTable(NamedTuple):
    """The passages of many examples, one example behind the other: for work on a whole batch at once."""

    marks: str
    """A letter a passage, as in `Passages`."""
    texts: Sequence[str]
    folded: Folded
    """The texts again, as words are sought in them."""
    starts: npt.NDArray[np.int64]
    """The first passage of each row, and last the number of passages."""
    answer_at: npt.NDArray[np.int64]
    """The row's passages before its last answer; -1: there is no answer."""
    is_known: npt.NDArray[np.bool_]
    """Of a row; False: there is nothing to say about it."""

    def rows(self, first: int, end: int) -> "PassageTable":
        """Give some rows in a row."""
        begin, stop = int(self.starts[first]), int(self.starts[end])
        return PassageTable(
            self.marks[begin:stop],
            self.texts[begin:stop],
            self.folded.some(begin, stop),
            self.starts[first : end + 1] - begin,
            self.answer_at[first:end],
            self.is_known[first:end],
        )


def passage_table(examples: Sequence[Passages | None]) -> PassageTable:
    """Put examples behind one another; None is a row that is not known."""
    some = [one for one in examples if one]
    counts = (len(one.marks) if one else 0 for one in examples)
    answers = [-1 if one is None or one.answer_at is None else one.answer_at for one in examples]
    texts = [text for one in some for text in one.texts]
    return PassageTable(
        "".join([one.marks for one in some]),
        texts,
        fold(texts),
        np.array([0, *accumulate(counts)], np.int64),
        np.array(answers, np.int64),
        np.array([one is not None for one in examples], dtype=bool),
    )


def passages(example: Example) -> Passages:
    """Give everything that training sees of an example, however broken it is."""
    found = list(_definitions(example))
    if example.method == "dpo":
        found += [passage for turn in example.conversation for passage in turn_passages(turn)]
        answer_at: int | None = len(found)
        for turns in (example.preferred, example.non_preferred):
            found += [("|", ""), *(passage for turn in turns for passage in turn_passages(turn))]
    else:
        answer_at = None
        for turn in example.turns:
            if turn.role == "assistant":
                answer_at = len(found)
            found += turn_passages(turn)
        if example.method == "rft":
            found += [("x", f"{key} {_canonical(example.record[key])}") for key in _extras(example.record)]
    return Passages("".join(mark for mark, _ in found), tuple(text for _, text in found), answer_at)


def passages_of(payload: str, *, method: Method) -> Passages:
    """Give the passages of a payload."""
    return passages(Example.parse(payload, method=method))


def turn_passages(turn: Turn) -> list[tuple[str, str]]:
    """Give a turn's passages: always its content first, so that an empty turn counts as a turn."""
    raw = turn.raw
    letter = ROLE_LETTERS.get(turn.role, "?")
    is_idle = letter == "a" and raw.get("weight") == 0
    content = raw.get("content")
    if isinstance(content, str):
        found = [("z" if is_idle else letter, content)]
    else:
        found = [("z" if is_idle else letter, "")]
        found += _parts("z" if is_idle else letter, content)
    if letter == "?" and turn.role:
        found.append(("r", turn.role))
    if len(raw) > ("role" in raw) + ("content" in raw):
        found += _others("z" if is_idle else letter, "y" if is_idle else "c", raw)
    return found


def _parts(mark: str, content: Json) -> Iterator[tuple[str, str]]:
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            yield mark, part["text"]
        elif isinstance(part, dict) and isinstance(part.get("refusal"), str):
            yield mark, part["refusal"]
        else:
            yield "i", _canonical(part)


def _others(mark: str, call_mark: str, raw: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    if isinstance(raw.get("refusal"), str):
        yield mark, raw["refusal"]
    if isinstance(raw.get("name"), str):
        yield "n", raw["name"]
    calls = raw.get("tool_calls")
    functions = (
        [call.get("function") if isinstance(call, dict) else call for call in calls or ()]
        if isinstance(calls, list)
        else []
    )
    for function in (*functions, raw.get("function_call")):
        if isinstance(function, dict):
            for text in (function.get("name"), function.get("arguments")):
                if text is not None:
                    yield call_mark, text if isinstance(text, str) else _canonical(text)


def _definitions(example: Example) -> Iterator[tuple[str, str]]:
    holder = example.record.get("input") if example.method == "dpo" else example.record
    if isinstance(holder, dict):
        for key in ("tools", "functions"):
            if holder.get(key):
                yield "g", _canonical(holder[key])
        if "parallel_tool_calls" in holder:
            yield "e", _canonical(holder["parallel_tool_calls"])


def _extras(record: Mapping[str, Json]) -> list[str]:
    return sorted(key for key in record if key not in TOP_KEYS)


def _canonical(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
