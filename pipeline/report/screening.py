"""What moderation was asked and what it said; what it was not asked is never counted as clean."""

from collections import Counter
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.moderation import flags, from_column
from pipeline.core.settings import ModerationSettings
from pipeline.report.model import ModerationFacts

SCREEN_LIMITS: Final = (
    "The offline screen is weak: it knows English words, not who is attacked, and misses most requests for harm. "
    "It does not cover violence, threats, minors, instructions for self-harm, illicit acts, images or other languages."
)
State = Literal["not asked", "verified", "screened", "held", "partly"]


def screening(facts: pa.Table, *, settings: ModerationSettings, not_covered: tuple[str, ...] = ()) -> ModerationFacts:
    """Sum up the moderation of every row that became an example (it has a digest); `facts` may lack the column."""
    is_example = pc.is_valid(facts["digest"])
    examples = pc.sum(is_example).as_py() or 0
    if "moderation" not in facts.column_names:
        return ModerationFacts(not_asked=examples, not_covered=not_covered)
    asked = facts["moderation"].filter(pc.and_(is_example, pc.is_valid(facts["moderation"]))).combine_chunks()
    states = {one["values"]: one["counts"] for one in pc.value_counts(asked.field("state")).to_pylist()}
    counts = {word: states.get(word, 0) for word in ("verified", "screened", "held")}
    is_screened = pc.equal(asked.field("state"), "screened")
    flagged = _flagged(asked.filter(pc.invert(is_screened)), settings)
    suspected = _suspected(asked.filter(is_screened))
    return ModerationFacts(
        state=_state(counts, examples=examples),
        backends=tuple(sorted(name for name in pc.unique(asked.field("backend")).to_pylist() if name)),
        **counts,
        not_asked=examples - len(asked),
        flagged=len(flagged),
        categories=_counted(flagged),
        to_review=len(suspected),
        suspected=_counted(suspected),
        not_covered=(*not_covered, *([SCREEN_LIMITS] if counts["screened"] else [])),
    )


def _state(counts: dict[str, int], *, examples: int) -> State:
    if not any(counts.values()):
        return "not asked"
    if counts["held"]:
        return "held"
    if counts["verified"] == examples:
        return "verified"
    return "screened" if counts["screened"] == examples else "partly"


def _flagged(asked: pa.Array, settings: ModerationSettings) -> list[tuple[str, ...]]:
    """Give the categories of each flagged row; only thresholds of the plan need a look at every score."""
    if not settings.thresholds:
        asked = asked.filter(pc.greater(pc.fill_null(pc.list_value_length(asked.field("categories")), 0), 0))
    return [found for fact in asked.to_pylist() if (found := flags(from_column(fact), settings))]


def _suspected(screened: pa.Array) -> list[tuple[str, ...]]:
    """Give what the offline screen suspects of each row that it would have read; the plan's thresholds are not its own."""
    some = screened.filter(pc.greater(pc.fill_null(pc.list_value_length(screened.field("categories")), 0), 0))
    return [tuple(name.removeprefix("screen/") for name in names) for names in some.field("categories").to_pylist()]


def _counted(flagged: list[tuple[str, ...]]) -> dict[str, int]:
    counts = Counter(category for categories in flagged for category in categories)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
