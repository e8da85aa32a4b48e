"""A payload taken apart once: its shape, and its passages for counting and for fingerprints."""

import unicodedata
from typing import Final, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.example import Example, Method
from pipeline.core.passages import Passages, passages
from pipeline.core.shape import Bit
from pipeline.measure.schema import Plain, PlainExample, PlainPair
from pipeline.measure.shape import Shape, content_bits, last_answer_bits, shape, text_bits

_LETTERS: Final = {"system": "s", "developer": "d", "user": "u", "assistant": "a"}
_EXAMPLES: Final = msgspec.json.Decoder(PlainExample)
_ODD: Final = r"\\[ubf]|[\x7f-\x{9f}]"
"""Escapes that may stand for any character, and control characters: no text needs a look unless this is found."""
_NOT_NFC: Final = int(Bit.NOT_NFC)
_PAIRS: Final = msgspec.json.Decoder(PlainPair)


class Reading(NamedTuple):
    """What one payload holds."""

    shape: Shape
    passages: Passages
    is_json: bool


def readings(payloads: pa.ChunkedArray, *, method: Method) -> list[Reading | None]:
    """Take payloads (text) apart; None where there is none."""
    odd = pc.match_substring_regex(payloads, _ODD).to_pylist()
    lines = payloads.cast(pa.large_binary() if pa.types.is_large_string(payloads.type) else pa.binary()).to_pylist()
    return [
        None if line is None else read(line, method=method, is_odd=is_odd)
        for line, is_odd in zip(lines, odd, strict=True)
    ]


def read(payload: bytes, *, method: Method, is_odd: bool = True) -> Reading:
    """Take a payload apart: in five microseconds where all turns are plain text, else slowly, with the same answer.

    `is_odd` says whether it may hold escaped or control characters.
    """
    try:
        if method == "dpo":
            return _pair(_PAIRS.decode(payload), payload, is_odd=is_odd)
        example = _EXAMPLES.decode(payload)
    except (ValueError, RecursionError):  # not plain; msgspec.DecodeError is a ValueError
        return read_slowly(payload.decode("utf-8", "replace"), method=method)
    return _conversation(example.messages, payload, is_odd=is_odd)


def read_slowly(payload: str, *, method: Method) -> Reading:
    """Take any payload apart as rules see it."""
    example = Example.parse(payload, method=method)
    is_json = example.data is not None or payload.strip() == "null"
    return Reading(shape(example), passages(example), is_json)


def _conversation(turns: list[Plain], payload: bytes, *, is_odd: bool) -> Reading:
    texts = tuple([turn.content for turn in turns])
    roles = "".join([_LETTERS[turn.role] for turn in turns])
    last = roles.rfind("a")
    answers = (texts[last],) if last >= 0 else ()
    found = Shape(True, roles, _bits(texts, answers, payload, is_odd=is_odd), 1 + 2 * len(texts), len(texts), 0)  # noqa: FBT003
    return Reading(found, Passages(roles, texts, last if last >= 0 else None), is_json=True)


def _pair(pair: PlainPair, payload: bytes, *, is_odd: bool) -> Reading:
    prompt = [turn.content for turn in pair.input.messages]
    better, other = pair.preferred_output[0].content, pair.non_preferred_output[0].content
    texts = (*prompt, "", better, "", other)
    roles = "".join([_LETTERS[turn.role] for turn in pair.input.messages]) + "|a|a"
    bits = _bits((*prompt, better, other), (better, other), payload, is_odd=is_odd)
    turns = len(prompt) + 2
    found = Shape(True, roles, bits, 4 + 2 * turns, turns, 0)  # noqa: FBT003
    return Reading(found, Passages(roles, texts, len(prompt)), is_json=True)


def _bits(texts: tuple[str, ...], answers: tuple[str, ...], payload: bytes, *, is_odd: bool) -> int:
    bits = 0
    for text in texts:
        if not text or text[0].isspace() or text[-1].isspace():
            bits |= content_bits(text)
    for answer in answers:
        if ";" in answer or "|" in answer or not answer.isascii():
            bits |= last_answer_bits((answer,))
    if is_odd:
        for text in texts:
            bits |= text_bits(text)
    elif not payload.isascii() and not all(unicodedata.is_normalized("NFC", text) for text in texts):
        bits |= _NOT_NFC
    return bits
