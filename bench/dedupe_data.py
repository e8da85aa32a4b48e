"""Chats in which it is known who repeats whom: real sentences in new sequences, variants of them, and unrelated rows."""

import random
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np
from corpus import SENTENCE
from dedupe_apart import Edit, How, apart
from harvest import Conversation

CLASSES: Final = ("exact", "case and space", "one word a turn", "2 % of words", "same prompt, other answer")
NEAR: Final = CLASSES[2:4]
MOST_LETTERS: Final = 400
"""Of a sentence; longer ones are lists and tables."""
UNRELATED: Final = ("unrelated", "unrelated, short", "unrelated, Chinese")
WORD: Final = re.compile(r"[\u2e80-\U0010ffff]|[^\s\u2e80-\U0010ffff]+\s*|\s+")
"""A word with the space after it, or one character of a script without spaces."""
PLAIN: Final = re.compile("[a-z]+")
DIGIT: Final = re.compile(r"\d")
CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
FEW_WORDS: Final = 8
LEAST_WORDS: Final = 4
"""Of a sentence; identifiers and labels are not what people say to each other."""
MOST_UNRELATED: Final = 3_000
ALIKE: Final = 0.5
"""Share of words in common from which two real rows may be one example in other words: no unrelated rows."""


class Made(NamedTuple):
    """A row before all are shuffled; `of` is the place of the row that it repeats, `apart` why it is no twin of that."""

    turns: Conversation
    of: int = -1
    kind: str = ""
    apart: str = ""


class Planted(NamedTuple):
    """Rows with their truth."""

    rows: list[Conversation]
    partner: list[int]
    """Row of which this row is a variant; -1 for none."""
    kind: list[str]
    """One of CLASSES or UNRELATED; empty for a row of which variants may have been made."""
    apart: list[str]
    """Why docs/duplicates.md tells a variant from its partner on purpose; empty for all others."""


def plant(pool: list[Conversation], *, rows: int, chance: random.Random) -> Planted:
    """Give chats and unrelated rows, and for a quarter of the chats one variant each, in random order."""
    pool = list(pool)
    chance.shuffle(pool)
    single: list[Conversation] = [turns for turns in pool if len(turns) == 2]
    apart = {name: unrelated(some, MOST_UNRELATED * rows // 100_000) for name, some in _kinds(single).items()}
    taken = {turns for some in apart.values() for turns in some}
    wanted = rows - len(taken)
    base = chats([turns for turns in pool if turns not in taken], wanted * 4 // 5, chance)
    made = [Made(turns) for turns in base]
    made += _repeats(base, wanted - len(base), chance)
    made += [Made(turns, kind=name) for name, some in apart.items() for turns in some]
    return _shuffled(made, chance)


def real(pool: list[Conversation], *, rows: int, chance: random.Random) -> Planted:
    """Give real rows as they are, most of them terse, and variants of a quarter of them; many repeat each other."""
    pool = list(pool)
    chance.shuffle(pool)
    base = pool[: rows * 4 // 5]
    made = [Made(turns) for turns in base]
    made += _repeats(base, min(rows - len(base), len(base)), chance)
    return _shuffled(made, chance)


def chats(pool: list[Conversation], count: int, chance: random.Random) -> list[Conversation]:
    """Give so many distinct chats of four or six turns, each of one to three real sentences, drawn anew for each turn.

    A single question with a short answer is no chat but a label or a fact, of which each word counts: see `real`. A sentence is what stands between full stops or line ends and has at least four words.
    """
    texts = (sentence.strip() for turns in pool for text in turns for sentence in SENTENCE.split(text))
    sentences = sorted({one for one in texts if len(WORD.findall(one)) >= LEAST_WORDS and len(one) <= MOST_LETTERS})
    found: dict[Conversation, None] = {}
    while len(found) < count:
        turns = chance.choice((4, 4, 6))
        said = (" ".join(chance.choices(sentences, k=chance.choice((1, 1, 2, 3)))) for _ in range(turns))
        found[tuple(said)] = None
    return list(found)


def unrelated(rows: Iterable[Conversation], most: int) -> list[Conversation]:
    """Give rows of which no two share half of their words, by comparing all with all."""
    chosen: list[Conversation] = []
    matrix = np.zeros((most, 4096), np.float32)
    sizes = np.zeros(most)
    for turns in rows:
        if len(chosen) == most:
            break
        bag = np.zeros(4096, np.float32)
        bag[[hash_of(word) for word in WORD.findall(" ".join(turns).lower())]] = 1
        shared = matrix[: len(chosen)] @ bag
        if not len(shared) or (shared / (sizes[: len(chosen)] + bag.sum() - shared)).max() < ALIKE:
            matrix[len(chosen)], sizes[len(chosen)] = bag, bag.sum()
            chosen.append(turns)
    return chosen


def plain_words(base: list[Conversation]) -> list[str]:
    """Give what words are replaced by: words of the chats in lower-case letters, as often as they are said."""
    return [word for turns in base[:5000] for text in turns for word in text.split() if PLAIN.fullmatch(word)]


def hash_of(word: str) -> int:
    """Give a number below 4,096; two words with one number only make rows look more alike than they are."""
    number = 0
    for letter in word.strip():
        number = (number * 31 + ord(letter)) % 1_000_003
    return number % 4096


Variant = tuple[Conversation, tuple[Edit, ...]]


def variants(
    name: str, base: list[Conversation], vocabulary: list[str], chance: random.Random
) -> Callable[[Conversation], Variant]:
    """Give the function that makes a variant of this class; numbers stay, since another number is another example."""

    def edited(split: list[list[str]], turn: int, place: int) -> Edit:
        old = split[turn][place]
        new, how = _changed(old, vocabulary, chance)
        split[turn][place] = new
        return Edit(turn, old, new, how)

    def one_word(turns: Conversation) -> Variant:
        split, edits = [WORD.findall(text) for text in turns], []
        for turn, said in enumerate(split):
            places = [place for place, word in enumerate(said) if not DIGIT.search(word)]
            if len(said) >= 3 and places:
                edits.append(edited(split, turn, chance.choice(places)))
        return tuple(map("".join, split)), tuple(edits)

    def some_words(turns: Conversation) -> Variant:
        split, edits = [WORD.findall(text) or [""] for text in turns], []
        for _ in range(max(1, round(0.02 * sum(map(len, split))))):
            turn = chance.choices(range(len(split)), [len(words) for words in split])[0]
            place = chance.randrange(len(split[turn]))
            if not DIGIT.search(split[turn][place]):
                edits.append(edited(split, turn, place))
        return tuple(map("".join, split)), tuple(edits)

    return {
        "exact": lambda turns: (turns, ()),
        "case and space": lambda turns: (tuple(f" {text.upper()}\n".replace(" ", "  ") for text in turns), ()),
        "one word a turn": one_word,
        "2 % of words": some_words,
        "same prompt, other answer": lambda turns: ((*turns[:-1], chance.choice(base)[-1]), ()),
    }[name]


def _changed(word: str, vocabulary: list[str], chance: random.Random) -> tuple[str, How]:
    how = chance.random()
    if how < 0.15:
        return "", "left out"
    if how < 0.5 and len(word) > 3:
        i = chance.randrange(len(word) - 1)
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :], "mistyped"
    return chance.choice(vocabulary) + " ", "replaced"


def _repeats(base: list[Conversation], count: int, chance: random.Random) -> Iterator[Made]:
    """Give a variant of each of so many rows, unless nothing could be changed."""
    vocabulary = plain_words(base)
    for index in chance.sample(range(len(base)), count):
        name = CLASSES[chance.choices(range(5), (2, 1, 4, 4, 2))[0]]
        variant, edits = variants(name, base, vocabulary, chance)(base[index])
        if variant != base[index] or name == "exact":
            yield Made(variant, index, name, apart(base[index], variant, edits) if name in NEAR else "")


def _kinds(single: list[Conversation]) -> dict[str, list[Conversation]]:
    long: list[Conversation] = []
    short: list[Conversation] = []
    chinese: list[Conversation] = []
    for turns in single:
        whole = "".join(turns)
        if len(CHINESE.findall(whole)) > 0.3 * len(whole):
            chinese.append(turns)
        else:
            (short if len(" ".join(turns).split()) < FEW_WORDS else long).append(turns)
    return dict(zip(UNRELATED, (long, short, chinese), strict=True))


def _shuffled(made: list[Made], chance: random.Random) -> Planted:
    order = chance.sample(range(len(made)), len(made))
    place = {old: new for new, old in enumerate(order)}
    rows = [made[old] for old in order]
    partner = [place.get(row.of, -1) for row in rows]
    return Planted([row.turns for row in rows], partner, [row.kind for row in rows], [row.apart for row in rows])
