"""The stage that adds `moderation` where no API is asked: which rows a reader should look at, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.core.columns import MODERATION, with_columns
from pipeline.core.example import Example, Method
from pipeline.core.passages import Passages, passages_of
from pipeline.core.plain import PlainRow, plain_passages, plain_rows
from pipeline.measure.moderation.pieces import pieces
from pipeline.measure.screen.heads import BACKEND, PREFIX, Heads, Judged, heads

ADDS: Final = pa.schema([pa.field("moderation", MODERATION)])
SCREENED_MARKS: Final = frozenset("sduatf?zcy")
"""Marks of passages that are said or called: contents, refusals, tool calls."""
LEAST_WORDS: Final = 10
"""Of a row: with fewer, its language cannot be told and it is screened."""
LEAST_ENGLISH: Final = 0.08
"""Share of common English words below which a row is not screened: other languages, code, numbers."""
LAST_LATIN: Final = "\u024f"
LEAST_LATIN: Final = 0.7
"""Share of Latin letters, digits and marks below which a row is not screened."""
WHOLE: Final = 1 << 30
_LAST_LEAD, _LAST_TAIL = LAST_LATIN.encode()


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
        payloads, plain = plain_rows(batch["payload"], method=self.method)
        margins, is_read, best = rows_of(
            loaded, [_spoken(*row, self.method) for row in zip(payloads, plain, strict=True)]
        )
        said: list[dict[str, object] | None] = [CALM if is_one_read else None for is_one_read in is_read.tolist()]
        for row in (row for row in best if is_read[row]):
            payload = payloads[row]
            where = _places(loaded, payload, best[row], self.method) if self.routes and payload is not None else ()
            said[row] = _suspected(loaded, margins[row], where)
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


def _spoken(payload: bytes | None, plain: PlainRow, method: Method) -> list[str]:
    """Give the texts of one row that are screened, in order."""
    if payload is None:
        return []
    if isinstance(plain, list):
        return [turn.content for turn in plain if turn.content]
    said = plain or passages_of(payload.decode(), method=method)
    return [said.texts[index] for index in _screened(said)]


def _screened(said: Passages) -> list[int]:
    """Give which passages are said or called."""
    return [index for index, mark in enumerate(said.marks) if mark in SCREENED_MARKS and said.texts[index]]


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
    letters = np.add.reduceat(np.fromiter(map(len, texts), np.int64, len(texts)), starts)
    is_latin = np.add.reduceat(_beyond_latin(texts), starts) <= (1 - LEAST_LATIN) * letters
    return (words > 0) & is_latin & ((words < LEAST_WORDS) | (english >= LEAST_ENGLISH * words))


def _beyond_latin(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Give how many characters of each text stand beyond LAST_LATIN: counted in UTF-8 by the bytes that begin one."""
    foreign = [index for index, text in enumerate(texts) if not text.isascii()]
    parts = [texts[index].encode("utf-8", "surrogatepass") for index in foreign]
    letters = np.frombuffer(b"".join([*parts, b" "]), np.uint8)
    begins = letters > _LAST_LEAD
    begins[:-1] |= (letters[:-1] == _LAST_LEAD) & (letters[1:] > _LAST_TAIL)
    counts = np.zeros(len(texts), np.int64)
    if foreign:
        counts[foreign] = np.add.reduceat(begins, np.cumsum([0, *map(len, parts[:-1])]), dtype=np.int64)
    return counts


def _places(loaded: Heads, payload: bytes, best: npt.NDArray[np.int64], method: Method) -> tuple[str, ...]:
    """Give the pointer of each head's highest text, the first of equals; `best` are those texts."""
    if plain := plain_passages(payload, method=method):
        places = _screened(plain)
        return tuple(_pointer(plain, places[index]) for index in best.tolist())
    example = Example.parse(payload.decode(), method=method)
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
