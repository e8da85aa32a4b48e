"""What moderation takes before it is asked, and what it cannot tell about a platform's own checks."""

import math
from typing import Final, NamedTuple

from pipeline.core.settings import ModerationSettings
from pipeline.measure.moderation.pace import MARGIN, REQUESTS_PER_MINUTE, TOKENS_PER_MINUTE
from pipeline.measure.moderation.talk import MOST_TOKENS_PER_REQUEST


class Tier(NamedTuple):
    """Limits of omni-moderation in one usage tier of an account."""

    requests_per_minute: int
    requests_per_day: int | None
    tokens_per_minute: int


TIERS: Final = {
    "free": Tier(250, 5_000, 10_000),
    "1": Tier(500, 10_000, 10_000),
    "2": Tier(500, None, 20_000),
    "3": Tier(1_000, None, 50_000),
    "4": Tier(2_000, None, 250_000),
    "5": Tier(5_000, None, 500_000),
}
"""Source: the model page of omni-moderation in OpenAI's documentation, read August 2026."""

ONLY_AFTER_TRAINING: Final = ("advice", "highly-sensitive", "propaganda", "sensitive")
"""Categories by which OpenAI judges a tuned model before it may be deployed, and that no moderation API covers.

Source: the safety section of OpenAI's supervised fine-tuning guide, read 2026: 13 categories, of which 9 are also the
Moderation API's. The thresholds of both gates are unpublished, so a clean result does not guarantee acceptance.
"""


class Estimate(NamedTuple):
    """What moderation of a dataset takes. It is free of charge; the account's limits make it a matter of time."""

    requests: int
    minutes: float


def estimate(texts: int, tokens: int, settings: ModerationSettings) -> Estimate:
    """Give requests and minutes for so many different texts of so many tokens together, none of them in the cache.

    A limit a day (free tier and tier 1) may stretch it over days: the run stops there with exit 4 and goes on later.
    """
    per_minute = settings.requests_per_minute or REQUESTS_PER_MINUTE
    tokens_per_minute = settings.tokens_per_minute or TOKENS_PER_MINUTE
    most_tokens = min(MOST_TOKENS_PER_REQUEST, tokens_per_minute / 4)
    requests = max(math.ceil(texts / settings.max_texts_per_request), math.ceil(tokens / most_tokens))
    return Estimate(requests, max(requests / per_minute, tokens / tokens_per_minute) / MARGIN)
