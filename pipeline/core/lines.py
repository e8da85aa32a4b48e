"""Lines of text, searched by expressions of linear time (RE2) as if they were one text.

Arrow compiles an expression anew for every batch, and its automaton with it: a third of the time of a search of some
megabytes. Here both stay from batch to batch, and a line costs nothing unless it matches.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import re2

Indices = npt.NDArray[np.int64]

BREAK: Final = b"\n"
EXPRESSIONS: Final = 64
"""Compiled ones that are kept. Those of all rules are some twenty, of one or two megabytes each."""


class Lines:
    """Lines behind one another, a line break between two; a null is empty."""

    def __init__(self, texts: pa.Array | pa.ChunkedArray) -> None:
        self._lines = pc.fill_null(texts.cast(pa.large_binary()), b"")
        if isinstance(self._lines, pa.ChunkedArray):
            self._lines = self._lines.combine_chunks()
        whole = pa.ListArray.from_arrays([0, len(texts)], self._lines)
        self._text = memoryview(pc.binary_join(whole, pa.scalar(BREAK, pa.large_binary()))[0].as_buffer())
        self._starts: list[int] = [0, *np.cumsum(pc.binary_length(self._lines).to_numpy() + 1).tolist()]
        self.nulls: Indices = np.flatnonzero(texts.is_null().to_numpy(zero_copy_only=False))
        """Numbers of those that are null; none is found."""
        self.broken = self._broken()
        """Numbers of those that have a line break in them, which may hide something from a search."""

    def _broken(self) -> Indices:
        breaks = np.count_nonzero(np.frombuffer(self._text, np.uint8) == ord(BREAK))
        if breaks < len(self):
            return np.zeros(0, np.int64)
        return np.flatnonzero(pc.match_substring(self._lines, BREAK.decode()).to_numpy(zero_copy_only=False))

    def __len__(self) -> int:
        return len(self._lines)

    def taken(self, some: Indices) -> "Lines":
        """Give some of the lines."""
        return Lines(self._lines.take(pa.array(some)))

    def matching(self, expression: str) -> Indices:
        """Give the numbers of the lines, in order, in which an expression without anchors matches."""
        return np.fromiter(self._found(_compiled(expression)), np.int64)

    def matching_all(self, expressions: Sequence[str]) -> Indices:
        """Give the numbers of the lines in which all of some expressions match; each is asked of what those before it leave."""
        first, *others = expressions
        found = self.matching(first)
        for expression in others:
            found = found[self.taken(found).matching(expression)]
        return found

    def whole(self, expression: str) -> Indices:
        """Give the numbers of the lines, in order, that an expression matches from end to end.

        It is one that matches neither a line break nor nothing. A search goes on through all such lines in a row: of
        ten thousand plain lines it stops at some hundred others.
        """
        runs = [np.arange(begin, end) for begin, end in self._runs(_compiled_run(expression))]
        found = np.concatenate(runs) if runs else np.zeros(0, np.int64)
        return np.setdiff1d(found, self.broken, assume_unique=True) if len(self.broken) else found

    def _runs(self, expression: Any) -> Iterator[tuple[int, int]]:
        """Give first and last of the lines that are matched in a row; a line with a break in it may be among them."""
        text, starts, match, at = self._text, self._starts, expression.match, 0
        while at < len(self):
            begin = at
            if found := match(text, starts[at]):
                end = found.end()
                at = len(self) if end == len(text) > starts[-2] else bisect_right(starts, end) - 1
                yield begin, at
            at += 1

    def _found(self, expression: Any) -> Iterator[int]:
        text, starts, search, at = self._text, self._starts, expression.search, 0
        while at <= len(text) and (match := search(text, at)):
            line = bisect_right(starts, match.start())
            yield line - 1
            at = starts[line]


@lru_cache(EXPRESSIONS)
def _compiled_run(expression: str) -> Any:
    """Compile what matches lines in a row."""
    options = re2.Options()
    options.never_capture = True
    return re2.compile(rf"(?:(?:{expression})(?:\n|\z))+", options)


@lru_cache(EXPRESSIONS)
def _compiled(expression: str) -> Any:
    """Compile an expression that no line break matches, by whatever class of characters."""
    options = re2.Options()
    options.never_nl = options.never_capture = True
    return re2.compile(expression, options)
