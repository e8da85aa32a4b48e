"""Rows stand in the order people expect of their names, however their names are read."""

import re
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.order import NAME, places, sorted_rows

FILES = st.sampled_from(["a", "b.csv", "C:\\x.csv", "data:2", "ä#1", "line\nbreak", ""])
LINES = st.integers(0, 10**18 - 1).map(str)
PLAIN = st.tuples(FILES, LINES).map(":".join)
PARTS = st.tuples(PLAIN, LINES).map("#".join)
ODD = st.sampled_from(["odd", "a:", ":7", "a:12x", "a:3#", "a:3#x", "a:٣", "a:1234567890123456789", "", "a:-1"])


def place(name: str) -> tuple[bytes, int, int]:
    found: Any = re.fullmatch(NAME.removesuffix("$"), name)
    return (found[1].encode(), int(found[2]), int(found[3] or 0)) if found else (name.encode(), 0, 0)


@given(st.one_of(st.lists(PLAIN), st.lists(st.one_of(PLAIN, PARTS, ODD))))
def test_names_are_taken_apart_alike_whether_all_are_plain_or_not(names: list[str]) -> None:
    found = places(pa.chunked_array([names], pa.string())).to_pylist()

    assert [place(name) for name in names] == [(one["file"].encode(), one["line"], one["part"]) for one in found]


@given(st.one_of(st.lists(PLAIN), st.lists(st.one_of(PLAIN, PARTS, ODD))))
def test_rows_are_sorted_by_file_line_and_part(names: list[str]) -> None:
    found = sorted_rows(pa.chunked_array([names[:3], names[3:]], pa.string()))

    assert sorted(range(len(names)), key=lambda row: place(names[row])) == found.tolist()


@pytest.mark.parametrize("odd", [[], ["odd"]], ids=["all plain", "one of another form"])
def test_numbers_count_as_numbers(odd: list[str]) -> None:
    names = ["b:1", "a:10", "a:9", "C:\\x.csv:3", *odd]

    assert ["C:\\x.csv:3", "a:9", "a:10", "b:1", *odd] == [names[row] for row in sorted_rows(pa.array(names))]


def test_parts_of_a_row_are_ordered_as_numbers_too() -> None:
    assert [3, 1, 0, 2] == sorted_rows(pa.array(["a:2#10", "a:2#9", "a:10", "a:2"])).tolist()
