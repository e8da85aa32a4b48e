"""Which categories of a moderated example are over the plan's limits, and how its facts lie in their column."""

import struct
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

from pipeline.core.example import Moderation
from pipeline.core.settings import ModerationSettings

State: TypeAlias = Literal["verified", "screened", "held"]
"""verified: the API judged every text. screened: a weak local screen did. held: something was left unjudged.

A row without facts was not asked. None of the four says that a platform will accept it.
"""


def flags(fact: Moderation, settings: ModerationSettings) -> tuple[str, ...]:
    """Give the categories at or over the plan's limits, sorted; where the plan names none, the backend's decision.

    Scores are stored, so another limit needs no new request. A held row may be flagged by what was judged of it.
    """
    limits = settings.thresholds
    over = {name for name, score in fact.scores if name in limits and single(score) >= single(limits[name])}
    return tuple(sorted(over.union(name for name in fact.categories if name not in limits)))


def as_column(fact: Moderation) -> dict[str, Any]:
    """Give the value that a column of type `columns.MODERATION` takes."""
    return fact._asdict()


def from_column(value: Mapping[str, Any]) -> Moderation:
    """Give the facts that such a column holds, as Arrow's `to_pylist` gives them."""
    scores, places = (_pairs(value.get(name)) for name in ("scores", "places"))
    categories = tuple(value.get("categories") or ())
    return Moderation(value["backend"], value["state"], value["flagged"], scores, categories, places)


def single(value: float) -> float:
    """Give the value in the column's single precision, so that a score of 0.7 reaches a limit of 0.7."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def _pairs(value: Mapping[str, Any] | Iterable[tuple[str, Any]] | None) -> tuple[tuple[str, Any], ...]:
    return tuple(value.items() if isinstance(value, Mapping) else map(tuple, value or ()))
