"""Names of rows in the order people expect: by file, then by line as a number, then by part."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

NAME: Final = r"(?s)^(?P<file>.*):(?P<line>[0-9]{1,18})(?:#(?P<part>[0-9]{1,18}))?$"
"""`data/raw/faq.csv:118`, with `#2` where a physical row held several records."""
MOST_DIGITS: Final = 18
"""Of a line: what fits into 64 bits."""


def sorted_rows(names: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Give row numbers in the order of their names; a name of another form counts as a file with line 0."""
    found = places(names)
    file = found["file"].combine_chunks().dictionary_encode()
    rank = np.empty(len(file.dictionary), np.int64)
    rank[pc.sort_indices(file.dictionary).to_numpy()] = np.arange(len(rank))
    ranks = rank[file.indices.to_numpy()]
    return np.asarray(np.lexsort((found["part"].to_numpy(), found["line"].to_numpy(), ranks)), np.int64)


def places(names: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Take names apart into file, line and part; the part is 0 where there is none."""
    plain = _plain(names)
    if plain is not None:
        return plain
    parts = pc.extract_regex(names, pattern=NAME)
    return pa.table(
        {
            "file": pc.coalesce(pc.struct_field(parts, "file"), names),
            "line": _number(pc.struct_field(parts, "line")),
            "part": _number(pc.struct_field(parts, "part")),
        }
    )


def _plain(names: pa.Array | pa.ChunkedArray) -> pa.Table | None:
    """Give the same of names that all are a file and a line: a fourth of the time; None where one is not."""
    halves = pc.split_pattern(names, ":", max_splits=1, reverse=True)
    if pc.min(pc.list_value_length(halves)).as_py() != 2:  # noqa: PLR2004 - file and line
        return None
    line = pc.list_element(halves, 1)
    if pc.max(pc.binary_length(line)).as_py() > MOST_DIGITS or not pc.all(pc.ascii_is_decimal(line)).as_py():
        return None
    part = pa.array(np.zeros(len(names), np.int64))
    return pa.table({"file": pc.list_element(halves, 0), "line": pc.cast(line, pa.int64()), "part": part})


def _number(digits: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    present = pc.greater(pc.binary_length(digits), 0)
    return pc.cast(pc.coalesce(pc.if_else(present, digits, "0"), pa.scalar("0")), pa.int64())
