"""How alike two examples are, exactly, and whether what differs changes what is learned.

Two rows in the same words are often two examples: another name in the question, another number, another label. So
likeness alone decides nothing: what differs is looked at turn by turn. The limits were chosen by looking at what they
join in real data; docs/duplicates.md has the measurement.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import chain, pairwise
from typing import Final, Literal, NamedTuple, TypeAlias

from pipeline.core.passages import HEAD_MARKS, Passages
from pipeline.core.words import words

Words: TypeAlias = tuple[str, ...]
Terse: TypeAlias = Literal["spelling", "words"]
"""What may differ in terse examples, see `DedupeSettings.terse`."""
Change: TypeAlias = tuple[Sequence[str], Sequence[str]]

SAME_PROMPT_ANSWERS: Final = 0.8
"""Least likeness of two answers to one and the same prompt; below it they are two answers, not one twice."""
OTHER_PROMPT_ANSWERS: Final = 0.5
"""Least likeness of the answers where the prompts differ in a few words too."""
WORDS_REPLACED: Final = 2
SHARE_REPLACED: Final = 0.05
"""Words of one turn that may be replaced by others: two, or one in twenty."""
LONGEST_CHANGE: Final = 3
"""Words in a row that may be replaced; a longer passage is another question in the same frame."""
FEW_WORDS: Final = 20
"""Words of all turns below which every word counts: only spelling may differ."""
SHORT_ANSWER: Final = 10
"""Words below which the one answer to one question is a label or a fact: only spelling may differ in the question."""
SPELLING: Final = 0.75
"""Share of letters in common from which one word is another spelling of the other."""

PUNCTUATION: Final = str.maketrans("", "", ".,;:!?'\"-–—…‘’“”。，、；：！？")
NEGATIONS: Final = frozenset(
    [
        "no",
        "not",
        "never",
        "none",
        "nor",
        "neither",
        "nothing",
        "nobody",
        "without",
        "cannot",
        "nicht",
        "kein",
        "keine",
        "nie",
        "ne",
        "pas",
        "jamais",
        "sin",
        "nunca",
        "não",
        "nem",
        "не",
        "нет",
        "不",
        "没",
        "無",
        "无",
        "未",
        "非",
        "否",
    ]
)
POLES: Final = NEGATIONS | frozenset(
    "yes true false always all oui non ja nein sí si sim да 是 有 对 错 right wrong he she him her his hers".split()  # noqa: SIM905
)
"""Words that are no two spellings and no two wordings of anything: one in the place of another is another meaning."""


_DIGIT: Final = re.compile(r"\d")
_NO_DIGIT: Final = re.compile(r"\D")


class Compared(NamedTuple):
    """One example as it is compared: its passages as words."""

    marks: str
    passages: tuple[Words, ...]
    answer_at: int
    """Index of the first passage of the answer; the number of passages where there is none."""
    answer: Words
    body: Words
    """The words of all turns, system turns and definitions apart."""
    is_terse: bool
    """Whether each word counts: few words in all, or a short answer to a single question."""

    @property
    def prompt(self) -> tuple[Words, ...]:
        """What comes before the answer."""
        return self.passages[: self.answer_at]


def compared(found: Passages) -> Compared:
    """Take an example apart for comparing."""
    marks = found.marks
    answer_at = len(marks) if found.answer_at is None else found.answer_at
    passages = tuple([tuple(words(text)) for text in found.texts])
    answer = tuple(chain.from_iterable(passages[answer_at:]))
    turns = [said for mark, said in zip(marks, passages, strict=True) if mark not in HEAD_MARKS]
    body = tuple(chain.from_iterable(turns))
    is_single = sum(mark not in HEAD_MARKS for mark in marks[:answer_at]) < 2  # noqa: PLR2004
    is_terse = len(body) < FEW_WORDS or (is_single and len(answer) < SHORT_ANSWER)
    return Compared(marks, passages, answer_at, answer, body, is_terse)


def jaccard(one: Sequence[str], other: Sequence[str]) -> float:
    """Give the share of what both have in what either has, repetitions counted; 1 for two empty ones."""
    shared = (Counter(one) & Counter(other)).total()
    return shared / (len(one) + len(other) - shared) if one or other else 1.0


def likeness(one: Compared, other: Compared, *, threshold: float, terse: Terse = "spelling") -> float | None:
    """Give the Jaccard likeness of the words of two examples, or None when they are not near twins.

    They are when they have the same turns, their words are alike at the threshold, their answers at their own
    thresholds, and no turn was changed into another meaning.
    """
    if one.marks != other.marks or one.answer_at != other.answer_at:
        return None
    if other.passages < one.passages:
        one, other = other, one  # so that nothing depends on who comes first
    if one.answer != other.answer:
        least = SAME_PROMPT_ANSWERS if one.prompt == other.prompt else OTHER_PROMPT_ANSWERS
        if jaccard(one.answer, other.answer) < least:
            return None
    is_terse = terse == "spelling" and (one.is_terse or other.is_terse)
    pairs = zip(one.passages, other.passages, strict=True)
    if any(left != right and is_another_turn(left, right, is_terse=is_terse) for left, right in pairs):
        return None
    alike = jaccard(one.body, other.body)
    return alike if alike >= threshold else None


def is_another_turn(one: Words, other: Words, *, is_terse: bool) -> bool:
    """Say whether a turn was changed into another: too many words replaced, or one that matters."""
    if is_terse:
        if len(one) == len(other):
            return not all(left == right or _is_one_word(left, right) for left, right in zip(one, other, strict=True))
        gone, come = Counter(one) - Counter(other), Counter(other) - Counter(one)
        if not _is_spelling(tuple(gone.elements()), tuple(come.elements())):
            return True
    found = []
    for change in changes(one, other):
        if not _is_spelling(*change):
            if is_terse:
                return True
            found.append(change)
    if _replaced_words(found) > max(WORDS_REPLACED, SHARE_REPLACED * min(len(one), len(other))):
        return True
    return any(is_another_meaning(*change) for change in found)


def _replaced_words(found: Sequence[Change]) -> int:
    """Count words that stand for others; what only came or only went is an addition, not a replacement."""
    gone = sum(len(left) for left, right in found if not right)
    come = sum(len(right) for left, right in found if not left)
    return min(gone, come) + sum(max(len(left), len(right)) for left, right in found if left and right)


def changes(one: Sequence[str], other: Sequence[str]) -> Iterator[Change]:
    """Give each run of words that stands in one text in the place of another run (or of nothing) in the other."""
    if one == other:
        return
    if len(one) == len(other):
        runs = list(_replaced(one, other))
        if all(len(left) <= LONGEST_CHANGE for left, _ in runs):
            yield from runs
            return
    head = _shared_start(one, other)
    tail = _shared_start(one[head:][::-1], other[head:][::-1])
    left, right = one[head : len(one) - tail], other[head : len(other) - tail]
    if not left or not right:
        yield left, right
        return
    for kind, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind != "equal":
            yield left[a:b], right[c:d]


def is_another_meaning(left: Sequence[str], right: Sequence[str]) -> bool:
    """Say whether one run of words in the place of the other makes another example of it.

    A longer passage, another number, the opposite, a negation that comes or goes.
    """
    if not left or not right:
        return bool(NEGATIONS & {*left, *right})
    one, other = _numbers(left), _numbers(right)
    if min(len(left), len(right)) > LONGEST_CHANGE or (one and other and one != other):
        return True
    return any(_is_opposite(a, b) for a in left for b in right)


def _replaced(one: Sequence[str], other: Sequence[str]) -> Iterator[Change]:
    places = [index for index, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    cuts = [0, *(i + 1 for i, (a, b) in enumerate(pairwise(places)) if b != a + 1), len(places)]
    for begin, end in pairwise(cuts):
        first, last = places[begin], places[end - 1] + 1
        yield one[first:last], other[first:last]


def _shared_start(one: Sequence[str], other: Sequence[str]) -> int:
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))


def _numbers(run: Sequence[str]) -> list[str]:
    """Give the digits of each word that has some."""
    return [_NO_DIGIT.sub("", word) for word in run if _DIGIT.search(word)]


def _is_opposite(one: str, other: str) -> bool:
    a, b = one.strip(".,;:!?\"'"), other.strip(".,;:!?\"'")
    if a != b and a in POLES and b in POLES:
        return True
    short, long = sorted((a, b), key=len)
    return bool(short) and long in {f"{short}n't", f"{short}n’t", f"{short}not", f"{short}'t", f"{short}’t"}


@lru_cache(maxsize=1 << 14)
def _is_one_word(left: str, right: str) -> bool:
    return _is_spelling((left,), (right,))


def _is_spelling(left: Sequence[str], right: Sequence[str]) -> bool:
    """Say whether two runs are one, spelled or punctuated in two ways; never where a digit or an opposite differs."""
    a, b = ("".join(run).translate(PUNCTUATION) for run in (left, right))
    if a == b:
        return True
    if _numbers(left) != _numbers(right) or is_another_meaning(left, right):
        return False
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    return bool(a and b) and matcher.real_quick_ratio() >= SPELLING and matcher.ratio() >= SPELLING
