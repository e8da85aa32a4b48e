"""The shape of an example: which odd things it has, so that rules look only where something may be wrong."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from pipeline.core.example import Example, Json, Turn
from pipeline.core.passages import TOP_KEYS
from pipeline.core.shape import LABELS, LONG_ANSWER, OPEN, ROLE_LETTERS, Bit
from pipeline.measure.schema import is_regular

_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_STRANGE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SEPARATORS: Final = re.compile("[;|\uff1b\uff5c]")
_TURN_KEYS: Final = frozenset(
    {"role", "content", "name", "weight", "tool_calls", "function_call", "tool_call_id", "refusal"}
)
_TURN_BITS: Final = {
    "weight": Bit.WEIGHT,
    "name": Bit.NAME,
    "tool_calls": Bit.TOOL_CALLS,
    "refusal": Bit.REFUSAL,
    "function_call": Bit.FUNCTION_CALL,
}
_TOP_BITS: Final = {"tools": Bit.TOOLS, "functions": Bit.FUNCTION_CALL, "function_call": Bit.FUNCTION_CALL}
_NOT_NFC, _CONTROL_CHARACTER, _LONE_SURROGATE, _BLANK, _EDGE, _ALTERNATIVES, _OPEN_END, _LABELLED = map(
    int,  # arithmetic with flags is twenty times slower than with numbers
    (
        Bit.NOT_NFC,
        Bit.CONTROL_CHARACTER,
        Bit.SURROGATE,
        Bit.BLANK_CONTENT,
        Bit.EDGE_SPACE,
        Bit.ALTERNATIVES,
        Bit.OPEN_END,
        Bit.LABELLED,
    ),
)
_DPO_KEYS: Final = frozenset({"input", "preferred_output", "non_preferred_output"})


class Shape(NamedTuple):
    """One row of `columns.SHAPE`."""

    regular: bool
    roles: str
    bits: int
    keys: int
    turns: int
    tool_calls: int


def shape(example: Example) -> Shape:
    """Give the shape of any payload, slowly and surely: the truth that the fast path is tested against."""
    bits = Bit(0)
    for holder in _holders(example):
        bits |= _top_bits(holder, example)
    for turn in example.turns:
        bits |= _turn_bits(turn)
    for text in _texts(example.data):
        bits |= text_bits(text)
    if _SURROGATE.search(example.payload):
        bits |= Bit.SURROGATE
    bits |= last_answer_bits(_last_answers(example))
    return Shape(
        example.data is not None and is_regular(example.payload, method=example.method),
        roles(example),
        int(bits),
        count_keys(example.data),
        len(example.turns),
        sum(len(calls) for turn in example.turns if isinstance(calls := turn.raw.get("tool_calls"), list)),
    )


def roles(example: Example) -> str:
    """Give one letter a turn; for a preference pair input, bar, preferred, bar, other."""
    letters = [ROLE_LETTERS.get(turn.role, "?") for turn in example.turns]
    if example.method == "dpo":
        other = len(letters) - len(example.non_preferred)
        better = other - len(example.preferred)
        letters[other:other] = ["|"]
        letters[better:better] = ["|"]
    return "".join(letters)


def text_bits(text: str) -> int:
    """Give the bits of any text in the payload that is not plain ASCII without escapes."""
    bits = 0 if unicodedata.is_normalized("NFC", text) else _NOT_NFC
    if _STRANGE.search(text):
        bits |= _CONTROL_CHARACTER if _CONTROL.search(text) else 0
        bits |= _LONE_SURROGATE if _SURROGATE.search(text) else 0
    return bits


def content_bits(text: str) -> int:
    """Give the bits of one text of a turn's content."""
    if not text or text.isspace():
        return _BLANK | (_EDGE if text else 0)
    return _EDGE if text[0].isspace() or text[-1].isspace() else 0


def last_answer_bits(texts: Sequence[str]) -> int:
    """Give ALTERNATIVES when an answer of one line holds two semicolons or bars."""
    found = any(len(_SEPARATORS.findall(text)) > 1 and "\n" not in text.strip() for text in texts)
    return _ALTERNATIVES if found else 0


def answer_bits(text: str) -> int:
    """Give the bits of one text of an assistant turn: LABELLED by its beginning, OPEN_END where it is long and ends like none."""
    end = _OPEN_END if len(text) >= LONG_ANSWER and text[-1] in OPEN else 0
    return end | (_LABELLED if text.startswith(LABELS) else 0)


def count_keys(value: Json) -> int:
    """Give the number of keys of all objects inside a value."""
    return sum(len(one) for one in _inside(value) if isinstance(one, dict))


def _holders(example: Example) -> Iterator[dict[str, Json]]:
    yield dict(example.record)
    inner = example.record.get("input")
    if example.method == "dpo" and isinstance(inner, dict):
        yield inner


def _top_bits(holder: dict[str, Json], example: Example) -> Bit:
    bits = Bit(0)
    known = TOP_KEYS | (_DPO_KEYS if example.method == "dpo" else frozenset())
    for key in holder:
        bits |= _TOP_BITS.get(key, Bit(0))
        if key == "parallel_tool_calls":
            bits |= Bit.PARALLEL
        if key not in known:
            bits |= Bit.EXTRA_TOP_KEY
    return bits


def _turn_bits(turn: Turn) -> Bit:
    bits = Bit(0)
    for key in turn.raw:
        bits |= _TURN_BITS.get(key, Bit(0))
        if key not in _TURN_KEYS:
            bits |= Bit.EXTRA_TURN_KEY
    content = turn.raw.get("content")
    if content is None:
        bits |= Bit.NULL_CONTENT
    elif isinstance(content, list):
        bits |= Bit.PARTS | _part_bits(content)
    for _, text in turn.texts():
        bits |= content_bits(text) | (answer_bits(text) if turn.role == "assistant" else 0)
    return bits


def _part_bits(parts: list[Json]) -> Bit:
    bits = Bit(0)
    given = [part.get("text") for part in parts if isinstance(part, dict)]
    texts = [text for text in given if isinstance(text, str)]
    if not "".join(texts).strip():
        bits |= Bit.BLANK_CONTENT
    for part in parts:
        if not isinstance(part, dict) or part.get("type") != "text":
            bits |= Bit.IMAGE
        if isinstance(part, dict) and ("refusal" in part or part.get("type") == "refusal"):
            bits |= Bit.REFUSAL
    return bits


def _last_answers(example: Example) -> list[str]:
    """Texts of the last assistant turn; of both answers of a preference pair."""
    if example.method == "dpo":
        return [text for turn in (*example.preferred, *example.non_preferred) for _, text in turn.texts()]
    for turn in reversed(example.turns):
        if turn.role == "assistant":
            return [text for _, text in turn.texts()]
    return []


def _texts(value: Json) -> Iterator[str]:
    for one in _inside(value):
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            yield from one


def _inside(value: Json) -> Iterator[Json]:
    """Give a value and all values in it, in no order; without recursion, which Python ends at a few hundred levels."""
    left = [value]
    while left:
        one = left.pop()
        yield one
        if isinstance(one, dict):
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
