"""Pairs of rows worth comparing: those that share a near-duplicate key. Work and memory grow with the rows alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.grouping import Heads
from pipeline.core.sketch import SLACK

Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Keys = npt.NDArray[np.uint64]
Pairs = npt.NDArray[np.int32]
"""Of shape (pairs, 2): a million recombined chats have fourteen million, so four bytes an end."""

REACH: Final = 8
"""Rows under one key are each compared with this many next ones, all with all where up to nine share a key."""
HOT: Final = 32
"""Rows from which a key is one that a template or spam brings about."""
HOT_REACH: Final = 4
"""Rows under a hot key are each compared with this many next ones and with this many first ones: work stays linear, and
each meets the smallest digests, which become the spokesmen. What they share besides has keys of its own."""
CODES_AT_ONCE: Final = 1 << 23
"""Pairs held before repeats among them are dropped: 64 MB."""
CODES_ONCE: Final = 1 << 17
"""Sorted codes of which repeats are dropped at a time, in place."""
ROWS_AT_ONCE: Final = 2_048
"""Rows whose keys are put into columns at a time: column by column over all rows takes twice as long."""
HEAD_BITS: Final = 32
"""Leading bits of a key that are its head."""


@dataclass(frozen=True)
class Bands:
    """The near-duplicate keys of the rows to compare, a column a band: views of Arrow's memory."""

    blocks: list[Keys]
    kept: Mask
    """Per row that has keys: is it one to compare."""
    places: Indices
    """Where each row to compare stands in the order, of those that have keys."""
    count: int
    """Rows to compare, with keys or without."""

    @classmethod
    def of(cls, keys: pa.ChunkedArray, order: Indices) -> Self:
        """Take keys (list<uint64> a row, all of one length or empty) and the rows to compare.

        `order` has them in an order that is the same however the rows arrive.
        """
        rows, blocks = _tables(keys)
        place = np.full(len(keys), -1, np.int64)
        place[order] = np.arange(len(order))
        places = place[rows]
        return cls(blocks, places >= 0, places[places >= 0], len(order))

    def __len__(self) -> int:
        """Give the number of bands."""
        return self.blocks[0].shape[1] if self.blocks else 0

    @property
    def low(self) -> np.uint64:
        """Give the bits of a key that make way for a place; keys that differ in those alone count as equal."""
        return self.low_of(self.count)

    @staticmethod
    def low_of(count: int) -> np.uint64:
        """Give them for so many rows."""
        return np.uint64((1 << max(count - 1, 1).bit_length()) - 1)

    def column(self, band: int) -> Keys:
        """Give the keys of a band, one for each of `places`."""
        return np.concatenate([block[:, band] for block in self.blocks])[self.kept]

    def heads(self) -> list[Heads]:
        """Give for each band the leading bits of each row's key, by place; zeros where there are no keys."""
        columns = np.empty((len(self), len(self.places)), np.uint32)
        start = 0
        for some in self._tables():
            columns[:, start : start + len(some)] = (some >> np.uint64(HEAD_BITS)).T
            start += len(some)
        found = []
        for column in columns:
            heads = np.zeros(self.count, np.uint32)
            heads[self.places] = column
            found.append(heads)
        return found

    def where(self, chosen: Mask) -> Self:
        """Give those of the rows that are chosen, by place: they keep their places."""
        parts, start = [], 0
        for some in self._tables():
            parts.append(some[chosen[self.places[start : start + len(some)]]])
            start += len(some)
        places = self.places[chosen[self.places]]
        blocks = [np.concatenate(parts)] if parts else []
        return type(self)(blocks, np.ones(len(places), dtype=bool), places, self.count)

    def _tables(self) -> Iterator[Keys]:
        """Give the keys of the rows to compare, in the order of `places`, some thousand rows at a time."""
        start = 0
        for block in self.blocks:
            for begin in range(0, len(block), ROWS_AT_ONCE):
                some = block[begin : begin + ROWS_AT_ONCE]
                yield some[self.kept[start : start + len(some)]]
                start += len(some)


class Sought(Protocol):
    """What is looked for, where not all pairs are."""

    def within(self, band: int, keys: Keys) -> Mask | slice:
        """Say which rows of a band to look at, by their keys: those of one key all or none."""

    def wanted(self, band: int, rows: "Sharing", first: Indices, second: Indices) -> Mask:
        """Say which pairs of a band are wanted; pairs count the rows that share a key."""


class Sharing(NamedTuple):
    """Rows that share a key with others, bucket by bucket: pairs of them lie close by, which spares the processor's cache."""

    keys: Keys
    """Leading bits; the others are another's."""
    places: Indices


class OfLikeSize(NamedTuple):
    """All pairs but those of which one has too many words more than the other: half of those of recombined chats."""

    words: npt.NDArray[np.int32]
    """Of each row, by place."""
    fewest: npt.NDArray[np.int32]
    """Words that another must have to be like it."""

    @classmethod
    def of(cls, words: Indices, *, least: float) -> Self:
        """Take the number of words of each row, and the least likeness."""
        return cls(words.astype(np.int32), np.ceil(least * words - SLACK).astype(np.int32))

    def within(self, band: int, keys: Keys) -> slice:
        """Say: all."""
        del band, keys
        return slice(None)

    def wanted(self, band: int, rows: Sharing, first: Indices, second: Indices) -> Mask:
        """Say which pairs may be alike if the smaller one's words are all in the other."""
        del band
        words, fewest = self.words[rows.places], self.fewest[rows.places]
        wanted: Mask = (words[first] >= fewest[second]) & (words[second] >= fewest[first])
        return wanted


def candidates(bands: Bands, sought: Sought | None = None) -> Pairs:
    """Give places of rows with an equal key, smaller place first, as an array of shape (n, 2), each pair once.

    All of them, or those that are sought.
    """
    codes = np.zeros(0, np.int64)
    waiting: list[Indices] = []
    for band in range(len(bands)):
        column, places = bands.column(band), bands.places
        if sought is not None:
            chosen = sought.within(band, column)
            column, places = column[chosen], places[chosen]
        rows, first, second = _pairs(column, places, bands.low)
        if sought is not None:
            wanted = sought.wanted(band, rows, first, second)
            first, second = first[wanted], second[wanted]
        waiting.append(rows.places[first] * bands.count + rows.places[second])
        if sum(map(len, waiting)) > max(CODES_AT_ONCE, len(codes)):
            codes = _merged(codes, waiting)
    codes, count = _merged(codes, waiting), max(bands.count, 1)
    pairs = np.empty((len(codes), 2), np.int32)
    np.floor_divide(codes, count, out=pairs[:, 0], casting="unsafe")
    np.remainder(codes, count, out=pairs[:, 1], casting="unsafe")
    return pairs


def _tables(keys: pa.ChunkedArray) -> tuple[Indices, list[Keys]]:
    """Give the rows that have keys, and their keys as tables of one column a band: views of Arrow's memory."""
    rows, blocks, start = [np.zeros(0, np.int64)], [], 0
    for chunk in keys.chunks:
        lengths = pc.fill_null(pc.list_value_length(chunk), 0).to_numpy(zero_copy_only=False)
        here = np.flatnonzero(lengths)
        if len(here):
            rows.append(here + start)
            blocks.append(pc.list_flatten(chunk).to_numpy().reshape(len(here), -1))
        start += len(chunk)
    return np.concatenate(rows), blocks


def _pairs(keys: Keys, places: Indices, low: np.uint64) -> tuple[Sharing, Indices, Indices]:
    """Give the rows that share a key, and pairs of them by number, that with the smaller place first.

    Place and key are sorted as one number, which is five times faster; so some low bits of the key make way. Two keys
    that differ in those alone give a pair that its sketches rule out.
    """
    mixed = np.sort((keys & ~low) | places.astype(np.uint64))
    same = (mixed[1:] ^ mixed[:-1]) <= low
    edge = np.zeros(min(len(mixed), 1), dtype=bool)  # of no rows, none
    mixed = mixed[np.concatenate([edge, same]) | np.concatenate([same, edge])]
    begins = np.concatenate([~edge, (mixed[1:] ^ mixed[:-1]) > low])[: len(mixed)]
    starts = np.flatnonzero(begins)
    bucket = np.cumsum(begins) - 1
    first, second = met(starts[bucket], np.diff(np.append(starts, len(mixed)))[bucket])
    where: Indices = (mixed & low).astype(np.int64)
    return Sharing(mixed, where), first, second


def met(first_of: Indices, size: Indices) -> tuple[Indices, Indices]:
    """Give who is compared with whom among rows that stand bucket by bucket, as two arrays of places.

    For each place: where its bucket begins, and how many stand in it.
    """
    here = np.arange(len(first_of))
    reach = np.where(size > HOT, HOT_REACH, REACH)
    pairs = []
    for step in range(1, REACH + 1):
        later = here[(here - first_of >= step) & (reach >= step)]
        pairs.append((later - step, later))
        far = here[(here - first_of > reach + step - 1) & (reach >= step)]
        pairs.append((first_of[far] + step - 1, far))
    first, second = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return first, second


def _merged(codes: Indices, more: list[Indices]) -> Indices:
    """Give these codes and more, each once, sorted, in the memory of the first; the list is emptied.

    The codes of a million chats take 100 MB; copies of them were what a build of a million held at its fullest.
    """
    end = len(codes)
    codes.resize(end + sum(map(len, more)), refcheck=False)
    while more:
        some = more.pop()
        codes[end : end + len(some)] = some
        end += len(some)
    codes.sort()
    kept, last = 0, None
    for start in range(0, end, CODES_ONCE):
        some = codes[start : start + CODES_ONCE]
        is_new = np.concatenate([[some[0] != last], some[1:] != some[:-1]])
        last, new = some[-1], some[is_new]
        codes[kept : kept + len(new)] = new
        kept += len(new)
    codes.resize(kept, refcheck=False)
    return codes
