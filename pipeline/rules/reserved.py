"""No text holds a word that the target keeps for itself."""

import re
from collections.abc import Iterator

import pyarrow as pa

from pipeline.core.example import Example
from pipeline.core.rule import Flaw, rule
from pipeline.core.suspects import Claim, Mentions, none
from pipeline.core.target import Limits


def _mentioned(facts: pa.Table, limits: Limits) -> Claim:
    words = "|".join(re.escape(word) for word in limits.reserved)
    return Mentions(words)(facts, limits) if words else none(facts, limits)


@rule(
    "reserved.word",
    suspects=_mentioned,
    limits=Limits(reserved=("User:", "<image>")),
    good=("user: Hi\nassistant: The user: he asked.",),
    bad=("user: User: Hi\nassistant: Hello", "user: Hi\nassistant: <image>"),
)
def reserved_word(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The target writes turns with these words, and a job fails on data that holds them anywhere.

    Write them otherwise: `User -` for `User:`.
    """
    for _, where, text in example.texts():
        found = [word for word in limits.reserved if word in text]
        if found:
            yield Flaw(where, f"Reserved by {limits.target}: {' '.join(found)[:60]}.")
