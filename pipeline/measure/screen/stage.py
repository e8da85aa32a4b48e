"""The stage that adds `moderation` where no API is asked: which rows a reader should look at, and where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.core.columns import MODERATION, with_columns
from pipeline.core.example import Example, Method
from pipeline.core.plain import quick_passages
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

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Give the rows with what the screen says; `flagged` stays null, for that is not its to decide."""
        loaded = heads()
        payloads = batch["payload"].to_pylist()
        said: list[dict[str, object] | None] = []
        for chunk in _chunks([_texts(payload, self.method) for payload in payloads]):
            margins, is_read = rows_of(loaded, chunk)
            for row, is_one in enumerate(is_read.tolist()):
                said.append(self._said(loaded, margins[row], payloads[len(said)]) if is_one else None)
        return with_columns(batch, ADDS, {"moderation": said})

    def _said(self, loaded: Heads, margins: npt.NDArray[np.float64], payload: str) -> dict[str, object]:
        over = np.flatnonzero(margins >= 0).tolist()
        names = [PREFIX + loaded.names[head] for head in over]
        where = _places(loaded, payload, self.method) if over and self.routes else ()
        return {
            "backend": BACKEND,
            "state": "screened",
            "flagged": None,
            "scores": [(name, margins[head]) for name, head in zip(names, over, strict=True)],
            "categories": sorted(names),
            "places": [(name, where[head]) for name, head in zip(names, over, strict=True)] if where else [],
        }


def _texts(payload: str | None, method: Method) -> list[str]:
    if payload is None:
        return []
    found = quick_passages(payload, method=method)
    return [text for mark, text in zip(found.marks, found.texts, strict=True) if mark in SCREENED_MARKS and text]


def _chunks(rows: Sequence[list[str]]) -> Iterator[Sequence[list[str]]]:
    start, size = 0, 0
    for index, texts in enumerate(rows):
        size += sum(map(len, texts))
        if size >= CHUNK_CHARACTERS:
            yield rows[start : index + 1]
            start, size = index + 1, 0
    if start < len(rows):
        yield rows[start:]


def rows_of(loaded: Heads, rows: Sequence[list[str]]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Give each row's highest margins, and whether the screen could read it."""
    texts = [text for row in rows for text in row]
    counts = np.array([len(row) for row in rows], np.int64)
    judged = loaded.judge(texts)
    margins = np.full((len(rows), len(loaded.names)), -np.inf)
    read = np.zeros(len(rows), np.bool_)
    some = np.flatnonzero(counts)
    if len(some):
        starts = (np.cumsum(counts) - counts)[some]
        margins[some] = np.maximum.reduceat(judged.margins, starts, axis=0)
        read[some] = _is_english(texts, judged, starts)
    return margins, read


def _is_english(texts: Sequence[str], judged: Judged, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    words, english = (np.add.reduceat(counts, starts) for counts in (judged.words, judged.english))
    letters = np.add.reduceat(np.array([len(text) for text in texts], np.int64), starts)
    others = np.array([0 if text.isascii() else _beyond_latin(text) for text in texts], np.int64)
    is_latin = np.add.reduceat(others, starts) <= (1 - LEAST_LATIN) * letters
    return (words > 0) & is_latin & ((words < LEAST_WORDS) | (english >= LEAST_ENGLISH * words))


def _beyond_latin(text: str) -> int:
    return int((np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4") > LAST_LATIN).sum())


def _places(loaded: Heads, payload: str, method: Method) -> tuple[str, ...]:
    """Give the pointer of each head's highest text, the first of equals."""
    found = [
        p for p in pieces(Example.parse(payload, method=method), unit="message", max_tokens=WHOLE) if p.kind == "text"
    ]
    best = loaded.judge([piece.content for piece in found]).margins.argmax(axis=0) if found else ()
    return tuple(found[index].where for index in best)
