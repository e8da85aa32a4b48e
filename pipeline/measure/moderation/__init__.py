"""Moderation by OpenAI's Moderation API: what every text scores, asked once ever; judging by limits comes later."""

from pipeline.core.moderation import as_column, flags, from_column
from pipeline.measure.moderation.cost import ONLY_AFTER_TRAINING, TIERS, Estimate, estimate
from pipeline.measure.moderation.moderate import Moderated, Summary, moderate
from pipeline.measure.moderation.talk import Patience

__all__ = [
    "ONLY_AFTER_TRAINING",
    "TIERS",
    "Estimate",
    "Moderated",
    "Patience",
    "Summary",
    "as_column",
    "estimate",
    "flags",
    "from_column",
    "moderate",
]
