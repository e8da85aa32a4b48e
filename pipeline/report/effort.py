"""What the work around training takes: screening by the Moderation API, and a person who reads."""

from decimal import Decimal
from typing import Final

from pipeline.core.money import Usd, show_usd
from pipeline.core.settings import ModerationSettings
from pipeline.core.target import Settings

TIER_1_REQUESTS: Final = 500
TIER_1_TOKENS: Final = 10_000
"""omni-moderation's limits a minute at tier 1 (its model page, 2026-08)."""


class Effort(Settings):
    """Time and money that something besides training takes; handed in by who knows it."""

    seconds: float | None = None
    usd: Usd | None = None
    basis: str
    """What the numbers rest on, in one sentence."""


def moderation_effort(texts: int, tokens: int, settings: ModerationSettings) -> Effort:
    """Give the time that OpenAI's Moderation API takes at the account's limits (tier 1's where none are set).

    Several texts share a request where the provider packs them, so requests are counted one a text: at most so long.
    """
    tokens_a_minute = settings.tokens_per_minute or TIER_1_TOKENS
    requests_a_minute = settings.requests_per_minute or TIER_1_REQUESTS
    by_tokens = tokens * 60 / tokens_a_minute
    by_requests = texts * 60 / requests_a_minute
    limit = f"{tokens_a_minute:,} tokens" if by_tokens >= by_requests else f"{requests_a_minute:,} requests"
    basis = f"{limit} a minute; the API is free"
    return Effort(seconds=max(by_tokens, by_requests), usd=Decimal(0), basis=basis)


def review_effort(examples: int, *, seconds_each: float, usd_per_hour: Usd | None) -> Effort:
    """Give what it takes a person to read so many examples."""
    seconds = examples * seconds_each
    usd = None if usd_per_hour is None else Decimal(str(seconds)) * usd_per_hour / 3600
    price = f"{show_usd(usd_per_hour)} an hour" if usd_per_hour is not None else "no hourly rate given"
    return Effort(seconds=seconds, usd=usd, basis=f"{seconds_each:g} seconds an example, {price}")
