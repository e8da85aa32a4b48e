"""How fast the account may be asked: evenly, a little below its limits, in all processes that share the cache."""

import random
from collections.abc import Mapping
from typing import Final, Literal, Protocol

from pipeline.measure.cache import Cache, Toll
from pipeline.measure.providers.answer import Allowance, Lane

REQUESTS_PER_MINUTE: Final = 500
"""Where no limit is given: tier 1 and 2 (model page of omni-moderation, read August 2026)."""
TOKENS_PER_MINUTE: Final = 10_000
"""Where no limit is given: free tier and tier 1, same source."""
MARGIN: Final = 0.98
"""Share of the limit that is used: what is left covers requests that arrive closer together than they were sent."""
SLOWEST: Final = 0.1
"""Least share of the pace after many refusals."""
_LONGEST_BACKOFF_SECONDS: Final = 30.0

What = Literal["requests", "tokens"]


class Ceilings(Protocol):
    """The account's limits a minute as the plan names them; None: not named."""

    @property
    def requests_per_minute(self) -> int | None:
        """Requests."""
        ...

    @property
    def tokens_per_minute(self) -> int | None:
        """Tokens."""
        ...


TIER_1: Final[Mapping[str, float]] = {"requests": REQUESTS_PER_MINUTE, "tokens": TOKENS_PER_MINUTE}
"""Limits of moderation to begin with."""


class Pace:
    """When the next request may go. `minute_seconds` is the span of the limits, shorter in tests.

    `begin` are the limits a minute while neither plan nor headers name any.

    Even spacing, because a provider may apply its limit to parts of a minute, and because only then does a restart
    or a second process pass the limit by no more than the one request that is under way.
    """

    def __init__(
        self,
        cache: Cache,
        *,
        lane: str,
        settings: Ceilings,
        minute_seconds: float,
        backoff_seconds: float,
        begin: Mapping[str, float] = TIER_1,
    ) -> None:
        self._cache, self._lane = cache, lane
        self._minute, self._backoff = minute_seconds, backoff_seconds
        self._ceilings = {"requests": settings.requests_per_minute, "tokens": settings.tokens_per_minute}
        self.per_minute: dict[str, float] = {
            "requests": settings.requests_per_minute or begin["requests"],
            "tokens": settings.tokens_per_minute or begin["tokens"],
        }
        self._in_flight = {"requests": 0.0, "tokens": 0.0}
        self._hold_until = 0.0
        self._share = 1.0
        self._denied = 0

    def take_turn(self, *, now: float, tokens: int) -> float:
        """Give 0 when a request of so many tokens may go now, and count it; else the seconds until it is worth asking."""
        wait = self._hold_until - now
        if wait <= 0:
            tolls = [self._toll("requests", 1), self._toll("tokens", tokens)]
            wait = self._cache.take_turn(tolls, now=now)
        if wait <= 0:
            self._in_flight["requests"] += 1
            self._in_flight["tokens"] += tokens
        return max(0.0, wait)

    def landed(self, *, tokens: int) -> None:
        """Say that a request of so many tokens is no longer under way."""
        self._in_flight["requests"] -= 1
        self._in_flight["tokens"] -= tokens

    def answered(self, allowance: Allowance, *, now: float, tokens: int) -> None:
        """Learn from the headers of a good answer to so many tokens."""
        self._denied = 0
        self._share = min(1.0, self._share + 0.02)
        self._heed("requests", allowance.requests, 1, now)
        self._heed("tokens", allowance.tokens, tokens, now)

    def denied(self, after_seconds: float | None, *, now: float) -> None:
        """Hold everything after a 429, for as long as the provider asks, else longer each time, and go on slower."""
        if now >= self._hold_until:  # requests that were under way together count once
            self._denied += 1
            self._share = max(SLOWEST, self._share * 0.8)
        wait = after_seconds if after_seconds is not None else self.backoff(self._denied)
        self._hold_until = max(self._hold_until, now + wait)

    def backoff(self, attempt: int) -> float:
        """Give the seconds to wait before the attempt after this one (from 1): doubled each time, spread by a quarter."""
        longest = min(self._backoff * 2.0 ** min(attempt - 1, 16), _LONGEST_BACKOFF_SECONDS)
        return longest * random.uniform(0.75, 1.0)  # noqa: S311 - no secret; so that processes do not come together

    def _toll(self, what: What, amount: float) -> Toll:
        cost = amount * self._minute / (self.per_minute[what] * MARGIN * self._share)
        return Toll(f"{self._lane} {what}", cost, self._minute / 600)

    def _heed(self, what: What, lane: Lane, need: float, now: float) -> None:
        if not lane.limit:
            return
        self._adopt(what, lane)
        if lane.remaining is None or lane.reset_seconds is None or lane.remaining >= lane.limit:
            return
        # what is under way may not be counted yet in `remaining`
        short = need + self._in_flight[what] - lane.remaining
        if short > 0:
            share = min(1.0, short / (lane.limit - lane.remaining))
            self._hold_until = max(self._hold_until, now + lane.reset_seconds * share)

    def _adopt(self, what: What, lane: Lane) -> None:
        """Follow the account's limit: down always, up where the user named none and it is surely one of a minute."""
        assert lane.limit is not None
        ceiling = self._ceilings[what]
        if lane.limit < self.per_minute[what] or (ceiling is None and _is_of_a_minute(lane, self._minute)):
            self.per_minute[what] = lane.limit
        elif ceiling is not None:
            self.per_minute[what] = min(ceiling, lane.limit)


def _is_of_a_minute(lane: Lane, minute_seconds: float) -> bool:
    """Say whether what was used comes back at the speed of a limit a minute: some headers tell the daily limit."""
    if not lane.limit or lane.remaining is None or not lane.reset_seconds or lane.remaining >= lane.limit:
        return False
    span = lane.reset_seconds * lane.limit / (lane.limit - lane.remaining)
    return minute_seconds * 0.5 <= span <= minute_seconds * 1.5
