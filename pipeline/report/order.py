"""Names of rows in the order people expect: by file, then by line as a number, then by part."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

NAME: Final = r"(?s)^(?P<file>.*):(?P<line>[0-9]{1,18})(?:#(?P<part>[0-9]{1,18}))?$"
"""`data/raw/faq.csv:118`, with `#2` where a physical row held several records."""


def sorted_rows(names: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Give row numbers in the order of their names; a name of another form counts as a file with line 0."""
    return np.asarray(
        pc.sort_indices(places(names), sort_keys=[(key, "ascending") for key in ("file", "line", "part")])
    )


def places(names: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Take names apart into file, line and part; the part is 0 where there is none."""
    parts = pc.extract_regex(names, pattern=NAME)
    return pa.table(
        {
            "file": pc.coalesce(pc.struct_field(parts, "file"), names),
            "line": _number(pc.struct_field(parts, "line")),
            "part": _number(pc.struct_field(parts, "part")),
        }
    )


def _number(digits: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    present = pc.greater(pc.binary_length(digits), 0)
    return pc.cast(pc.coalesce(pc.if_else(present, digits, "0"), pa.scalar("0")), pa.int64())
