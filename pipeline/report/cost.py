"""The price before it is paid: tokens, epochs, training cost as an interval, and how long the tuned model will live."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from pipeline.core.example import Method
from pipeline.core.lifetime import State, status
from pipeline.core.money import UNKNOWN, Usd, show_range, show_usd, tokens_usd
from pipeline.core.settings import CostSettings
from pipeline.core.target import Settings, Target
from pipeline.report.effort import Effort
from pipeline.report.epochs import Passes, passes
from pipeline.report.lengths import Lengths, Weight, weigh

YOUR_PRICE: Final = "your price"


class Interval(Settings):
    """US dollars from least to most; both None: not documented."""

    low_usd: Usd | None = None
    high_usd: Usd | None = None

    def __str__(self) -> str:
        """Give it for people."""
        return show_range(self.low_usd, self.high_usd)


class Rate(Settings):
    """A price per million training tokens and where it comes from."""

    low_usd: Usd
    high_usd: Usd
    source: str
    """A page, or `your price`."""
    as_of: date | None = None
    """When the price was read; None for your own."""
    certainty: Literal["documented", "reported", "inferred", "yours"] = "documented"

    def __str__(self) -> str:
        """Give it for people, with its date."""
        price = f"{show_range(self.low_usd, self.high_usd)} per million tokens"
        if self.as_of is None:
            return f"{price} ({YOUR_PRICE})"
        return f"{price} ({self.certainty}, as of {self.as_of})"


class TargetCost(Settings):
    """What training at one target costs."""

    target: str
    method: Method
    tokens: int
    """Tokens of one pass, cut at the window."""
    padded_tokens: int
    """Tokens of one pass if batches are padded to their longest example and padding is billed."""
    cut_tokens: int
    cut_examples: int
    wasted_tokens: int
    """Tokens of one pass that leaving out duplicates saves."""
    wasted: Interval
    """What they would have cost over all passes."""
    encoding: str
    is_exact: bool
    """False where the model has another tokenizer, so that every number of tokens is an estimate."""
    epochs_low: int
    epochs_high: int
    epochs_basis: str
    rate: Rate | None
    """None: not documented, so nothing is estimated."""
    training: Interval
    validation: Interval
    """Zero where validation is free; per evaluation where it is billed."""
    is_own_hardware: bool
    """Whether no one bills tokens, because the user's own machine trains."""
    usd_per_hour: Usd | None
    """Where jobs are paid by the hour, tokens do not decide the price."""
    minimum_usd: Usd | None
    hosting_usd_per_hour: Usd | None
    state: State
    can_train: bool
    days_left: int | None
    lifetime: str
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Give the line for the terminal: price, epochs, what it rests on."""
        return f"{self.target}: {_training_text(self)} ({_epochs_text(self)}; {_rate_text(self)}); {self.lifetime}"


class Cost(Settings):
    """The cost report: the chosen target, those compared with it, and what the work around training takes."""

    as_of: date
    examples: int
    validation_examples: int
    duplicate_examples: int
    chosen: TargetCost
    compared: tuple[TargetCost, ...] = ()
    moderation: Effort | None = None
    review: Effort | None = None


def cost(
    lengths: Lengths,
    settings: CostSettings,
    target: Target,
    *,
    on: date,
    method: Method = "sft",
    compare: Sequence[Target] = (),
    moderation: Effort | None = None,
    review: Effort | None = None,
) -> Cost:
    """Give the cost as of a day. The plan's own price holds for the chosen target only, not for the compared ones."""
    theirs = settings.model_copy(update={"training_usd_per_million_tokens": None})
    return Cost(
        as_of=on,
        examples=len(lengths.train),
        validation_examples=len(lengths.validation),
        duplicate_examples=len(lengths.duplicate),
        chosen=target_cost(lengths, settings, target, on=on, method=method),
        compared=tuple(target_cost(lengths, theirs, other, on=on, method=method) for other in compare),
        moderation=moderation,
        review=review,
    )


def target_cost(lengths: Lengths, settings: CostSettings, target: Target, *, on: date, method: Method) -> TargetCost:
    """Give what training at one target costs as of a day."""
    limits = target.limits.get(method)
    window = limits.max_tokens if limits is not None else None
    train, again = weigh(lengths.train, window=window), weigh(lengths.duplicate, window=window)
    turns = passes(settings.epochs, examples=len(lengths.train), rule=target.epochs)
    rate = rate_of(target, settings, method)
    life = status(target, on)
    return TargetCost(
        target=target.id,
        method=method,
        tokens=train.tokens,
        padded_tokens=train.padded,
        cut_tokens=train.cut_tokens,
        cut_examples=train.cut_examples,
        wasted_tokens=again.tokens,
        wasted=_price(again, turns, rate),
        encoding=target.encoding or "o200k_base",
        is_exact=target.encoding is not None,
        epochs_low=turns.low,
        epochs_high=turns.high,
        epochs_basis=turns.basis,
        rate=rate,
        training=_with_minimum(_price(train, turns, rate), target),
        validation=_validation(weigh(lengths.validation, window=window), turns, rate, target),
        is_own_hardware=target.prices.is_own_hardware,
        usd_per_hour=target.prices.training_usd_per_hour,
        minimum_usd=target.prices.minimum_usd_per_job,
        hosting_usd_per_hour=target.prices.hosting_usd_per_hour,
        state=life.state,
        can_train=life.can_train and limits is not None,
        days_left=life.days,
        lifetime=life.sentence,
        notes=tuple(_notes(target, method, turns, train)),
    )


def rate_of(target: Target, settings: CostSettings, method: Method) -> Rate | None:
    """Give the price per million training tokens: the plan's where it names one, else the target's; None: unknown."""
    own = settings.training_usd_per_million_tokens
    if own is not None:
        exact = Decimal(str(own))
        return Rate(low_usd=exact, high_usd=exact, source=YOUR_PRICE, certainty="yours")
    field, low, high = _listed_price(target, method)
    source = target.source_of(f"prices.{field}")
    if low is None or source is None:
        return None
    return Rate(low_usd=low, high_usd=high or low, source=source.source, as_of=source.as_of, certainty=source.certainty)


class _Listed(NamedTuple):
    field: str
    low: Usd | None
    high: Usd | None


def _listed_price(target: Target, method: Method) -> _Listed:
    prices = target.prices
    if method == "dpo" and prices.dpo_training_usd_per_million_tokens is not None:
        return _Listed(
            "dpo_training_usd_per_million_tokens",
            prices.dpo_training_usd_per_million_tokens,
            prices.highest_dpo_training_usd_per_million_tokens,
        )
    return _Listed(
        "training_usd_per_million_tokens",
        prices.training_usd_per_million_tokens,
        prices.highest_training_usd_per_million_tokens,
    )


def _price(weight: Weight, turns: Passes, rate: Rate | None) -> Interval:
    if rate is None:
        return Interval()
    low = tokens_usd(weight.tokens * turns.low, rate.low_usd)
    return Interval(low_usd=low, high_usd=tokens_usd(weight.padded * turns.high, rate.high_usd))


def _with_minimum(price: Interval, target: Target) -> Interval:
    """Give the price with the minimum a job costs; one that is only reported raises the upper end alone."""
    least = target.prices.minimum_usd_per_job
    if least is None or price.low_usd is None or price.high_usd is None:
        return price
    most = target.prices.highest_minimum_usd_per_job or least
    source = target.source_of("prices.minimum_usd_per_job")
    is_sure = source is not None and source.certainty == "documented"
    low = max(price.low_usd, least) if is_sure else price.low_usd
    return Interval(low_usd=low, high_usd=max(price.high_usd, most))


def _validation(weight: Weight, turns: Passes, rate: Rate | None, target: Target) -> Interval:
    """Where validation is billed, from no evaluation to one after each pass."""
    if target.prices.bills_validation is False or not weight.tokens:
        return Interval(low_usd=Decimal(0), high_usd=Decimal(0))
    if target.prices.bills_validation is None or rate is None:
        return Interval()
    return Interval(low_usd=Decimal(0), high_usd=tokens_usd(weight.tokens * turns.high, rate.high_usd))


def _notes(target: Target, method: Method, turns: Passes, train: Weight) -> list[str]:
    notes = [*target.notes]
    if method not in target.methods:
        notes.append(f"It does not train by {method}.")
    if turns.is_estimate:
        notes.append("The number of epochs is an estimate: give `epochs` to fix it.")
    if train.padded > train.tokens:
        notes.append("The upper end bills padding; whether it is billed is not documented.")
    if method == "dpo" and target.platform == "openai":
        notes.append("Which tokens of a preference pair are billed is not documented.")
    return notes


def _epochs_text(priced: TargetCost) -> str:
    low, high = priced.epochs_low, priced.epochs_high
    count = f"{low} to {high} epochs" if low != high else f"{low} epoch{'s' * (low != 1)}"
    return f"{count}, {priced.epochs_basis}"


def _training_text(priced: TargetCost) -> str:
    return "no charge by token" if priced.is_own_hardware and priced.rate is None else str(priced.training)


def _rate_text(priced: TargetCost) -> str:
    if priced.rate is not None:
        return str(priced.rate)
    if priced.usd_per_hour is not None:
        return f"{show_usd(priced.usd_per_hour)} an hour"
    return "your own hardware" if priced.is_own_hardware else f"price {UNKNOWN}"
