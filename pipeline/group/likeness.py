"""How alike two examples are, exactly, and whether what differs changes what is learned.

Two rows in the same words are often two examples: another name in the question, another number, another label. So
likeness alone decides nothing: what differs is looked at turn by turn. The limits were chosen by looking at what they
join in real data; docs/duplicates.md has the measurement.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Final, Literal, NamedTuple, TypeAlias

from rapidfuzz.distance import Indel, Levenshtein

from pipeline.core.passages import HEAD_MARKS, Passages
from pipeline.core.words import has_words, words

Words: TypeAlias = Sequence[str]
Terse: TypeAlias = Literal["spelling", "words"]
"""What may differ in terse examples, see `DedupeSettings.terse`."""
Change: TypeAlias = tuple[Sequence[str], Sequence[str]]

SAME_PROMPT_ANSWERS: Final = 0.8
"""Least likeness of two answers to one and the same prompt; below it they are two answers, not one twice."""
OTHER_PROMPT_ANSWERS: Final = 0.5
"""Least likeness of the answers where the prompts differ in a few words too."""
WORDS_REPLACED: Final = 2
SHARE_REPLACED: Final = 1 / 15
"""Words of one turn that may be replaced by others: two, or one in fifteen, and always less than half of them."""
LONGEST_CHANGE: Final = 3
"""Words in a row that may be replaced; a longer passage is another question in the same frame."""
FEW_WORDS: Final = 20
"""Words of all turns below which every word counts: only spelling may differ."""
SHORT_ANSWER: Final = 10
"""Words below which the one answer to one question is a label or a fact: only spelling may differ in the question."""
SHORT_TEXT: Final = 2_048
"""Characters below which the words of a text are kept for its next pair."""
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

NEGATED: Final = frozenset(["n't", "n’t", "not", "'t", "’t"])
"""Ends of a word that make the opposite of what is in front of them."""

_DIGIT: Final = re.compile(r"\d")
_NO_DIGIT: Final = re.compile(r"\D")


class Changed(NamedTuple):
    """One passage of two examples that differs: its words on both sides, and the runs that stand for each other."""

    at: int
    one: Words
    other: Words
    runs: tuple[Change, ...]
    told: tuple[Change, ...]
    """What is left of the runs without words that are only spelled in two ways."""


def likeness(
    one: Passages, other: Passages, *, sizes: tuple[int, int], threshold: float, terse: Terse = "spelling"
) -> float | None:
    """Give the Jaccard likeness of the words of two examples, or None when they are not near twins.

    They are when they have the same turns, their words are alike at the threshold, their answers at their own
    thresholds, and no turn was changed into another meaning. `sizes` are the words of their turns, as `word_count` has
    them. The same whoever comes first but for ties among equally short ways to turn one text into the other.
    """
    if one.marks != other.marks or one.answer_at != other.answer_at:
        return None
    changed = []
    for at, left, right in differing(one.texts, other.texts):
        turn = same_turn(at, left, right)
        if turn is None:
            return None
        changed.append(turn)
    changed.sort(key=attrgetter("at"))
    is_spelling = terse == "words" or not any(turn.told for turn in changed)
    if not is_spelling and (_is_terse(one, sizes[0]) or _is_terse(other, sizes[1])):
        return None
    if not _is_same_answer(one, changed):
        return None
    turns = [turn for turn in changed if one.marks[turn.at] not in HEAD_MARKS]
    alike = _alike(sizes, [run for turn in turns for run in turn.runs])
    return alike if alike >= threshold else None


def word_count(found: Passages) -> int:
    """Give the number of words of all turns, system turns and definitions apart."""
    return sum(len(words(text)) for mark, text in zip(found.marks, found.texts, strict=True) if mark not in HEAD_MARKS)


def jaccard(one: Words, other: Words) -> float:
    """Give the share of what both have in what either has, repetitions counted; 1 for two empty ones."""
    return _alike((len(one), len(other)), [(one, other)])


def same_turn(at: int, one: Words, other: Words) -> Changed | None:
    """Give what differs in a turn; None where it makes another turn: too many words replaced, or one that matters.

    Of unlike turns only the first runs are looked at, and how long they are before what they say: nearly all candidates
    end here.
    """
    shortest = min(len(one), len(other))
    most = max(WORDS_REPLACED, SHARE_REPLACED * shortest)
    gone = come = both = 0
    runs, told = [], []
    for run in changes(one, other):
        runs.append(run)
        left = _unspelled(run)
        if left is None:
            continue
        told.append(left)
        if left[0] and left[1]:
            both += max(map(len, left))
        else:  # what only came or only went is an addition, not a replacement
            gone, come = gone + len(left[0]), come + len(left[1])
        replaced = min(gone, come) + both
        if replaced > most or (replaced and replaced * 2 >= shortest) or is_another_meaning(*left):
            return None
    return Changed(at, one, other, tuple(runs), tuple(told))


def changes(one: Words, other: Words) -> Iterator[Change]:
    """Give each run of words that stands in one text in the place of another run (or of nothing) in the other.

    What both begin and end with is left away before, as the alignment does itself: of most twins a word or two are left,
    and nothing is to be aligned.
    """
    one, other = _within(one, other)
    if set(one).isdisjoint(other):
        yield from [(one, other)] if one or other else []
        return
    left = right = left_end = right_end = 0
    for step in Levenshtein.opcodes(one, other):
        if step.tag != "equal":
            left_end, right_end = step.src_end, step.dest_end
            continue
        if left_end > left or right_end > right:
            yield one[left:left_end], other[right:right_end]
        left, right = left_end, right_end = step.src_end, step.dest_end
    if left_end > left or right_end > right:
        yield one[left:left_end], other[right:right_end]


def is_another_meaning(left: Words, right: Words) -> bool:
    """Say whether one run of words in the place of the other makes another example of it.

    A longer passage, another number, the opposite, a negation that comes or goes.
    """
    if not left or not right:
        return any(_bare(word) in NEGATIONS for word in left or right)
    if min(len(left), len(right)) > LONGEST_CHANGE:
        return True
    if (one := _numbers(left)) and (other := _numbers(right)) and one != other:
        return True
    return any(_is_opposite(a, b) for a in left for b in right)


def _within(one: Words, other: Words) -> tuple[Words, Words]:
    """Give two texts without the words with which both begin and then those with which both end."""
    shortest = min(len(one), len(other))
    begin = 0
    while begin < shortest and one[begin] == other[begin]:
        begin += 1
    end, most = 1, shortest - begin
    while end <= most and one[-end] == other[-end]:
        end += 1
    return one[begin : len(one) - end + 1], other[begin : len(other) - end + 1]


def differing(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[int, Words, Words]]:
    """Give the place and the words of each passage that differs in them, the shortest first.

    A passage that makes another example of it ends the comparison, and of a short one that is soon known.
    """
    differ = [(len(a) + len(b), at) for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    for _, at in sorted(differ):
        first, second = _words(one[at]), _words(other[at])
        if first != second:
            yield at, first, second


def _words(text: str) -> Words:
    return _cached_words(text) if len(text) < SHORT_TEXT else words(text)


@lru_cache(maxsize=1 << 11)
def _cached_words(text: str) -> Words:
    """Give the words of a text that stands in several pairs of a batch: in chats in eight."""
    return words(text)


def _is_terse(found: Passages, size: int) -> bool:
    """Say whether each word counts: few words in all, or a short answer to a single question."""
    if size < FEW_WORDS:
        return True
    at = len(found.marks) if found.answer_at is None else found.answer_at
    if sum(mark not in HEAD_MARKS for mark in found.marks[:at]) > 1:
        return False
    answer = found.texts[at:]
    return not any(has_words(text, SHORT_ANSWER) for text in answer) and (
        sum(len(words(text)) for text in answer) < SHORT_ANSWER
    )


def _is_same_answer(one: Passages, changed: Sequence[Changed]) -> bool:
    """Say whether the answers are alike at their own thresholds; another spelling of a word is that word."""
    at = len(one.marks) if one.answer_at is None else one.answer_at
    answer = [turn for turn in changed if turn.at >= at]
    if not answer:
        return True
    unchanged = set(range(at, len(one.marks))) - {turn.at for turn in answer}
    same = sum(len(words(one.texts[index])) for index in unchanged)
    runs = [run for turn in answer for run in turn.told]
    sizes = same + sum(len(turn.one) for turn in answer), same + sum(len(turn.other) for turn in answer)
    return _alike(sizes, runs) >= (SAME_PROMPT_ANSWERS if len(answer) == len(changed) else OTHER_PROMPT_ANSWERS)


def _alike(sizes: tuple[int, int], runs: Sequence[Change]) -> float:
    """Give the Jaccard likeness of two texts of so many words that differ in these runs alone."""
    gone = [word for left, _ in runs for word in left]
    come = [word for _, right in runs for word in right]
    back = 0 if set(gone).isdisjoint(come) else (Counter(gone) & Counter(come)).total()
    shared = min(sizes[0] - len(gone), sizes[1] - len(come)) + back
    either = sizes[0] + sizes[1] - shared
    return shared / either if either else 1.0


def _unspelled(run: Change) -> Change | None:
    """Give what is left of a run without words that are only spelled in two ways; None where nothing is."""
    left, right = run
    if len(left) == len(right) == 1:
        return None if _is_one_word(left[0], right[0]) else run
    if _is_spelling(left, right):
        return None
    while left and right and _is_one_word(left[0], right[0]):
        left, right = left[1:], right[1:]
    while left and right and _is_one_word(left[-1], right[-1]):
        left, right = left[:-1], right[:-1]
    return left, right


def _numbers(run: Words) -> list[str]:
    """Give the digits of each word that has some."""
    return [_NO_DIGIT.sub("", word) for word in run if not word.isalpha() and _DIGIT.search(word)]


def _bare(word: str) -> str:
    """Give a word without the punctuation around it."""
    return word if word.isalnum() else word.strip(".,;:!?\"'()")


def _is_opposite(one: str, other: str) -> bool:
    a, b = _bare(one), _bare(other)
    if a != b and a in POLES and b in POLES:
        return True
    short, long = (a, b) if len(a) < len(b) else (b, a)
    return bool(short) and long.startswith(short) and long[len(short) :] in NEGATED


def _is_one_word(left: str, right: str) -> bool:
    return left == right or (_may_be_spelling(left, right) and _is_one_spelling(left, right))


def _may_be_spelling(left: str, right: str) -> bool:
    """Say, by their lengths alone, whether words without punctuation may have so many letters in common."""
    return 2 * min(len(left), len(right)) >= SPELLING * (len(left) + len(right)) or not (
        left.isalnum() and right.isalnum()
    )


@lru_cache(maxsize=1 << 14)
def _is_one_spelling(left: str, right: str) -> bool:
    return _is_spelling((left,), (right,))


def _is_spelling(left: Words, right: Words) -> bool:
    """Say whether two runs are one, spelled or punctuated in two ways; never where a digit or an opposite differs."""
    if min(len(left), len(right)) > LONGEST_CHANGE and _begin_apart(left[0][0], right[0][0]):
        return False  # so long a run is another meaning if it is not letter for letter the same
    a, b = _letters(left), _letters(right)
    if a == b:
        return True
    if not a or not b or Indel.normalized_similarity(a, b, score_cutoff=SPELLING) < SPELLING:
        return False
    return _numbers(left) == _numbers(right) and not is_another_meaning(left, right)


def _begin_apart(left: str, right: str) -> bool:
    return left != right and left.isalnum() and right.isalnum()


def _letters(run: Words) -> str:
    """Give the words of a run as one, without punctuation."""
    whole = "".join(run)
    return whole if whole.isalnum() else whole.translate(PUNCTUATION)
