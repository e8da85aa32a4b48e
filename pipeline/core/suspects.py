r"""How a rule picks its suspects: claims over the facts of a batch that Arrow evaluates without parsing a row.

A claim may pick too many rows, never too few. Rows whose shape is not regular are looked at whatever a claim says.
Facts are flat columns: `payload`, `roles`, `bits`, `keys`, `turns`, `tool_calls`, `total_tokens`, `assistant_tokens`,
`trained_tokens`, ..., `images`, `is_flagged`, `moderation_state`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.rule import Suspects
from pipeline.core.shape import Bit
from pipeline.core.target import Limits

Claim: TypeAlias = pa.Array | pa.ChunkedArray

ESCAPE: Final = r"\\[u/]"
"""The beginning of an escape that may hide a marker from a search of the payload's text."""


@dataclass(frozen=True)
class Has:
    """Pick examples that have any of these bits; two that name the same ones are equal, and `check` asks one of them."""

    mask: int

    def __call__(self, facts: pa.Table, _limits: Limits) -> Claim:
        """Give the claim; null where the shape is not known."""
        found = pc.bit_wise_and(facts["bits"], pa.scalar(self.mask, pa.uint32()))
        return pc.not_equal(found, pa.scalar(0, pa.uint32()))


def has(*bits: Bit) -> Suspects:
    """Pick examples that have any of these."""
    return Has(int(reduce(Bit.__or__, bits)))


@dataclass(frozen=True)
class Order:
    """Pick examples whose word of roles matches this regular expression anywhere; equal where the expressions are."""

    pattern: str

    def __call__(self, facts: pa.Table, _limits: Limits) -> Claim:
        """Give the claim; each of a few words is looked at once where the column is a dictionary of them."""
        roles = facts["roles"]
        if not pa.types.is_dictionary(roles.type):
            return pc.match_substring_regex(roles, self.pattern)
        words = roles.combine_chunks()
        return pc.match_substring_regex(words.dictionary, self.pattern).take(words.indices)


def order(pattern: str) -> Suspects:
    """Pick examples whose word of roles matches this regular expression anywhere."""
    return Order(pattern)


@dataclass(frozen=True)
class Mentions:
    r"""Pick examples whose JSON text matches a regular expression; `check` asks all such claims in one pass.

    The text is searched as it stands between its quotes: a line break reads `\n`, a quote `\"`.
    """

    pattern: str
    closer: tuple[str, ...] = ()
    """Further expressions that must match as well: dearer ones, each asked only of what those before it picked."""

    def __call__(self, facts: pa.Table, _limits: Limits) -> Claim:
        """Give the claim; a text with escapes that could hide the marker is picked as well."""
        found = (pc.match_substring_regex(facts["payload"], pattern) for pattern in (self.pattern, *self.closer))
        return pc.or_kleene(reduce(pc.and_kleene, found), pc.match_substring_regex(facts["payload"], ESCAPE))


def either(*claims: Suspects) -> Suspects:
    """Pick what any of the claims picks."""

    def claim(facts: pa.Table, limits: Limits) -> Claim:
        return reduce(pc.or_kleene, (one(facts, limits) for one in claims))

    return claim


def both(*claims: Suspects) -> Suspects:
    """Pick what all of the claims pick."""

    def claim(facts: pa.Table, limits: Limits) -> Claim:
        return reduce(pc.and_kleene, (one(facts, limits) for one in claims))

    return claim


def where(condition: Callable[[Limits], bool], claim: Suspects) -> Suspects:
    """Pick by the claim where the target asks for it, and nothing elsewhere."""

    def asked(facts: pa.Table, limits: Limits) -> Claim:
        return claim(facts, limits) if condition(limits) else none(facts, limits)

    return asked


def none(facts: pa.Table, _limits: Limits) -> Claim:
    """Pick nothing: only what is not regular can have the flaw."""
    return pa.repeat(pa.scalar(value=False), facts.num_rows)


def more(column: str, limit: Callable[[Limits], int | None]) -> Suspects:
    """Pick examples where this count is over the target's limit; what was not counted is not picked."""

    def claim(facts: pa.Table, limits: Limits) -> Claim:
        most = limit(limits)
        return none(facts, limits) if most is None else pc.fill_null(pc.greater(facts[column], most), fill_value=False)

    return claim


def every(facts: pa.Table, _limits: Limits) -> Claim:
    """Pick all: no column tells."""
    return pa.repeat(pa.scalar(value=True), facts.num_rows)
