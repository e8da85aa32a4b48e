"""The rows of `tuneset targets`: what there is, what it costs, and what is closed or closing as of a day."""

from collections.abc import Iterable
from datetime import date

from pipeline.core.example import Method
from pipeline.core.lifetime import State, status
from pipeline.core.money import UNKNOWN, show_range, show_usd
from pipeline.core.target import Settings, Target
from pipeline.targets.catalogue import all_targets


class TargetRow(Settings):
    """One target in the list."""

    id: str
    title: str
    methods: tuple[Method, ...]
    formats: tuple[str, ...]
    max_tokens: int | None
    """Of an example in training by the first method; None: not documented, or the user's choice."""
    encoding: str | None
    """None: another tokenizer, so counts are estimates."""
    price: str
    """Training, for people, with its unit."""
    price_as_of: date | None
    state: State
    days_left: int | None
    lifetime: str
    notes: tuple[str, ...]


def targets_table(on: date, targets: Iterable[Target] | None = None) -> tuple[TargetRow, ...]:
    """Give a row for each target, by default the package's, as of a day."""
    return tuple(_row(target, on) for target in (all_targets().values() if targets is None else targets))


def _row(target: Target, on: date) -> TargetRow:
    life = status(target, on)
    source = target.source_of("prices.training_usd_per_million_tokens")
    is_priced = (
        target.prices.training_usd_per_million_tokens is not None or target.prices.training_usd_per_hour is not None
    )
    return TargetRow(
        id=target.id,
        title=target.title,
        methods=target.methods,
        formats=target.formats,
        max_tokens=target.limits[target.methods[0]].max_tokens,
        encoding=target.encoding,
        price=price_text(target),
        price_as_of=source.as_of if source is not None and is_priced else None,
        state=life.state,
        days_left=life.days,
        lifetime=life.sentence,
        notes=target.notes,
    )


def price_text(target: Target) -> str:
    """Give the price of training for people: by token, by hour, on one's own machine, or not documented."""
    prices = target.prices
    low = prices.training_usd_per_million_tokens
    if low is not None:
        return f"{show_range(low, prices.highest_training_usd_per_million_tokens or low)} per million tokens"
    if prices.training_usd_per_hour is not None:
        return f"{show_usd(prices.training_usd_per_hour)} an hour"
    return "your own hardware" if prices.is_own_hardware else UNKNOWN
