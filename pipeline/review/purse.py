"""Money: what a question costs at most, what it may be expected to cost, and a purse that never gives out more than it has.

Before a question is sent its highest price is set aside; after the answer the price by its usage is paid and the rest
goes back. What was sent and never answered may have been billed, so its highest price stays paid.
"""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Final, NamedTuple

from pipeline.core.money import Usd
from pipeline.review.verdict import Usage

BATCH_SHARE: Final = Decimal("0.5")
"""Of the price, by the Batch API (OpenAI's pricing page)."""
FRAME_TOKENS: Final = 512
"""Input beyond the bytes of messages and schema: roles, separators, what a provider adds for the schema."""
ANSWER_TOKENS: Final = 90
"""Output of an ordinary verdict: a reason of some fifty words, and the rest of the shape. For estimates only."""


class Price(NamedTuple):
    """US dollars for a million tokens."""

    input_usd: Usd
    output_usd: Usd

    def of(self, usage: Usage) -> Usd:
        """Give what so many tokens cost."""
        return (usage.input_tokens * self.input_usd + usage.output_tokens * self.output_usd) / 1_000_000

    def for_batches(self) -> "Price":
        """Give the price by the Batch API."""
        return Price(self.input_usd * BATCH_SHARE, self.output_usd * BATCH_SHARE)


class Spent(NamedTuple):
    """What a run has paid for."""

    usd: Usd = Decimal(0)
    """By the usage that answers told, or at most where they told none; includes `unsure_usd`."""
    unsure_usd: Usd = Decimal(0)
    """For what was sent and brought no usage back: possibly billed, counted at its highest price."""
    input_tokens: int = 0
    output_tokens: int = 0


class Purse:
    """The budget of one run; None: no end. Reserve, then settle each reservation exactly once."""

    def __init__(self, budget_usd: Usd | None, price: Price) -> None:
        self._budget, self.price = budget_usd, price
        self._reserved = Decimal(0)
        self._changed = asyncio.Event()
        self.spent = Spent()

    async def reserve(self, usage: Usage) -> bool:
        """Set the price of this usage aside, waiting for others to settle; False: it will never be there."""
        amount = self.price.of(usage)
        while not self._can(amount):
            if not self._reserved:
                return False
            self._changed.clear()
            await self._changed.wait()
        self._reserved += amount
        return True

    def settle(self, usage: Usage, *, paid: Usage | None) -> None:
        """End a reservation: pay what was used, or all of it where that is not known."""
        used = usage if paid is None else paid
        price, unsure = self.price.of(used), self.price.of(usage) if paid is None else Decimal(0)
        told = Usage(0, 0) if paid is None else paid
        before = self.spent
        self.spent = Spent(
            before.usd + price,
            before.unsure_usd + unsure,
            before.input_tokens + told.input_tokens,
            before.output_tokens + told.output_tokens,
        )
        self._reserved -= self.price.of(usage)
        self._changed.set()

    def take(self, usage: Usage) -> bool:
        """Set the price of this usage aside for good, as for a batch answered later; False: it is not there."""
        if not self._can(self.price.of(usage)):
            return False
        self.hold(usage)
        return True

    def hold(self, usage: Usage) -> None:
        """Set aside what an earlier run has promised already."""
        self._reserved += self.price.of(usage)

    def pay(self, usage: Usage) -> None:
        """Pay what an earlier run has promised, now that it is known."""
        self.hold(usage)
        self.settle(usage, paid=usage)

    @property
    def set_aside_usd(self) -> Usd:
        """Give what is promised and not settled."""
        return self._reserved

    def _can(self, amount: Usd) -> bool:
        return self._budget is None or self.spent.usd + self._reserved + amount <= self._budget


def highest(text_bytes: int, *, max_output_tokens: int) -> Usage:
    """Give the most that a request of so many bytes of messages and schema can use.

    No tokeniser in use makes more tokens than UTF-8 has bytes: each token stands for at least one.
    """
    return Usage(text_bytes + FRAME_TOKENS, max_output_tokens)


def expected(texts: tuple[str, ...], *, count: Callable[[str], int]) -> Usage:
    """Give what a request of these texts may be expected to use."""
    return Usage(sum(map(count, texts)) + 16, ANSWER_TOKENS)
