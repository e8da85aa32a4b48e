"""The heads: one row of small whole numbers a bucket, summed exactly, so that every machine gives the same answer."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.word_hashes import Indices
from pipeline.measure.screen.features import BITS, Kind, features

BACKEND: Final = "tuneset-screen/1"
PREFIX: Final = "screen/"
"""Stands before each category, so that none is taken for one of the Moderation API."""
WEIGHTS: Final = "heads.bin"
LANES: Final = 8
"""Bytes a bucket: a weight for each head, then the two below."""
WEIGHT_LANE: Final = 6
"""How much a bucket tells: the square of its rarity."""
ENGLISH_LANE: Final = 7
"""1 for a common English word."""
LEAST_LENGTH: Final = 250.0
"""Of a text in units of WEIGHT_LANE: shorter ones are taken as this long, so that two words decide nothing."""
LOWEST: Final = 128
"""Added to each weight, the smallest of which is -128."""
PART: Final = 256
"""Weights that are added up in 16 bits."""
CHUNK_CHARACTERS: Final = 1 << 17
"""Text judged at once: its arrays fit into the processor's cache."""
PIECE_CHARACTERS: Final = 2_000
"""Longer texts are judged in pieces: heads were trained on texts of this length, and a passage is not drowned."""
NOT_COVERED: Final = (
    *("sexual/minors", "hate/threatening", "harassment/threatening", "violence", "violence/graphic"),
    *("self-harm/intent", "self-harm/instructions", "illicit", "illicit/violent"),
    *("requests for harm", "images", "languages other than English"),
)

Sums = npt.NDArray[np.int64]


class Judged(NamedTuple):
    """What the heads say of each text."""

    margins: npt.NDArray[np.float64]
    """A column a head: at 0 and above the text is routed. No probability, and no score of the Moderation API."""
    words: Sums
    english: Sums
    """How many of the words are common English ones."""


@dataclass(frozen=True)
class Heads:
    """Weights as trained; `table` has a row a bucket and LANES columns."""

    names: tuple[str, ...]
    scales: tuple[float, ...]
    biases: tuple[float, ...]
    table: npt.NDArray[np.int8]

    def judge(self, texts: Sequence[str]) -> Judged:
        """Judge each text; a text in pieces has the highest margin of its pieces."""
        parts = [self._judged(some) for some in _chunks(texts)]
        return Judged(*map(np.concatenate, zip(*parts, strict=True)))

    def _judged(self, texts: Sequence[str]) -> Judged:
        pieces, starts = _pieces(texts)
        found = features(pieces)
        words = self._summed(found.words)
        sums = words + self._summed(found.pairs) + self._summed(found.runs)
        length = np.sqrt(np.maximum(sums[:, WEIGHT_LANE], LEAST_LENGTH))
        margins = sums[:, : len(self.names)] * np.array(self.scales) / length[:, None] + np.array(self.biases)
        counts = np.diff(found.words.starts)
        return Judged(
            np.maximum.reduceat(margins, starts[:-1], axis=0) if len(texts) else margins,
            _added(counts, starts),
            _added(words[:, ENGLISH_LANE], starts),
        )

    def _summed(self, kind: Kind) -> Sums:
        """Add up the rows of each text's buckets: whole numbers, so in any order the same.

        Four lanes travel in one number of 64 bits, moved up so that none is negative. 16 bits hold the sum of 257, so
        longer texts are added up in parts: a quarter of the time of adding eight columns.
        """
        counts = np.diff(kind.starts)
        parts = -(-counts // PART)
        ends = np.cumsum(parts)
        offsets = np.arange(parts.sum()) - np.repeat(ends - parts, parts)
        starts = np.repeat(kind.starts[:-1], parts) + PART * offsets
        sums: Sums = np.zeros((len(counts), LANES), np.int64)
        some = np.flatnonzero(counts)
        if len(some):
            lanes = np.add.reduceat(self._lanes.take(kind.buckets, axis=0), starts, axis=0).view(np.uint16)
            sums[some] = np.add.reduceat(lanes, (ends - parts)[some], axis=0, dtype=np.int64)
        sums -= LOWEST * counts[:, None]
        return sums

    @cached_property
    def _lanes(self) -> npt.NDArray[np.uint64]:
        """The lanes in 16 bits each, four of a bucket in one number: both of its numbers are fetched together.

        With the sums 5 nanoseconds a bucket, where two look-ups of 8 bytes took 7.
        """
        return (self.table.astype(np.int16) + LOWEST).astype(np.uint16).view(np.uint64)

    def to_bytes(self) -> bytes:
        """Give the file: a line of JSON, then the table."""
        head = {"names": self.names, "scales": self.scales, "biases": self.biases, "bits": BITS, "lanes": LANES}
        return json.dumps(head).encode() + b"\n" + self.table.tobytes()


def from_bytes(content: bytes) -> Heads:
    """Give the heads of a file."""
    line, _, table = content.partition(b"\n")
    head = json.loads(line)
    rows = np.frombuffer(table, np.int8).reshape(1 << head["bits"], head["lanes"])
    return Heads(tuple(head["names"]), tuple(head["scales"]), tuple(head["biases"]), rows)


@cache
def heads() -> Heads:
    """Give the heads that ship with the package."""
    return from_bytes(files(__package__).joinpath(WEIGHTS).read_bytes())


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut texts into runs of about the same length, one run at least."""
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))
    chunk = ends // CHUNK_CHARACTERS
    cuts = [0, *(np.flatnonzero(chunk[1:] != chunk[:-1]) + 1).tolist(), len(texts)]
    return (texts[start:end] for start, end in pairwise(cuts))


def _pieces(texts: Sequence[str]) -> tuple[Sequence[str], Indices]:
    """Cut the long texts into pieces of even length; gives all pieces, and where those of each text begin and end."""
    counts = -(-np.fromiter(map(len, texts), np.int64, len(texts)) // PIECE_CHARACTERS)
    starts = np.cumsum([0, *np.maximum(counts, 1)])
    if starts[-1] == len(texts):
        return texts, starts
    return [piece for text, count in zip(texts, counts.tolist(), strict=True) for piece in _cut(text, count)], starts


def _cut(text: str, count: int) -> Sequence[str]:
    if count <= 1:
        return (text,)
    size = -(-len(text) // count)
    return [text[start : start + size] for start in range(0, len(text), size)]


def _added(values: Sums, starts: Indices) -> Sums:
    return np.add.reduceat(values, starts[:-1]) if len(starts) > 1 else values
