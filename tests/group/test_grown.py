"""Near twins of a dataset that grew or shrank: those of a grouping from nothing, for the price of what is new."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.grouping import IDENTITY, Grouping
from pipeline.core.settings import DedupeSettings
from pipeline.core.verdicts import Likenesses
from pipeline.core.word_hashes import Hashes
from pipeline.group import grown
from pipeline.group.candidates import Bands
from pipeline.group.grown import Crowd, near_twins
from pipeline.group.stars import Edges
from pipeline.group.verify import Comparison, Contents

BANDS = 3


class Row(NamedTuple):
    """A content: what it is, how many other keys there are beside its own, and whether it is sound."""

    number: int
    spread: int
    is_sound: bool = True

    @property
    def digest(self) -> bytes:
        return np.random.default_rng(self.number).bytes(16)

    @property
    def keys(self) -> list[int]:
        """Give its keys, of `spread` that there are; without any where there are none."""
        drawn = np.random.default_rng(self.number + 1).integers(self.spread, size=BANDS) if self.spread else []
        return [int(np.random.default_rng(int(one)).integers(2**64, dtype=np.uint64)) for one in drawn]


class Oracle:
    """Knows of every pair whether it is one of twins: one in three is. Counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def look_up(self, keys: Hashes) -> Likenesses:
        self.asked += len(keys)
        return np.where(keys % 3 == 0, np.float32(0.9), np.float32(0.0)).astype(np.float32)

    def add(self, keys: Hashes, likenesses: Likenesses) -> None:
        raise AssertionError(keys, likenesses)


class Memory:
    """Keeps one grouping."""

    def __init__(self) -> None:
        self.kept: Grouping | None = None
        self.was_whole: list[bool] = []

    def last(self, rules: str) -> Grouping | None:
        assert rules
        return self.kept

    def keep(self, rules: str, grouping: Grouping, *, is_whole: bool) -> None:
        assert rules
        self.kept = grouping
        self.was_whole.append(is_whole)


def crowd(rows: set[Row]) -> Crowd:
    """Give the rows as `group` would: sound ones first, then by digest."""
    order = sorted(rows, key=lambda row: (not row.is_sound, row.digest))
    keys = pa.chunked_array([pa.array([row.keys for row in order], pa.list_(pa.uint64()))])
    lanes = np.frombuffer(b"".join(row.digest for row in order), "<u8").reshape(-1, 2).astype(np.uint64)
    sketches = np.full((len(order), 8), (1 << 32) + 1, np.uint64)
    contents = Contents(np.arange(len(order)), lanes, sketches)
    identities = pa.array([bytes([row.is_sound]) + row.digest for row in order], IDENTITY)
    return Crowd(contents, Bands.of(keys, np.arange(len(order))), identities)


def found(rows: set[Row], memory: Memory | None) -> tuple[Edges, int]:
    """Give the twins, and how many pairs were asked about."""

    def refuse(wanted: object) -> list[str]:
        raise AssertionError(wanted)

    oracle = Oracle()
    return near_twins(crowd(rows), Comparison(refuse, DedupeSettings(), "sft", oracle), memory), oracle.asked


def assert_equal(one: Edges, other: Edges) -> None:
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_array_equal(mine, theirs)


edits = st.sets(st.integers(0, 110), max_size=5)
"""Numbers of contents that go where they are there, and come where they are not."""


@settings(max_examples=200)
@given(runs=st.lists(edits, min_size=2, max_size=4), spread=st.sampled_from([2, 5, 12, 60]), flawed=edits)
def test_a_grouping_that_remembers_finds_the_twins_of_one_that_does_not(
    runs: list[set[int]], spread: int, flawed: set[int]
) -> None:
    """Few keys make crowds above `HOT`, where not everyone is compared with everyone; flawed rows are so in odd runs only."""
    memory, there = Memory(), set(range(100))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grown, "MOST_CHANGED", 1.0)
        for turn, some in enumerate(runs):
            there ^= some
            rows = {Row(n, 0 if n % 17 == 0 else spread, not (turn % 2 and n in flawed)) for n in there}
            assert_equal(found(rows, None)[0], found(rows, memory)[0])
    assert not any(memory.was_whole[1:])


def test_only_pairs_near_something_new_or_gone_are_asked_about() -> None:
    memory = Memory()
    old = {Row(number, 2_000) for number in range(3_000)}
    _, everything = found(old, memory)
    twins, some = found((old | {Row(number, 2_000) for number in range(3_000, 3_010)}) - {Row(7, 2_000)}, memory)
    _, nothing = found((old | {Row(number, 2_000) for number in range(3_000, 3_010)}) - {Row(7, 2_000)}, memory)

    assert [True, False, False] == memory.was_whole
    assert len(twins.first)
    assert 0 < 10 * some < everything
    assert 0 == nothing


@pytest.mark.parametrize("more", [200, 3_000])
def test_where_much_is_new_or_keys_are_compared_by_other_bits_everything_is_asked_about(more: int) -> None:
    memory = Memory()
    found({Row(number, 900) for number in range(4_000)}, memory)
    found({Row(number, 900) for number in range(4_000 + more)}, memory)

    assert [True, True] == memory.was_whole
