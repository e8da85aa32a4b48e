"""Numbers as people read them; one place, so that every face of the report writes them alike."""

from pipeline.core.money import show_usd
from pipeline.report.effort import Effort


def count(number: float) -> str:
    """Write a count with thousands separated; halves and the like keep one decimal."""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"


def share(part: float | None) -> str:
    """Write a share as a percentage, with enough decimals to tell a little from nothing; None is a dash."""
    if part is None:
        return "\N{EN DASH}"
    percent = part * 100
    if 0 < percent < 0.1:  # noqa: PLR2004 - one decimal would show nothing
        return "< 0.1%"
    if 99.9 < percent < 100:  # noqa: PLR2004 - neither would show what is missing
        return "> 99.9%"
    return f"{percent:.0f}%" if percent.is_integer() else f"{percent:.1f}%"


def plural(number: int, noun: str, nouns: str = "") -> str:
    """Write a count with its noun, `1 row` or `2 rows`."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def size(number: int) -> str:
    """Write bytes in the unit that leaves one to three digits, 1 kB being 1,000 bytes."""
    amount, units = float(number), ["B", "kB", "MB", "GB", "TB"]
    while amount >= 999.5 and len(units) > 1:  # noqa: PLR2004 - 999.5 would be written 1,000
        amount, units = amount / 1000, units[1:]
    return f"{amount:.0f} {units[0]}" if units[0] == "B" or amount >= 10 else f"{amount:.1f} {units[0]}"  # noqa: PLR2004


def duration(seconds: float) -> str:
    """Write a time in the two units that matter: 42 s, 3 min 20 s, 5 h 10 min, 12 days."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours >= 48:  # noqa: PLR2004 - two days
        return f"{round(hours / 24)} days"
    if hours:
        return f"{hours} h {minutes_left} min" if minutes_left else f"{hours} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{rest} s"


def effort(needed: Effort) -> str:
    """Write what something takes in time and money."""
    parts = [duration(needed.seconds)] if needed.seconds is not None else []
    return ", ".join([*parts, "free" if needed.usd == 0 else show_usd(needed.usd)])
