"""Tokens of sets of examples, as the report holds them."""

from pydantic import Field

from pipeline.core.target import Settings


class Distribution(Settings):
    """One count per example, summed up."""

    sum: int
    min: int
    median: float
    mean: float
    p95: float
    max: int


class Bin(Settings):
    """Examples whose tokens are at least `least` and below `below`."""

    least: int
    below: int
    examples: int


class TokenFacts(Settings):
    """Tokens of a set of examples."""

    examples: int
    """Examples that were counted."""
    total: Distribution
    """As billed for one epoch: content, roles and the format's own tokens."""
    system: Distribution
    user: Distribution
    assistant: Distribution
    tool: Distribution
    tools: Distribution
    trained: Distribution
    turns: Distribution | None = None
    without: dict[str, int] = Field(default_factory=dict)
    """Role → examples that lack it."""
    histogram: tuple[Bin, ...] = ()
    over_limit: int = 0
    """Examples longer than the limit."""
    cut: int = 0
    """Tokens beyond the limit, which the platform would cut from the ends."""
    billable: int
    """Tokens of one epoch when every example is cut at the limit."""


class Tokens(Settings):
    """Every number here is in `encoding`, by `formula`."""

    encoding: str
    formula: str
    is_estimate: bool
    limit: int | None
    composed: TokenFacts | None = None
    """Every example that was composed, also rejected ones: what the sources would weigh as they are."""
    shipped: TokenFacts | None = None
    """The kept examples: what the training files weigh."""
    wasted_on_duplicates: int | None = None
    """Tokens of one epoch that the left-out duplicates would have cost."""
