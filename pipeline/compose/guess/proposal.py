"""What a guess gives: settings that worked on the sample, and the reason in a sentence."""

from typing import NamedTuple

from pipeline.core.target import Settings


class Proposal(NamedTuple):
    """A recipe with its settings, and what reader and plan need beside it."""

    settings: Settings
    reason: str
    """One sentence for the user: what was seen, and what it was taken for."""
    group: str | None = None
    """The reader's `group`: rows with one value here make one conversation."""
    order: str | None = None
    """The reader's `order`."""
    unfold: str | None = None
    """The reader's `unfold`: a list, or a message tree, that takes each record apart."""
    family: str | None = None
    """The plan's `family`: a column whose equal values must not straddle the split."""
    share: float = 1.0
    """Share of the sample's records that the recipe makes examples of."""
