"""How alike two examples are, exactly, and whether what differs changes what is learned."""

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final, NamedTuple

from pipeline.core.passages import HEAD_MARKS, Passages
from pipeline.core.words import words

SAME_PROMPT_ANSWERS: Final = 0.8
"""Least likeness of two answers to one and the same prompt; below it they are two answers, not one twice."""
OTHER_PROMPT_ANSWERS: Final = 0.5
"""Least likeness of the answers where the prompts differ in a few words too."""
LONGEST_CHANGE: Final = 3
"""Words in a row that may be replaced by others; a longer passage is another question in the same words around it."""
FEW_WORDS: Final = 20
"""Below this many words every word counts: only spelling may differ."""

NEGATIONS: Final = frozenset(
    "no not never none nor neither nothing nobody without cannot nicht nicht kein keine nie ne pas jamais sin nunca "
    "não nem не нет 不 没 無 无 未 非 否".split()
)
POLES: Final = NEGATIONS | frozenset(
    "yes true false always all oui non ja nein sí si sim да 是 有 对 错 right wrong".split()
)


class Compared(NamedTuple):
    """One example as it is compared: its words."""

    head: tuple[str, ...]
    """Of system turns and tool definitions."""
    prompt: tuple[str, ...]
    """Of the other turns before the last answer."""
    answer: tuple[str, ...]


def compared(passages: Passages) -> Compared:
    """Take an example apart for comparing."""
    marks, texts, answer_at = passages
    head: list[str] = []
    prompt: list[str] = []
    answer: list[str] = []
    for index, (mark, text) in enumerate(zip(marks, texts, strict=True)):
        if mark in HEAD_MARKS:
            head += words(text)
        elif answer_at is None or index < answer_at:
            prompt += words(text)
        else:
            answer += words(text)
    return Compared(tuple(head), tuple(prompt), tuple(answer))


def jaccard(one: Sequence[str], other: Sequence[str]) -> float:
    """Give the share of what both have in what either has, repetitions counted; 1 for two empty ones."""
    shared = (Counter(one) & Counter(other)).total()
    return shared / (len(one) + len(other) - shared) if one or other else 1.0


def likeness(one: Compared, other: Compared, *, threshold: float) -> float | None:
    """Give the Jaccard likeness of the words of two examples, or None when they are not near twins.

    They are when all of these hold: system turns and words are alike at the threshold; so are the answers, by their
    own thresholds; and nothing that was replaced changes the meaning (see `is_another_meaning`).
    """
    if one.head != other.head and jaccard(one.head, other.head) < threshold:
        return None
    least = SAME_PROMPT_ANSWERS if one.prompt == other.prompt else OTHER_PROMPT_ANSWERS
    if one.answer != other.answer and jaccard(one.answer, other.answer) < least:
        return None
    few = len(one.prompt) + len(one.answer) < FEW_WORDS
    for left, right in ((one.head, other.head), (one.prompt, other.prompt), (one.answer, other.answer)):
        if any(is_another_meaning(*change, few=few) for change in changes(left, right)):
            return None
    alike = jaccard(one.prompt + one.answer, other.prompt + other.answer)
    return alike if alike >= threshold else None


def changes(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Give each run of words that stands in one text in the place of another run (or of nothing) in the other."""
    if one == other:
        return
    if len(one) == len(other):
        runs = list(_replaced(one, other))
        if all(len(left) <= LONGEST_CHANGE for left, _ in runs):
            yield from runs
            return
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind != "equal":
            yield one[a:b], other[c:d]


def is_another_meaning(left: Sequence[str], right: Sequence[str], *, few: bool) -> bool:
    """Say whether replacing one run of words by the other makes another example of it.

    A longer passage, another number, a negation that comes or goes; in examples of few words any other word, unless
    it looks like a spelling of the same.
    """
    if left and right:
        if (
            min(len(left), len(right)) > LONGEST_CHANGE
            or _numbers(left) != _numbers(right)
            and _numbers(left)
            and _numbers(right)
        ):
            return True
        if any(_is_opposite(a, b) for a in left for b in right):
            return True
    elif NEGATIONS & {*left, *right}:
        return True
    return few and not _is_spelling("".join(left), "".join(right))


def _replaced(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    places = [index for index, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    cuts = [0, *(i + 1 for i, (a, b) in enumerate(pairwise(places)) if b != a + 1), len(places)]
    for begin, end in pairwise(cuts):
        first, last = places[begin], places[end - 1] + 1
        yield one[first:last], other[first:last]


def _numbers(run: Sequence[str]) -> list[str]:
    """Give what is written in digits, without the punctuation around it."""
    return [word.strip(".,;:!?()[]\"'") for word in run if any(letter.isdigit() for letter in word)]


def _is_opposite(one: str, other: str) -> bool:
    a, b = one.strip(".,;:!?\"'"), other.strip(".,;:!?\"'")
    if a != b and a in POLES and b in POLES:
        return True
    short, long = sorted((a, b), key=len)
    return bool(short) and long in (f"{short}n't", f"{short}n’t", f"{short}not", f"{short}'t", f"{short}’t")


def _is_spelling(one: str, other: str) -> bool:
    """Say whether two words look like one: three quarters of their letters in common, in order; punctuation is free."""
    a, b = (("".join(letter for letter in word if letter.isalnum())) for word in (one, other))
    return a == b or (bool(a) and bool(b) and SequenceMatcher(None, a, b, autojunk=False).ratio() >= 0.75)
