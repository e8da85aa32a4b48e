"""Which lines of JSON are worth a search, and by whom: what no expression of RE2 suspects holds nothing private."""

from collections.abc import Mapping
from functools import cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.private.detector import Detector, detectors, hints
from pipeline.core.suspects import ESCAPE

FEW: Final = 32
"""Lines that are searched rather than asked a dearer expression, which takes RE2 up to 20 ms to get going."""


def suspects(lines: pa.Array) -> Mapping[int, tuple[Detector, ...]]:
    """Give the numbers of the lines in which something private may stand, in order, and who may find it; a null is none.

    Every line is asked twice, at 500 MB/s: for secrets, and for what is about a person. The latter picks every line with
    seven digits, a quarter of most files; of those, closer looks leave one in ten to be parsed, most of them to one detector.
    """
    secret, private = hints()
    found = pc.indices_nonzero(pc.match_substring_regex(lines, f"{secret}|{ESCAPE}"))
    some = pc.indices_nonzero(pc.match_substring_regex(lines, private))
    texts = lines.take(some)
    asked: dict[int, tuple[Detector, ...]] = {}
    for finders, patterns in _looks():
        for line in some.take(_matched(texts, patterns)).to_pylist():
            asked[line] = (*asked.get(line, ()), *finders)
    asked |= dict.fromkeys(found.to_pylist(), detectors())
    return dict(sorted(asked.items()))


@cache
def _looks() -> tuple[tuple[tuple[Detector, ...], tuple[str, ...]], ...]:
    """Give the closer looks of each detector that has some, and one for all that have none but their hint."""
    private = [one for one in detectors() if not one.is_secret]
    hinted = tuple(one for one in private if not one.closer)
    union = "|".join(f"(?:{one.hint})" for one in hinted)
    return ((hinted, (union,)), *(((one,), one.closer) for one in private if one.closer))


def _matched(lines: pa.Array, patterns: tuple[str, ...]) -> pa.Array:
    """Give which lines match all expressions, or those so far where few are left."""
    left = pc.indices_nonzero(pc.match_substring_regex(lines, patterns[0]))
    for pattern in patterns[1:]:
        if len(left) > FEW:
            left = left.take(pc.indices_nonzero(pc.match_substring_regex(lines.take(left), pattern)))
    return left
