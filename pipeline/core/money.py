"""Money is exact: US dollars as Decimal, and one place that writes them down."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final, TypeAlias

Usd: TypeAlias = Decimal

UNKNOWN: Final = "not documented"
"""What stands where no price is known; never a zero."""

_CENT: Final = Decimal("0.01")


def tokens_usd(tokens: int, usd_per_million_tokens: Usd) -> Usd:
    """Give what so many tokens cost, unrounded."""
    return Decimal(tokens) * usd_per_million_tokens / 1_000_000


def show_usd(amount: Usd | None) -> str:
    """Write an amount for people: cents, or `under $0.01` for less than one; None is not documented."""
    if amount is None:
        return UNKNOWN
    if Decimal(0) < amount < _CENT:
        return f"under ${_CENT}"
    return f"${amount.quantize(_CENT, ROUND_HALF_UP):,}"


def show_range(low: Usd | None, high: Usd | None) -> str:
    """Write an interval, as one amount where both ends read the same."""
    ends = [show_usd(low), show_usd(high)]
    if low is None or high is None or ends[0] == ends[1]:
        return ends[0]
    return f"{ends[0]} to {ends[1]}"
