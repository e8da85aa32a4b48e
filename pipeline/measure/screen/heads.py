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
from pipeline.measure.screen.lanes import Rows, Sums, packed

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
CHUNK_CHARACTERS: Final = 1 << 17
"""Text judged at once: its arrays fit into the processor's cache."""
PIECE_CHARACTERS: Final = 2_000
"""Longer texts are judged in pieces: heads were trained on texts of this length, and a passage is not drowned."""
NOT_COVERED: Final = (
    *("sexual/minors", "hate/threatening", "harassment/threatening", "violence", "violence/graphic"),
    *("self-harm/intent", "self-harm/instructions", "illicit", "illicit/violent"),
    *("requests for harm", "images", "languages other than English"),
)


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
        letters = np.fromiter(map(len, texts), np.int64, len(texts))
        if not (letters > PIECE_CHARACTERS).any():
            return self._judged_in_chunks(texts, letters)
        counts = np.maximum(-(-letters // PIECE_CHARACTERS), 1)
        pieces = _pieces(texts, counts)
        margins, words, english = self._judged_in_chunks(pieces, np.fromiter(map(len, pieces), np.int64, len(pieces)))
        starts = np.cumsum(counts) - counts
        return Judged(
            np.maximum.reduceat(margins, starts, axis=0),
            np.add.reduceat(words, starts),
            np.add.reduceat(english, starts),
        )

    def _judged_in_chunks(self, pieces: Sequence[str], letters: Indices) -> Judged:
        parts = [self._judged(some) for some in _chunks(pieces, letters)]
        return Judged(*map(np.concatenate, zip(*parts, strict=True)))

    def _judged(self, pieces: Sequence[str]) -> Judged:
        found = features(pieces)
        sums = self._rows.sums(found)
        length = np.sqrt(np.maximum(sums[-1], LEAST_LENGTH))
        margins = sums[:-1].T * np.array(self.scales) / length[:, None] + np.array(self.biases)
        return Judged(margins, np.diff(found.words.starts), self._english(found.words))

    def _english(self, words: Kind) -> Sums:
        """Count the words of each text that are common English ones."""
        common = np.flatnonzero(self._is_common.take(words.buckets))
        return np.diff(np.searchsorted(common, words.starts))

    @cached_property
    def _is_common(self) -> npt.NDArray[np.bool_]:
        return self.table[:, ENGLISH_LANE] > 0

    @cached_property
    def _rows(self) -> Rows:
        """The lanes that are added up, of all features."""
        return packed(self.table[:, [*range(len(self.names)), WEIGHT_LANE]])

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


def _chunks(texts: Sequence[str], letters: Indices) -> Iterator[Sequence[str]]:
    """Cut texts of so many letters into runs of about the same length, one run at least."""
    chunk = np.cumsum(letters) // CHUNK_CHARACTERS
    cuts = [0, *(np.flatnonzero(chunk[1:] != chunk[:-1]) + 1).tolist(), len(texts)]
    return (texts[start:end] for start, end in pairwise(cuts))


def _pieces(texts: Sequence[str], counts: Indices) -> list[str]:
    """Cut the long texts into so many pieces of even length."""
    pieces: list[str] = []
    done = 0
    for index in np.flatnonzero(counts > 1).tolist():
        text, size = texts[index], -(-len(texts[index]) // int(counts[index]))
        pieces += texts[done:index]
        pieces += [text[start : start + size] for start in range(0, len(text), size)]
        done = index + 1
    pieces += texts[done:]
    return pieces
