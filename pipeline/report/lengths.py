"""What a file weighs in tokens: within a training window, cut by it, and padded to the longest of each batch."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

BATCH_SHARE = 0.002
"""Examples of a batch as a share of all, by safety-tooling's reading of OpenAI's automatic batch size (272270d)."""


@dataclass(frozen=True, eq=False)
class Lengths:
    """Tokens of each example that ships, in the order of the files, and of the duplicates that do not."""

    train: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    duplicate: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Rows left out as duplicates: tokens that would have been paid for."""

    @classmethod
    def of(cls, train: Sequence[int], validation: Sequence[int] = (), duplicate: Sequence[int] = ()) -> "Lengths":
        """Give the lengths of plain sequences of numbers."""
        return cls(*(np.asarray(part, dtype=np.int64) for part in (train, validation, duplicate)))


@dataclass(frozen=True)
class Weight:
    """Tokens of one pass over a file under one training window."""

    tokens: int
    """The sum of lengths, each cut at the window."""
    padded: int
    """The same with every example as long as the longest of its batch, in the order of the file."""
    cut_tokens: int
    """Tokens beyond the window, never trained on: the ends of answers."""
    cut_examples: int


def weigh(lengths: npt.NDArray[np.int64], *, window: int | None) -> Weight:
    """Weigh a file; without a known window nothing is cut."""
    if not len(lengths):
        return Weight(0, 0, 0, 0)
    within = lengths if window is None else np.minimum(lengths, window)
    batch = max(1, int(BATCH_SHARE * len(lengths)))
    starts = np.arange(0, len(lengths), batch)
    sizes = np.diff(np.append(starts, len(lengths)))
    padded = int(np.maximum.reduceat(within, starts) @ sizes)
    tokens = int(within.sum())
    over = lengths > within
    return Weight(tokens, padded, int(lengths.sum()) - tokens, int(over.sum()))
