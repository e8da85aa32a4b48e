"""The heads: one row of small whole numbers a bucket, summed exactly, so that every machine gives the same answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
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
        cut = [_pieces(text) for text in texts]
        found = features([piece for pieces in cut for piece in pieces])
        starts = np.cumsum([0, *map(len, cut)])
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
        """Add up the rows of each text's buckets: whole numbers, so in any order the same."""
        rows = self._packed[kind.buckets].view(np.int8).reshape(-1, LANES)
        padded = np.concatenate([rows, np.zeros((1, LANES), np.int8)])
        sums = np.add.reduceat(padded, kind.starts[:-1], axis=0, dtype=np.int64)
        sums[np.diff(kind.starts) == 0] = 0
        return sums

    @property
    def _packed(self) -> npt.NDArray[np.uint64]:
        """The same bytes, a row a number: one look-up gives all heads."""
        return self.table.view(np.uint64).ravel()

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


def _pieces(text: str) -> list[str]:
    """Cut a text into pieces of even length."""
    if len(text) <= PIECE_CHARACTERS:
        return [text]
    size = -(-len(text) // -(-len(text) // PIECE_CHARACTERS))
    return [text[start : start + size] for start in range(0, len(text), size)]


def _added(values: Sums, starts: Indices) -> Sums:
    return np.add.reduceat(values, starts[:-1]) if len(starts) > 1 else values
