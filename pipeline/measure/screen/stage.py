"""The stage that adds `moderation` where no API is asked: which rows a reader should look at, and where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.core.columns import MODERATION, with_columns
from pipeline.core.example import Example, Method
from pipeline.core.passages import Passages, passages_of
from pipeline.core.plain import plain_passages
from pipeline.measure.moderation.pieces import pieces
from pipeline.measure.screen.heads import BACKEND, PREFIX, Heads, Judged, heads

ADDS: Final = pa.schema([pa.field("moderation", MODERATION)])
SCREENED_MARKS: Final = frozenset("sduatf?zcy")
"""Marks of passages that are said or called: contents, refusals, tool calls."""
CHUNK_CHARACTERS: Final = 1 << 19
"""Text judged at once: its arrays fit into the processor's cache."""
LEAST_WORDS: Final = 10
"""Of a row: with fewer, its language cannot be told and it is screened."""
LEAST_ENGLISH: Final = 0.08
"""Share of common English words below which a row is not screened: other languages, code, numbers."""
LAST_LATIN: Final = 0x24F
LEAST_LATIN: Final = 0.7
"""Share of Latin letters, digits and marks below which a row is not screened."""
WHOLE: Final = 1 << 30


@dataclass(frozen=True)
class Screen:
    """Payload → what the offline screen says; null (not asked) where there is no text that it can read."""

    method: Method = "sft"
    routes: bool = True
    """Whether the place of each suspicion is looked for, which is what makes it a finding; else it is only counted."""

    @property
    def name(self) -> str:
        """The room's verb."""
        return "screen"

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that must be there."""
        return ("payload",)

    @property
    def adds(self) -> pa.Schema:
        """Columns that it appends."""
        return ADDS

    @property
    def also_reads(self) -> tuple[str, ...]:
        """Nothing else is asked."""
        return ()

    def identity(self, source: str) -> str:
        """Give what decides what it says."""
        del source
        return repr((self.method, self.routes))

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Give the rows with what the screen says; `flagged` stays null, for that is not its to decide."""
        loaded = heads()
        said: list[dict[str, object] | None] = []
        for chunk in _chunks([_spoken(payload, self.method) for payload in batch["payload"].to_pylist()]):
            margins, is_read, best = rows_of(loaded, [one.texts for one in chunk])
            for row, one in enumerate(chunk):
                if not is_read[row]:
                    said.append(None)
                elif row in best:
                    where = _places(loaded, one, best[row], self.method) if self.routes else ()
                    said.append(_suspected(loaded, margins[row], where))
                else:
                    said.append(CALM)
        return with_columns(batch, ADDS, {"moderation": said})


CALM: Final[dict[str, object]] = {
    "backend": BACKEND,
    "state": "screened",
    "flagged": None,
    "scores": [],
    "categories": [],
    "places": [],
}
"""What is said of a row that no head is over its limit for."""


def _suspected(loaded: Heads, margins: npt.NDArray[np.float64], where: tuple[str, ...]) -> dict[str, object]:
    over = np.flatnonzero(margins >= 0).tolist()
    names = [PREFIX + loaded.names[head] for head in over]
    return {
        **CALM,
        "scores": [(name, margins[head]) for name, head in zip(names, over, strict=True)],
        "categories": sorted(names),
        "places": [(name, where[head]) for name, head in zip(names, over, strict=True)] if where else [],
    }


class Spoken(NamedTuple):
    """What of one row is screened."""

    payload: str
    passages: Passages
    is_plain: bool
    """Whether each passage is the content of a turn."""

    @property
    def texts(self) -> list[str]:
        """Give the texts in order."""
        return [self.passages.texts[index] for index in self.indices]

    @property
    def indices(self) -> list[int]:
        """Give which passages they are."""
        marks, texts, _ = self.passages
        return [index for index, mark in enumerate(marks) if mark in SCREENED_MARKS and texts[index]]


def _spoken(payload: str | None, method: Method) -> Spoken:
    if payload is None:
        return Spoken("", Passages("", (), None), is_plain=False)
    plain = plain_passages(payload, method=method)
    return Spoken(payload, plain or passages_of(payload, method=method), plain is not None)


def _chunks(rows: Sequence[Spoken]) -> Iterator[Sequence[Spoken]]:
    start, size = 0, 0
    for index, one in enumerate(rows):
        size += sum(map(len, one.passages.texts))
        if size >= CHUNK_CHARACTERS:
            yield rows[start : index + 1]
            start, size = index + 1, 0
    if start < len(rows):
        yield rows[start:]


class Rows(NamedTuple):
    """What the heads say of rows of texts."""

    margins: npt.NDArray[np.float64]
    """The highest of each row, a column a head."""
    is_read: npt.NDArray[np.bool_]
    """Whether the screen could read the row."""
    best: dict[int, npt.NDArray[np.int64]]
    """Row that some head is over its limit for → the text with the highest margin of each head, the first of equals."""


def rows_of(loaded: Heads, rows: Sequence[list[str]]) -> Rows:
    """Judge rows; a text that occurs in several is judged once."""
    texts = [text for row in rows for text in row]
    counts = np.array([len(row) for row in rows], np.int64)
    judged = _judged(loaded, texts)
    margins = np.full((len(rows), len(loaded.names)), -np.inf)
    read = np.zeros(len(rows), np.bool_)
    ends = np.cumsum(counts)
    some = np.flatnonzero(counts)
    if len(some):
        starts = (ends - counts)[some]
        margins[some] = np.maximum.reduceat(judged.margins, starts, axis=0)
        read[some] = _is_english(texts, judged, starts)
    over = np.flatnonzero((margins >= 0).any(axis=1)).tolist()
    return Rows(
        margins, read, {row: judged.margins[ends[row] - counts[row] : ends[row]].argmax(axis=0) for row in over}
    )


def _judged(loaded: Heads, texts: Sequence[str]) -> Judged:
    numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    judged = loaded.judge(list(numbers))
    which = np.fromiter(map(numbers.__getitem__, texts), np.int64, len(texts))
    return Judged(judged.margins[which], judged.words[which], judged.english[which])


def _is_english(texts: Sequence[str], judged: Judged, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    words, english = (np.add.reduceat(counts, starts) for counts in (judged.words, judged.english))
    letters = np.add.reduceat(np.array([len(text) for text in texts], np.int64), starts)
    others = np.array([0 if text.isascii() else _beyond_latin(text) for text in texts], np.int64)
    is_latin = np.add.reduceat(others, starts) <= (1 - LEAST_LATIN) * letters
    return (words > 0) & is_latin & ((words < LEAST_WORDS) | (english >= LEAST_ENGLISH * words))


def _beyond_latin(text: str) -> int:
    return int((np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4") > LAST_LATIN).sum())


def _places(loaded: Heads, one: Spoken, best: npt.NDArray[np.int64], method: Method) -> tuple[str, ...]:
    """Give the pointer of each head's highest text, the first of equals; `best` are those texts."""
    if one.is_plain:
        return tuple(_pointer(one.passages, one.indices[index]) for index in best.tolist())
    example = Example.parse(one.payload, method=method)
    found = [piece for piece in pieces(example, unit="message", max_tokens=WHOLE) if piece.kind == "text"]
    highest = loaded.judge([piece.content for piece in found]).margins.argmax(axis=0) if found else ()
    return tuple(found[index].where for index in highest)


def _pointer(passages: Passages, index: int) -> str:
    """Give where a passage of a plain example stands."""
    prompt = passages.marks.find("|")
    if prompt < 0:
        return f"/messages/{index}/content"
    if index < prompt:
        return f"/input/messages/{index}/content"
    return f"/{'preferred' if index == prompt + 1 else 'non_preferred'}_output/0/content"
