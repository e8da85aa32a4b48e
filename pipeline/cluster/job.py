"""What every step of a distributed build knows: the plan, the storage, and how the work is divided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.cluster.store import Mail, Store
from pipeline.core.settings import PrivateKind
from pipeline.onepass import OnePass
from pipeline.plan import Plan

Numbers = npt.NDArray[np.int64]
PART_BITS = 32
ROWS: Final = "rows"
"""Topic of rows of which all is known that their part can know."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One build. A *part* is a piece of the sources, in their order; a *bucket* is a share of some kind of key."""

    store: Store
    parts: int
    buckets: int
    plan: Plan
    work: OnePass
    """What is done to each piece of the sources."""
    asks: bool = False
    """Whether a provider is asked about every row, and rows are checked after that."""
    held_codes: tuple[str, ...]
    mask: frozenset[PrivateKind] = field(default_factory=frozenset)
    remembered: Store | None = None
    """Where what was worked out of pieces is kept between builds; None: each build begins anew."""
    encodings: Mapping[str, str] = field(default_factory=dict)
    """Encoding in which each source file is read, by its address."""

    @property
    def measured(self) -> str:
        """Give the topic of rows after the one pass."""
        return "measured" if self.asks else self.judged

    @property
    def judged(self) -> str:
        """Give the topic of rows that are checked each for itself; where a validation set is pinned they meet it next."""
        return "judged" if self.plan.split.pinned else ROWS

    def from_parts(self, topic: str) -> Mail:
        """Give the mail that parts send to buckets."""
        return Mail(self.store, topic, self.parts, self.buckets)

    def to_parts(self, topic: str) -> Mail:
        """Give the mail that buckets send to parts."""
        return Mail(self.store, topic, self.buckets, self.parts)

    def among_parts(self, topic: str) -> Mail:
        """Give the mail that parts send to parts."""
        return Mail(self.store, topic, self.parts, self.parts)

    def among_buckets(self, topic: str) -> Mail:
        """Give the mail that buckets send to buckets."""
        return Mail(self.store, topic, self.buckets, self.buckets)

    def whole(self, topic: str) -> pa.Table:
        """Give a table of all parts in one: numbers only, never keys."""
        return pa.concat_tables(self.store.load(f"{topic}/{part:07}") for part in range(self.parts))


def row_numbers(part: int, rows: int) -> Numbers:
    """Give the number of each row of a part: unique in a build, in the order of parts."""
    return (np.int64(part) << PART_BITS) + np.arange(rows, dtype=np.int64)


def part_of(rows: Numbers) -> Numbers:
    """Give the part in which each row stands."""
    return rows >> PART_BITS
