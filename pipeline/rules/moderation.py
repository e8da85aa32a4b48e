"""Rows that a moderation backend flagged or could not judge, and rows that the offline screen sends to a reader."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.example import Example, Moderation, transcript
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, rule
from pipeline.core.suspects import Claim
from pipeline.core.target import Limits

SAID: Final = transcript("user: Hi\nassistant: Hello")
CLEAN: Final = replace(SAID, moderation=Moderation("backend", "verified", flagged=False))
FLAGGED: Final = replace(SAID, moderation=Moderation("backend", "verified", flagged=True, categories=("hate",)))
SCREENED: Final = replace(SAID, moderation=Moderation("screen", "screened"))
ROUTED: Final = replace(
    SAID,
    moderation=Moderation(
        "screen", "screened", categories=("screen/hate",), places=(("screen/hate", "/messages/0/content"),)
    ),
)
HELD: Final = replace(SAID, moderation=Moderation("backend", "held"))


def _flagged(facts: pa.Table, _limits: Limits) -> Claim:
    return pc.fill_null(facts["is_flagged"], fill_value=False)


def _held(facts: pa.Table, _limits: Limits) -> Claim:
    return pc.fill_null(pc.equal(facts["moderation_state"], "held"), fill_value=False)


@rule("moderation.flagged", suspects=_flagged, good=(SAID, CLEAN, ROUTED), bad=(FLAGGED,))
def flagged(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Platforms block a whole file that holds too many flagged examples, in training and in validation files.

    Read it and delete or rewrite it. Passing this check is no promise: platforms also judge by other means.
    """
    said = example.moderation
    places = dict(said.places) if said else {}
    for category in said.categories if said and said.state != "screened" else ():
        yield Flaw(places.get(category, ""), f"Flagged for {category}; expected no flag.")


def _routed(facts: pa.Table, _limits: Limits) -> Claim:
    return pc.fill_null(facts["is_routed"], fill_value=False)


@rule(
    "moderation.screened",
    severity=Severity.INFO,
    suspects=_routed,
    good=(SAID, CLEAN, SCREENED, FLAGGED),
    bad=(ROUTED,),
)
def screened(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A weak screen that ships with tuneset, and knows English words but not who is attacked, would have a person read this.

    Read it; often it is harmless, and what the screen does not find is not therefore safe. Set OPENAI_API_KEY to ask the
    Moderation API instead, or `moderation.offline = "report"` to have such rows only counted. See docs/screen.md.
    """
    said = example.moderation
    for category, where in said.places if said and said.state == "screened" else ():
        yield Flaw(
            where, f"The offline screen (weak) suspects {category.removeprefix('screen/')}; a person should read it."
        )


@rule("moderation.held", suspects=_held, good=(SAID, CLEAN), bad=(HELD,))
def held(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The backend gave no answer for this row, so nobody knows whether it would be flagged; it is held, not passed.

    Run again: what was answered is kept, and only the rest is asked.
    """
    if example.moderation is not None and example.moderation.state == "held":
        yield Flaw("", "The moderation backend gave no answer; expected a verdict.")
