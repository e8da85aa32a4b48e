"""Guesses a recipe from a sample of records: by the names of columns, and by what their cells hold."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from pipeline.compose.guess import shapes, tables
from pipeline.compose.guess.proposal import Proposal
from pipeline.compose.guess.sample import Sample
from pipeline.compose.recipe import Record, recipes
from pipeline.core.trouble import Trouble

__all__ = ["Proposal", "guess"]

Guesser: TypeAlias = Callable[[Sample], Iterator[Proposal]]

_GUESSERS: Final[tuple[Guesser, ...]] = (
    shapes.preference,
    shapes.tool_traces,
    shapes.trees,
    shapes.turn_lists,
    shapes.unfoldable,
    tables.instructions,
    tables.legacy,
    tables.threads,
    tables.questions,
    tables.transcripts,
    tables.labelled_by_name,
    shapes.plain_lists,
    tables.two_columns,
    tables.labelled,
    tables.stories,
)
"""From the surest to the last resort."""
_LEAST_SHARE = 0.5


def guess(records: Sequence[Record]) -> list[Proposal]:
    """Give proposals, the best first; none for an empty sample.

    Every proposal was tried on the sample and made examples of at least half of it; those that need the reader's
    `group` or `unfold` could not be tried on ungrouped rows and stand on their reason alone.
    """
    sample = Sample(records)
    found = [proposal for guesser in _GUESSERS for proposal in guesser(sample)] if records else []
    distinct: dict[tuple[str, str | None, str | None], Proposal] = {}
    for one in found:
        distinct.setdefault((one.settings.model_dump_json(), one.group, one.unfold), one)
    tried = [one._replace(share=_share(one, records)) for one in distinct.values()]
    return [proposal for proposal in tried if proposal.share >= _LEAST_SHARE]


def _share(proposal: Proposal, records: Sequence[Record]) -> float:
    if proposal.group or proposal.unfold:
        return 1.0
    cook = recipes()[proposal.settings.model_dump()["recipe"]].make(proposal.settings)
    return sum(_is_composed(cook, record) for record in records) / len(records)


def _is_composed(cook: Callable[[Record], object], record: Record) -> bool:
    try:
        cook(record)
    except Trouble:
        return False
    return True
