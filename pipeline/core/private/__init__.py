"""Private data and secrets in text: found by patterns with checksums and context, never by guesses of entropy."""

from pipeline.core.private.detector import Detector, detectors
from pipeline.core.private.places import changed, changed_text
from pipeline.core.private.search import (
    ROUNDS,
    Found,
    found_by,
    is_clean,
    looks_private,
    masked,
    named,
    replaced,
    search,
)
from pipeline.core.private.suspected import suspects

__all__ = [
    "ROUNDS",
    "Detector",
    "Found",
    "changed",
    "changed_text",
    "detectors",
    "found_by",
    "is_clean",
    "looks_private",
    "masked",
    "named",
    "replaced",
    "search",
    "suspects",
]
