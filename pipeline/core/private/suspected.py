"""Which lines of JSON are worth a search, and by whom: what no expression of RE2 suspects holds nothing private."""

from collections.abc import Mapping
from functools import cache

import pyarrow as pa

from pipeline.core.lines import Lines
from pipeline.core.private.detector import Detector, detectors, secrets
from pipeline.core.suspects import ESCAPE


def suspects(texts: pa.Array) -> Mapping[int, tuple[Detector, ...]]:
    """Give the numbers of the lines in which something private may stand, in order, and who may find it; a null is none.

    Every line is asked five times, at 400 MB/s: for secrets, for what needs no closer look, and for each of the three kinds of
    numbers that do. What closer looks leave is one line in ten, most of them of one detector.
    """
    lines = Lines(texts)
    asked: dict[int, tuple[Detector, ...]] = {}
    for finders, expressions in _looks():
        for line in lines.matching_all(expressions).tolist():
            asked[line] = (*asked.get(line, ()), *finders)
    hidden = [*lines.matching(f"{secrets()}|{ESCAPE}").tolist(), *lines.broken.tolist()]
    asked |= dict.fromkeys(hidden, detectors())
    return dict(sorted(asked.items()))


@cache
def _looks() -> tuple[tuple[tuple[Detector, ...], tuple[str, ...]], ...]:
    """Give the closer looks of each detector that has some, and one for all that have none but their hint."""
    private = [one for one in detectors() if not one.is_secret]
    hinted = tuple(one for one in private if not one.closer)
    union = "|".join(f"(?:{one.hint})" for one in hinted)
    return ((hinted, (union,)), *(((one,), one.closer) for one in private if one.closer))
