r"""Records of one layout, cut into their cells by Arrow: what a file of rows and columns gives, whatever it was written in.

A cell of text is given as it stands between its quotes, `\"` and `\n` and all. What is cut is not yet known to be a
cell: a record that was no JSON, or not of this layout, may give pieces that no string of JSON can hold.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.compose.canonical import canonical, parse
from pipeline.core.trouble import Trouble

_LOOKS: Final = 8
"""Records, evenly spread over a batch, whose layouts are tried: files hold one or a few."""
_PUNCTUATION: Final = ((", ", ": "), (",", ":"))
"""As Python's json writes; as tables are read and most others write, which a number's record begins like too."""
_TEXT: Final = r'\A(?:[^"\\\x00-\x1f]|\\["\\/bfnrt])*\z'
_BARE: Final = r"\A(?:null|true|false|-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?)\z"


class Layout(NamedTuple):
    """How a record is written around its cells."""

    names: tuple[str, ...]
    are_text: tuple[bool, ...]
    """Of each cell, whether it stands in quotes."""
    signs: tuple[str, ...]
    """What stands before each cell, and behind the last."""


def layouts(records: pa.Array) -> list[Layout]:
    """Give the layouts of some of the records, each once."""
    looked = records.take(pa.array(np.unique(np.linspace(0, len(records) - 1, _LOOKS).astype(np.int64))))
    found = (layout(text) for text in looked.to_pylist() if text is not None)
    return list(dict.fromkeys(one for one in found if one is not None))


def layout(text: str) -> Layout | None:
    """Give the layout of a record; None where it is no object with columns, or is spaced out in another way."""
    try:
        record = parse(text)
        keys = [canonical(name) for name in record] if isinstance(record, dict) else []
    except Trouble:
        return None
    if not isinstance(record, dict) or not record:
        return None
    names, are_text = tuple(record), tuple(isinstance(value, str) for value in record.values())
    quotes = ['"' if is_text else "" for is_text in are_text]
    for comma, colon in _PUNCTUATION:
        before = ["{", *[comma] * (len(names) - 1), "}"]
        told = [*(key + colon for key in keys), ""]
        signs = tuple(map("".join, zip(["", *quotes], before, told, [*quotes, ""], strict=True)))
        if text.startswith(signs[0]):
            return Layout(names, are_text, signs)
    return None


def cells(records: pa.Array, layout: Layout) -> Mapping[str, pa.Array]:
    """Give the cells of each column in order; all of them null where a record cannot be cut so."""
    first, *others, last = layout.signs
    begin, end = len(first.encode()), len(last.encode())
    is_long = pc.greater_equal(pc.binary_length(records), begin + end)
    is_framed = pc.and_(is_long, pc.and_(pc.starts_with(records, first), pc.ends_with(records, last)))
    framed = pc.if_else(is_framed, records, pa.scalar(None, pa.string())).cast(pa.binary())
    rest = _as_text(pc.binary_slice(framed, begin, -end))
    cut = []
    for sign in others:
        # Padded with nulls, and taken from the flat pieces: list_element costs 3 µs a row, and filters would part the columns.
        pieces = pc.list_slice(pc.split_pattern(rest, sign, max_splits=1), 0, 2, return_fixed_size_list=True).values
        cut.append(pieces.take(pa.array(np.arange(0, len(pieces), 2))))
        rest = pieces.take(pa.array(np.arange(1, len(pieces), 2)))
    whole = pc.is_valid(rest)
    return {name: pc.if_else(whole, one, None) for name, one in zip(layout.names, (*cut, rest), strict=True)}


def are_cells(pieces: pa.Array, *, is_text: bool) -> pa.Array:
    """Say which pieces are cells for certain; it may miss some."""
    return pc.match_substring_regex(pieces, _TEXT if is_text else _BARE)


def _as_text(pieces: pa.Array) -> pa.Array:
    """Give binary as text without looking at it: it was cut between letters."""
    return pc.cast(pieces, options=pc.CastOptions(pa.string(), allow_invalid_utf8=True))
