"""The stage that adds `moderation` where no API is asked: which rows a reader should look at, and where."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.core.columns import MODERATION, with_columns
from pipeline.core.example import Example, Method
from pipeline.core.passages import Passages, passages_of
from pipeline.core.plain import PlainRow, plain_rows
from pipeline.measure.moderation.pieces import pieces
from pipeline.measure.screen.heads import BACKEND, PREFIX, Heads, heads

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
        spoken = [
            [text for turn in row if (text := turn.content)]
            if isinstance(row, list)
            else _spoken(payload, row, self.method)
            for payload, row in zip(payloads, plain, strict=True)
        ]
        margins, is_read, best = rows_of(loaded, spoken)
        said: list[dict[str, object] | None] = [None, CALM]
        which = is_read.astype(np.int64)
        for row in (row for row in best if is_read[row]):
            payload = payloads[row] if self.routes else None
            where = () if payload is None else _places(loaded, payload, plain[row], best[row], self.method)
            which[row] = len(said)
            said.append(_suspected(loaded, margins[row], where))
        column = pa.array(said, MODERATION).take(pa.array(which))  # one value from Python takes Arrow a microsecond
        return with_columns(batch, ADDS, {"moderation": column})


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


def _spoken(payload: bytes | None, pair: Passages | None, method: Method) -> list[str]:
    """Give the texts of one row that are screened, in order, where it is no plain conversation."""
    if payload is None:
        return []
    said = pair or passages_of(payload.decode(), method=method)
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
    counts = np.fromiter(map(len, rows), np.int64, len(rows))
    told = _told(loaded, [text for row in rows for text in row])
    margins = np.full((len(rows), len(loaded.names)), -np.inf)
    read = np.zeros(len(rows), np.bool_)
    ends = np.cumsum(counts)
    some = np.flatnonzero(counts)
    if len(some):
        starts = (ends - counts)[some]
        margins[some] = np.maximum.reduceat(told.margins, starts, axis=0)
        read[some] = _is_english(told, starts)
    over = np.flatnonzero((margins >= 0).any(axis=1)).tolist()
    return Rows(margins, read, {row: told.margins[ends[row] - counts[row] : ends[row]].argmax(axis=0) for row in over})


class _Told(NamedTuple):
    """What is known of each text."""

    margins: npt.NDArray[np.float64]
    words: npt.NDArray[np.int64]
    english: npt.NDArray[np.int64]
    letters: npt.NDArray[np.int64]
    beyond_latin: npt.NDArray[np.int64]


def _told(loaded: Heads, texts: Sequence[str]) -> _Told:
    """Judge each text once, and those of ASCII first: together these are encoded in a tenth of the time."""
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    which = np.fromiter(map(numbers.__getitem__, texts), np.int64, len(texts))
    distinct = list(numbers)
    is_ascii = np.fromiter(map(str.isascii, distinct), np.bool_, len(distinct))
    order = np.argsort(~is_ascii, kind="stable")
    ordered = [distinct[number] for number in order.tolist()]
    letters = np.fromiter(map(len, ordered), np.int64, len(ordered))
    beyond_latin = np.zeros(len(ordered), np.int64)
    foreign = np.count_nonzero(is_ascii)
    beyond_latin[foreign:] = _beyond_latin(ordered[foreign:])
    judged = loaded.judge(ordered)
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    place = places[which]
    return _Told(judged.margins[place], judged.words[place], judged.english[place], letters[place], beyond_latin[place])


def _is_english(told: _Told, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    words, english, letters, beyond_latin = (np.add.reduceat(counts, starts) for counts in told[1:])
    is_latin = beyond_latin <= (1 - LEAST_LATIN) * letters
    return (words > 0) & is_latin & ((words < LEAST_WORDS) | (english >= LEAST_ENGLISH * words))


def _beyond_latin(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Give how many characters of each text stand beyond LAST_LATIN."""
    letters = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    ends = np.cumsum([0, *map(len, texts)])
    return np.diff(np.searchsorted(np.flatnonzero(letters > ord(LAST_LATIN)), ends))


def _places(
    loaded: Heads, payload: bytes, plain: PlainRow, best: npt.NDArray[np.int64], method: Method
) -> tuple[str, ...]:
    """Give the pointer of each head's highest text, the first of equals; `best` are those texts."""
    if isinstance(plain, list):
        turns = [index for index, turn in enumerate(plain) if turn.content]
        return tuple(f"/messages/{turns[index]}/content" for index in best.tolist())
    if plain:
        places = _screened(plain)
        return tuple(_pointer(plain, places[index]) for index in best.tolist())
    example = Example.parse(payload.decode(), method=method)
    found = [piece for piece in pieces(example, unit="message", max_tokens=WHOLE) if piece.kind == "text"]
    highest = loaded.judge([piece.content for piece in found]).margins.argmax(axis=0) if found else ()
    return tuple(found[index].where for index in highest)


def _pointer(pair: Passages, index: int) -> str:
    """Give where a passage of a plain preference pair stands."""
    prompt = pair.marks.find("|")
    if index < prompt:
        return f"/input/messages/{index}/content"
    return f"/{'preferred' if index == prompt + 1 else 'non_preferred'}_output/0/content"
