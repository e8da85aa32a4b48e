"""Keys and sketches are those of their definition, worked out word by word."""

from collections.abc import Sequence
from itertools import chain, count

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.passages import Passages
from pipeline.core.word_hashes import ODD
from pipeline.core.words import words
from pipeline.measure.fingerprint import BANDS, BINS, ROWS_PER_BAND, WORDS_PER_SHINGLE, fingerprints
from tests.measure.one_by_one import hashes_of

FULL = (1 << 64) - 1
EMPTY = (1 << 32) - 1
TEXTS = st.lists(st.sampled_from(["a", "B", "ab", "word", "é", "你", "x" * 20]), max_size=12).map(" ".join)
ROWS = st.lists(st.lists(st.tuples(st.sampled_from("sdugat"), TEXTS), max_size=4), max_size=6)


def _mixed(number: int) -> int:
    number ^= number >> 30
    number = number * int(ODD[1]) & FULL
    number ^= number >> 27
    number = number * int(ODD[2]) & FULL
    return number ^ number >> 31


def _hashes(row: Sequence[tuple[str, str]]) -> list[int]:
    told = " ".join(chain.from_iterable(words(text) for mark, text in row if mark not in "sdg"))
    return hashes_of(told.encode())


def _keys(hashes: list[int]) -> list[int]:
    bins: dict[int, int] = {}
    for at in range(max(len(hashes) - WORDS_PER_SHINGLE + 1, 1)):
        run = zip(hashes[at : at + WORDS_PER_SHINGLE], (ODD[0], ODD[3], ODD[4]), strict=False)
        shingle = _mixed(sum(one * int(odd) for one, odd in run) & FULL)
        place = (shingle >> 32) * BINS >> 32
        bins[place] = min(bins.get(place, EMPTY), shingle & EMPTY)
    keys = []
    for band in range(BANDS):
        key = band + 1
        for place in range(band * ROWS_PER_BAND, (band + 1) * ROWS_PER_BAND):
            distance = next(step for step in count() if (place + step) % BINS in bins)
            lane = bins[(place + distance) % BINS] + distance * 0x9E3779B1 & EMPTY
            key = _mixed(key * int(ODD[0]) + lane & FULL)
        keys.append(key)
    return keys


@settings(max_examples=200)
@given(ROWS)
def test_a_key_is_four_least_runs_of_three_words(rows: list[list[tuple[str, str]]]) -> None:
    told = [Passages("".join(mark for mark, _ in row), tuple(text for _, text in row), None) for row in rows]

    keys = fingerprints(told, near=True).keys.to_pylist()

    assert [_keys(hashes) if (hashes := _hashes(row)) else [] for row in rows] == keys


@settings(max_examples=200)
@given(ROWS)
def test_a_sketch_has_the_number_of_words_and_a_bit_for_each(rows: list[list[tuple[str, str]]]) -> None:
    told = [Passages("".join(mark for mark, _ in row), tuple(text for _, text in row), None) for row in rows]

    sketches = fingerprints(told, near=True).sketch.to_pylist()

    for row, sketch in zip(rows, sketches, strict=True):
        hashes = _hashes(row)
        slots = {((one >> 32) * 480 >> 32) + 32 for one in hashes}
        assert int.from_bytes(sketch[:4], "little") == len(hashes)
        assert {at for at in range(32, 512) if sketch[at // 8] >> 7 - at % 8 & 1} == slots
