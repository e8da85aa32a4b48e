"""Payloads taken apart once, a batch at a time: their shapes, and their passages for counting and for fingerprints."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, groupby
from operator import attrgetter, ne
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.columns import SHAPE
from pipeline.core.example import Example, Method
from pipeline.core.folding import fold
from pipeline.core.passages import Passages, PassageTable, passages
from pipeline.core.plain import LETTERS, Plain, PlainRow, plain_rows
from pipeline.core.shape import LABELS, LONG_ANSWER, OPEN, Bit
from pipeline.measure.shape import Shape, answer_bits, content_bits, last_answer_bits, shape, text_bits

_ODD: Final = (r"\\[ubf]", r"\x7f", r"\xc2[\x80-\x9f]")
"""Bytes of escapes that may stand for any character, and of control characters: no text needs a look unless one is found.
Each begins with a byte of its own, so that the search leaps from one to the next: a third of the time of a union."""
_NOT_NFC: Final = int(Bit.NOT_NFC)
_PAIR_KEYS: Final = 4
"""Keys of a preference pair around its turns."""

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


class Reading(NamedTuple):
    """What one payload holds."""

    shape: Shape
    passages: Passages
    is_json: bool


Taken: TypeAlias = PlainRow | Reading
"""A payload taken apart: plain turns, a plain preference pair, anything else, or nothing."""


class Readings(NamedTuple):
    """What the payloads of a batch hold."""

    lines: list[bytes | None]
    """The payloads themselves."""
    said: PassageTable
    shapes: pa.StructArray
    """`columns.SHAPE` a row; null where there is no payload."""
    is_json: Mask


def readings(payloads: pa.ChunkedArray, *, method: Method) -> Readings:
    """Take payloads (text) apart: in some five microseconds where all turns are plain text, else slowly, with the same answer."""
    lines, plain = plain_rows(payloads, method=method)
    found = [
        read_slowly(line.decode("utf-8", "replace"), method=method) if row is None and line is not None else row
        for row, line in zip(plain, lines, strict=True)
    ]
    said = _table(found)
    is_json = [one.is_json if isinstance(one, Reading) else one is not None for one in found]
    return Readings(lines, said, _shapes(found, said, _odd(payloads)), np.array(is_json, dtype=bool))


def read_slowly(payload: str, *, method: Method) -> Reading:
    """Take any payload apart as rules see it."""
    example = Example.parse(payload, method=method)
    is_json = example.data is not None or payload.strip() == "null"
    return Reading(shape(example), passages(example), is_json)


def _table(found: Sequence[Taken]) -> PassageTable:
    """Put what the payloads say one behind the other: plain turns all at once, others one by one."""
    marks: list[str] = []
    texts: list[str] = []
    for kind, run in groupby(found, type):
        if kind is list:
            turns: list[Plain] = list(chain.from_iterable(run))  # type: ignore[arg-type]  # all of this kind
            marks += map(LETTERS.__getitem__, map(attrgetter("role"), turns))
            texts += map(attrgetter("content"), turns)
        else:
            for one in map(_passages, run):
                marks += one.marks
                texts += one.texts
    counts = (len(one) if isinstance(one, list) else len(_passages(one).marks) for one in found)
    starts = np.array([0, *accumulate(counts)], np.int64)
    word = "".join(marks)
    is_known = np.array([one is not None for one in found], dtype=bool)
    return PassageTable(word, texts, fold(texts), starts, _answers(found, word, starts), is_known)


def _passages(one: Taken) -> Passages:
    if isinstance(one, Reading):
        return one.passages
    return one if isinstance(one, Passages) else _NOTHING


_NOTHING: Final = Passages("", (), None)


def _answers(found: Sequence[Taken], marks: str, starts: Numbers) -> Numbers:
    """Give the place of each row's last answer among its passages; -1: there is none."""
    answers = np.append(np.flatnonzero(_letters(marks) == ord("a")), -1)
    last = answers[np.searchsorted(answers[:-1], starts[1:]) - 1]
    at = np.where(last >= starts[:-1], last - starts[:-1], -1)
    for row, one in _odd_ones(found):
        told = _passages(one).answer_at
        at[row] = -1 if told is None else told
    return at


def _odd_ones(found: Sequence[Taken]) -> Iterator[tuple[int, Passages | Reading | None]]:
    """Give the rows that are no conversation of plain turns."""
    return ((row, one) for row, one in enumerate(found) if not isinstance(one, list))


def _odd(payloads: pa.ChunkedArray) -> Numbers:
    """Give the rows that may hold escaped or control characters."""
    raw = payloads.cast(pa.large_binary() if pa.types.is_large_string(payloads.type) else pa.binary())
    found = [pc.fill_null(pc.match_substring_regex(raw, pattern), fill_value=False).to_numpy() for pattern in _ODD]
    return np.flatnonzero(np.logical_or.reduce(found))


def _shapes(found: Sequence[Taken], said: PassageTable, odd: Numbers) -> pa.StructArray:
    turns = np.diff(said.starts)
    columns = {
        "regular": np.ones(len(found), dtype=bool),
        "bits": _bits(said, odd),
        "keys": 1 + 2 * turns,
        "turns": turns,
        "tool_calls": np.zeros(len(found), np.int64),
    }
    words: dict[int, str] = {}
    for row, one in _odd_ones(found):
        if isinstance(one, Reading):
            words[row] = one.shape.roles
            for name, column in columns.items():
                column[row] = getattr(one.shape, name)
        elif one is not None:
            columns["turns"][row] -= 2
            columns["keys"][row] = _PAIR_KEYS + 2 * columns["turns"][row]
            columns["bits"][row] |= last_answer_bits((one.texts[-3],)) | last_answer_bits((one.texts[-1],))
    roles = _roles(said, words)
    return pa.StructArray.from_arrays(
        [roles if field.name == "roles" else pa.array(columns[field.name], field.type) for field in SHAPE],
        fields=list(SHAPE),
        mask=pa.array(~said.is_known),
    )


def _roles(said: PassageTable, words: dict[int, str]) -> pa.StringArray:
    """Give the word of roles a row: its marks, but for rows that have a word of their own."""
    if not words:
        buffers = [None, pa.py_buffer(said.starts.astype(np.int32)), pa.py_buffer(said.marks.encode())]
        return pa.Array.from_buffers(pa.string(), len(said.is_known), buffers)
    ends = said.starts.tolist()
    return pa.array([words.get(row, said.marks[ends[row] : ends[row + 1]]) for row in range(len(said.is_known))])


def _bits(said: PassageTable, odd: Numbers) -> npt.NDArray[np.uint32]:
    """Give the bits of plain rows: each asks only the few texts that may set some."""
    marks, texts = said.marks, said.texts
    count = len(texts)
    sizes = np.fromiter(map(len, texts), np.int64, count)
    has_edge = np.fromiter(map(ne, texts, map(str.strip, texts)), bool, count)
    edges = np.flatnonzero(has_edge | ((sizes == 0) & (_letters(marks) != ord("|")))).tolist()
    strange = [at for at in said.folded.doubtful.tolist() if not _is_composed(texts[at])]
    is_answer = _letters(marks) == ord("a")
    long = np.flatnonzero((sizes >= LONG_ANSWER) & is_answer).tolist()
    unended = [at for at in long if texts[at][-1] in OPEN]
    labelled = [at for at in np.flatnonzero(is_answer).tolist() if texts[at].startswith(LABELS)]
    answers = (said.starts[:-1] + said.answer_at)[said.answer_at >= 0].tolist()
    starts = said.starts.tolist()
    asked = [at for row in odd.tolist() for at in range(starts[row], starts[row + 1])]
    told = (
        ((at, content_bits(texts[at])) for at in edges),
        ((at, _NOT_NFC) for at in strange),
        ((at, answer_bits(texts[at])) for at in chain(unended, labelled)),
        ((at, last_answer_bits((texts[at],))) for at in answers if _may_list(texts[at])),
        ((at, text_bits(texts[at])) for at in asked),
    )
    return _gathered(chain.from_iterable(told), said.starts)


def _gathered(told: Iterable[tuple[int, int]], starts: Numbers) -> npt.NDArray[np.uint32]:
    """Give the bits of each row from those of its passages."""
    bits = np.zeros(len(starts) - 1, np.uint32)
    some = np.array(list(told), np.int64).reshape(-1, 2)
    np.bitwise_or.at(bits, np.searchsorted(starts, some[:, 0], side="right") - 1, some[:, 1].astype(np.uint32))
    return bits


def _is_composed(text: str) -> bool:
    return unicodedata.is_normalized("NFC", text)


def _may_list(answer: str) -> bool:
    return ";" in answer or "|" in answer or (not answer.isascii() and ("\uff1b" in answer or "\uff5c" in answer))


def _letters(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(text.encode("ascii"), np.uint8)
