"""Rows that repeat others, and prompts that are answered in several ways."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.order import sorted_rows
from pipeline.core.verdicts import digest_lanes
from pipeline.report.model import FIRST_PLACES, ConflictFacts, DuplicateFacts, Pair, TwinGroup

BUCKETS: Final = 1 << 22
"""Into which digests are counted: of a million different ones four fifths are alone in theirs."""
PAIRS: Final = 5
"""Least-alike pairs shown: enough to judge a threshold by eye."""


def duplicates(facts: pa.Table) -> DuplicateFacts:
    """Sum up the groups of twins; `facts` has name, twin and likeness."""
    repeats = _named(facts.select(["name", "twin", "likeness"]).filter(pc.is_valid(facts["twin"])))
    if not len(repeats):
        return DuplicateFacts()
    likeness = pc.fill_null(repeats["likeness"], 1.0)
    groups = repeats.group_by("twin", use_threads=False).aggregate([("likeness", "min"), ("name", "count")])
    exact = pc.sum(pc.greater_equal(pc.fill_null(groups["likeness_min"], 1.0), 1.0)).as_py()
    largest = groups.sort_by([("name_count", "descending"), ("twin", "ascending")]).slice(0, FIRST_PLACES)
    near = repeats.filter(pc.less(likeness, 1.0)).sort_by([("likeness", "ascending"), ("name", "ascending")])
    return DuplicateFacts(
        exact_groups=exact,
        near_groups=len(groups) - exact,
        rows=len(repeats),
        largest=tuple(TwinGroup(spokesman=g["twin"], rows=g["name_count"] + 1) for g in largest.to_pylist()),
        least_alike=tuple(
            Pair(name=p["name"], twin=p["twin"], likeness=round(p["likeness"], 4))
            for p in near.slice(0, PAIRS).to_pylist()
        ),
    )


def conflicts(facts: pa.Table) -> ConflictFacts:
    """Find prompts with different answers among the kept rows; `facts` has name, fate, prompt and content."""
    could = np.flatnonzero(pc.and_(pc.equal(facts["fate"], "kept"), pc.is_valid(facts["prompt"])))
    if not len(could):  # also where a cluster leaves the prompts out
        return ConflictFacts()
    could = could[_may_repeat(facts["prompt"].take(pa.array(could)))]
    asked = facts.select(["name", "prompt", "content"]).take(pa.array(could))
    prompts, contents = (_numbers(asked[name]) for name in ("prompt", "content"))
    least, most = np.full(len(asked), len(asked)), np.full(len(asked), -1)
    np.minimum.at(least, prompts, contents)
    np.maximum.at(most, prompts, contents)
    torn = np.flatnonzero((least < most)[prompts])
    if not len(torn):
        return ConflictFacts()
    rows = torn[sorted_rows(asked["name"].take(pa.array(torn)))]
    numbers = _numbers(pa.chunked_array([prompts[rows]]))
    first = [rows[np.flatnonzero(numbers == number)[:FIRST_PLACES]] for number in range(FIRST_PLACES)]
    return ConflictFacts(
        prompts=int(numbers.max()) + 1,
        examples=len(rows),
        first=tuple(tuple(asked["name"].take(pa.array(some)).to_pylist()) for some in first if len(some)),
    )


def _may_repeat(digests: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Say which of these may come more than once; the rest is known by its low bits, in a tenth of a look at all of them."""
    low = digest_lanes(digests)[:, 0] & np.uint64(BUCKETS - 1)
    found: npt.NDArray[np.bool_] = np.bincount(low.view(np.int64), minlength=1)[low] > 1
    return found


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Give equal values equal numbers, from 0 in the order in which they first come."""
    return np.asarray(column.combine_chunks().dictionary_encode().indices, np.int64)


def joined(parts: Iterable[ConflictFacts]) -> ConflictFacts:
    """Give the conflicts of a dataset from those of shares of it, of which no two have a prompt in common."""
    found = list(parts)
    first = [names for part in found for names in part.first]
    order = sorted_rows(pa.array([names[0] for names in first], pa.string()))
    return ConflictFacts(
        prompts=sum(part.prompts for part in found),
        examples=sum(part.examples for part in found),
        first=tuple(first[int(place)] for place in order[:FIRST_PLACES]),
    )


def _named(rows: pa.Table) -> pa.Table:
    """Give the rows in the order of their names."""
    return rows.take(pa.array(sorted_rows(rows["name"])))
