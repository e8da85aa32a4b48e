"""Which lines of JSON are worth a search, and by whom: what no expression of RE2 suspects holds nothing private."""

from collections.abc import Mapping
from functools import cache
from typing import Final

import pyarrow as pa

from pipeline.core.lines import Lines
from pipeline.core.private.detector import Detector, detectors
from pipeline.core.suspects import ESCAPE

ALONE: Final = frozenset({"private.phone"})
"""Asked by themselves: in one expression with the other numbers that have closer looks, words with a gap behind them outgrow
the automaton that makes searching fast, and all take four times as long."""


def suspects(texts: pa.Array) -> Mapping[int, tuple[Detector, ...]]:
    """Give the numbers of the lines in which something private may stand, in order, and who may find it; a null is none.

    Every line is asked three times, at 400 MB/s, and for escapes, which costs nothing. What is left is one line in thirty,
    most of them of one detector.
    """
    lines = Lines(texts)
    asked: dict[int, tuple[Detector, ...]] = {}
    for group, expression in _looks():
        found = lines.matching(expression)
        some = lines.taken(found)
        for one in group:
            for line in found[some.matching_all(_looked_for(one))].tolist():
                asked[line] = (*asked.get(line, ()), one)
    hidden = [*lines.matching(ESCAPE).tolist(), *lines.broken.tolist()]
    asked |= dict.fromkeys(hidden, detectors())
    return dict(sorted(asked.items()))


@cache
def _looks() -> tuple[tuple[tuple[Detector, ...], str], ...]:
    """Give the detectors in groups, each with the expression for what any of the group is asked first."""
    hinted = tuple(one for one in detectors() if not one.closer)
    numbers = tuple(one for one in detectors() if one.closer and one.code not in ALONE)
    alone = ((one,) for one in detectors() if one.code in ALONE)
    return tuple(
        (group, "|".join(f"(?:{_looked_for(one)[0]})" for one in group)) for group in (hinted, numbers, *alone)
    )


def _looked_for(one: Detector) -> tuple[str, ...]:
    return one.closer or (one.hint,)
