"""Rows that repeat others, and prompts that are answered in several ways."""

from collections.abc import Iterable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.order import sorted_rows
from pipeline.report.model import FIRST_PLACES, ConflictFacts, DuplicateFacts, Pair, TwinGroup

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
    could = pc.and_(pc.equal(facts["fate"], "kept"), pc.is_valid(facts["prompt"]))
    asked = facts.select(["name", "prompt", "content"]).filter(could)
    answers = asked.group_by("prompt", use_threads=False).aggregate([("content", "count_distinct")])
    several = answers.filter(pc.greater(answers["content_count_distinct"], 1))["prompt"]
    if not len(several):
        return ConflictFacts()
    rows = _named(
        asked.select(["name", "prompt"]).filter(pc.is_in(asked["prompt"], value_set=several.combine_chunks()))
    )
    first: dict[bytes, list[str]] = {}
    for name, prompt in zip(rows["name"].to_pylist(), rows["prompt"].to_pylist(), strict=True):
        first.setdefault(prompt, []).append(name)
    return ConflictFacts(
        prompts=len(several),
        examples=len(rows),
        first=tuple(tuple(names[:FIRST_PLACES]) for names in list(first.values())[:FIRST_PLACES]),
    )


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
