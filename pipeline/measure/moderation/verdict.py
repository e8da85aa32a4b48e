"""What the API said of one text: read with distrust, and packed small for the cache."""

import math
import struct
from typing import Any, Final, NamedTuple

import msgspec

from pipeline.core.moderation import single

OMNI: Final = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
"""Categories of omni-moderation, sorted. In the cache these names are understood, others are spelled out."""


class Verdict(NamedTuple):
    """Scores of one text or image."""

    model: str
    """The model that answered, as it names itself."""
    flagged: bool
    scores: tuple[tuple[str, float], ...]
    """Category and score in single precision, sorted by category."""
    categories: tuple[str, ...]
    """Those the model flags, sorted."""


def verdicts(body: bytes, *, expected: int) -> tuple[Verdict, ...] | int | None:
    """Give one verdict a text; the number of results when it is another; None when the body has not the API's shape.

    A result with a score that is missing, not a number or not within 0 to 1 is no verdict: nothing is taken for clean.
    """
    try:
        return read(msgspec.json.decode(body), expected=expected)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def read(answer: Any, *, expected: int) -> tuple[Verdict, ...] | int | None:
    """Give the same of a body that is decoded already."""
    try:
        results = answer["results"]
        if len(results) != expected:
            return len(results)
        return tuple(_verdict(str(answer["model"]), result) for result in results)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _verdict(model: str, result: dict[str, Any]) -> Verdict:
    # `illicit` is null for models that do not know it
    scores = {name: _score(value) for name, value in result["category_scores"].items() if value is not None}
    if not scores or not isinstance(result["flagged"], bool):
        raise ValueError
    categories = tuple(sorted(name for name, is_flagged in result["categories"].items() if is_flagged is True))
    return Verdict(model, result["flagged"] or bool(categories), tuple(sorted(scores.items())), categories)


def _score(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= 1:
        raise ValueError
    return single(value)


def pack(scores: tuple[tuple[str, float], ...], categories: tuple[str, ...], *rest: Any) -> bytes:
    """Give scores and flags in some 70 bytes, followed by any other plain values; `unpack` gives them back."""
    names = tuple(name for name, _ in scores)
    numbers = struct.pack(f"<{len(scores)}f", *(score for _, score in scores))
    flagged = [names.index(name) if name in names else name for name in categories]
    return msgspec.msgpack.encode((None if names == OMNI else names, numbers, flagged, *rest))


def unpack(packed: bytes) -> tuple[Any, ...]:
    """Give what `pack` was given: scores, categories and the rest."""
    names, numbers, flagged, *rest = msgspec.msgpack.decode(packed)
    names = OMNI if names is None else tuple(names)
    scores = tuple(zip(names, struct.unpack(f"<{len(names)}f", numbers), strict=True))
    return scores, tuple(name if isinstance(name, str) else names[name] for name in flagged), *rest


def to_bytes(verdict: Verdict) -> bytes:
    """Give the verdict as the cache keeps it."""
    return pack(verdict.scores, verdict.categories, verdict.model, verdict.flagged)


def from_bytes(packed: bytes) -> Verdict:
    """Give the verdict that the cache kept."""
    scores, categories, model, flagged = unpack(packed)
    return Verdict(model, flagged, scores, categories)
