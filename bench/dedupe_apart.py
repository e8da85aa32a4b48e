"""Which planted variants docs/duplicates.md tells apart on purpose: worked out from what the planter did, not by comparing.

A changed word is *left out*, *mistyped* or *replaced*. By the rules of that page a variant is another example, not a twin,
where a negation was left out or *he* became *she*, too many words of one turn were replaced, or the last answer to an equal prompt
is another one.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from harvest import Conversation

from pipeline.core.words import words
from pipeline.group.likeness import NEGATIONS, POLES, jaccard

How = Literal["left out", "mistyped", "replaced"]
NEGATION: Final = "a negation left out, or the opposite"
REPLACED: Final = "too many words of a turn replaced"
ANSWER: Final = "the last answer is another one"
MOST_REPLACED: Final = 2
MOST_OF_TURN: Final = 1 / 15
"""Words of a turn that may be replaced: two or one in fifteen, and never half of them."""
SAME_PROMPT: Final = 0.8
OTHER_PROMPT: Final = 0.5
"""Least likeness of the last answers, where the prompts are equal and where they are not."""
PUNCTUATION: Final = ".,;:!?\"'()*[]"


class Edit(NamedTuple):
    """One word changed."""

    turn: int
    old: str
    new: str
    how: How


def apart(base: Conversation, variant: Conversation, edits: Sequence[Edit]) -> str:
    """Give the reason for which the rules tell a variant from its base; empty where they do not."""
    meant = [edit for edit in edits if edit.how != "mistyped"]
    if any(_turns_meaning(_plain(edit.old), _plain(edit.new)) for edit in meant):
        return NEGATION
    if any(_is_another_turn(text, [edit for edit in meant if edit.turn == turn]) for turn, text in enumerate(base)):
        return REPLACED
    is_same_prompt = [*map(words, base[:-1])] == [*map(words, variant[:-1])]
    least = SAME_PROMPT if is_same_prompt else OTHER_PROMPT
    last = [edit for edit in meant if edit.turn == len(base) - 1]
    return ANSWER if _answers_alike(base[-1], last) < least else ""


def _turns_meaning(old: str, new: str) -> bool:
    """Say whether a negation was left out, or a pole became another; a negation with a word in its place is a changed word."""
    return (old in NEGATIONS and not new) or (old != new and {old, new} <= POLES)


def _plain(word: str) -> str:
    return word.strip().lower().strip(PUNCTUATION)


def _is_another_turn(text: str, edits: Sequence[Edit]) -> bool:
    size, replaced = len(words(text)), sum(edit.how == "replaced" for edit in edits)
    return replaced > max(MOST_REPLACED, MOST_OF_TURN * size) or (replaced > 0 and replaced * 2 >= size)


def _answers_alike(text: str, edits: Sequence[Edit]) -> float:
    """Give the likeness of an answer and its variant, in which a mistyped word counts as the word that it is of."""
    before = words(text)
    after = list(before)
    for edit in edits:
        for old in words(edit.old):
            if old in after:
                after.remove(old)
        after += words(edit.new)
    return jaccard(before, after)
