"""Sums of rows of small whole numbers, a row a bucket: all lanes of a row travel in one number of 64 bits."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.word_hashes import Hashes, Indices
from pipeline.measure.screen.features import Kind

Sums = npt.NDArray[np.int64]

_BITS: Final = 64


class Rows(NamedTuple):
    """The lanes of each bucket in one number, moved up so that none is negative, and with room for the sum of `part`."""

    numbers: Hashes
    lowest: Sums
    """Of each lane: this was taken off its values."""
    shifts: Hashes
    masks: Hashes
    part: int

    def sums(self, kinds: Sequence[Kind]) -> Sums:
        """Add up the rows of each text's features of all kinds: a row a lane, a column a text.

        They are whole numbers, so in any order the same. As many as fit are added up in one number, and those sums lane by
        lane: half the time of two numbers a bucket with lanes of 16 bits.
        """
        ends = np.cumsum([0, *(len(kind.buckets) for kind in kinds)])
        numbers = np.empty(ends[-1], np.uint64)
        for kind, start, end in zip(kinds, ends[:-1], ends[1:], strict=True):
            self.numbers.take(kind.buckets, out=numbers[start:end], mode="clip")  # which, unlike "raise", needs no copy
        starts = np.concatenate([kind.starts[:-1] + start for kind, start in zip(kinds, ends[:-1], strict=True)])
        counts = np.concatenate([np.diff(kind.starts) for kind in kinds])
        first, parts = _parts(starts, counts, most=self.part)
        added = np.zeros((len(self.lowest), len(parts) + 1), np.int64)
        np.cumsum(self._apart(np.add.reduceat(numbers, parts)), axis=1, out=added[:, 1:])
        of_segments = np.diff(added[:, first], axis=1) + self.lowest[:, None] * counts
        sums: Sums = of_segments.reshape(len(self.lowest), len(kinds), -1).sum(axis=1)
        return sums

    def _apart(self, numbers: Hashes) -> Sums:
        lanes = numbers >> self.shifts[:, None]
        lanes &= self.masks[:, None]
        return lanes.view(np.int64)


def packed(lanes: npt.NDArray[np.int8]) -> Rows:
    """Put the lanes (columns) of each bucket (row) into one number."""
    wide = lanes.astype(np.int64)
    lowest = wide.min(axis=0)
    widths = np.array([int(most).bit_length() for most in (wide - lowest).max(axis=0)])
    room = (_BITS - int(widths.sum())) // len(widths)
    widths += room
    shifts = (np.cumsum(widths) - widths).astype(np.uint64)
    numbers = np.bitwise_or.reduce((wide - lowest).astype(np.uint64) << shifts, axis=1)
    return Rows(numbers, lowest, shifts, (np.uint64(1) << widths.astype(np.uint64)) - np.uint64(1), 1 << room)


def _parts(starts: Indices, counts: Indices, *, most: int) -> tuple[Indices, Indices]:
    """Cut segments into parts: gives the first part of each, and last the number of parts; and where each part starts."""
    needed = -(-counts // most)
    first = np.append(0, np.cumsum(needed))
    parts = np.arange(first[-1]) * most
    parts += np.repeat(starts - most * first[:-1], needed)
    return first, parts
