"""Chats of any number from real text, with duplicates planted whose truth is known: what the other benches run on.

A row has the turns of some real exchanges, and each turn as many sentences as theirs, drawn anew from what all users and all
assistants of the harvest said. So rows share sentences, as the letters of one house do, but are no twins unless planted.
`of="exchanges"` puts whole exchanges into new sequences: of a million such rows a third repeat others that nobody planted.

Each row is made from its number alone, so a file of any size is written in the memory of one row. Of 100 rows 4 repeat an
earlier one (half to the letter, half with other case and space), 6 repeat one with two words in a hundred changed, and 2
ask what an earlier one asked and answer otherwise.
"""

import csv
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from harvest import Conversation, harvest, payload

DATA = Path(__file__).parents[1] / "data/raw"
"""The project's own samples: small, so sentences recur in a large file, which helps whatever keeps a cache."""
SYSTEM = "You are a helpful assistant. Answer briefly and truthfully."
KINDS = (("exact", 0.02), ("spelling", 0.02), ("near", 0.06), ("conflict", 0.02))
OF: Final = ("sentences", "exchanges")
EXCHANGES: Final = (1, 1, 2, 3, 4)
"""How many a row has, one as likely as the other."""
SHORT_WORD = 3
MOST_LETTERS: Final = 400
"""Of a sentence; longer ones are lists and tables, and would make all rows alike that hold them."""
LEAST_FIRST: Final = 2
"""Sentences of a first turn: of one alone there are fewer than rows, so that rows would ask the same by chance."""
SENTENCE: Final = re.compile(r"(?<=[.!?。！？])\s+|\n+")
"""What stands between two sentences."""

Drawn = Callable[[random.Random], Conversation]


class Row(NamedTuple):
    """One chat; `of` is the number of the row that it repeats, `kind` how."""

    turns: Conversation
    system: str | None
    of: int | None = None
    kind: str = "new"


class Corpus(NamedTuple):
    """Rows by number."""

    drawn: Drawn
    seed: int = 1

    def row(self, number: int) -> Row:
        """Give a row; the same for the same number."""
        chance = random.Random(f"{self.seed}:{number}")
        kind = _kind(chance) if number else "new"
        if kind == "new":
            return self._new(number)
        of = chance.randrange(number)
        turns, system, *_ = self._new(of)
        return Row(self._changed(kind, turns, chance), system, of, kind)

    def rows(self, count: int, *, start: int = 0) -> Iterator[Row]:
        """Give so many rows."""
        return map(self.row, range(start, start + count))

    def _new(self, number: int) -> Row:
        chance = random.Random(f"{self.seed}:{number}:new")
        return Row(self.drawn(chance), SYSTEM if number % 10 == 0 else None)

    def _changed(self, kind: str, turns: Conversation, chance: random.Random) -> Conversation:
        if kind == "spelling":
            return tuple("  ".join(text.split(" ")).swapcase() for text in turns)
        if kind == "near":
            return _reworded(turns, chance)
        return (*turns[:-1], self.drawn(chance)[-1]) if kind == "conflict" else turns


def corpus(folder: Path, *, of: str = OF[0], seed: int = 1) -> Corpus:
    """Give the corpus over all text under a folder; `of` is one of OF."""
    conversations = harvest(folder)
    pairs = ((turns[i].strip(), turns[i + 1].strip()) for turns in conversations for i in range(0, len(turns) - 1, 2))
    exchanges = sorted({pair for pair in pairs if all(pair)})
    return Corpus((_of_exchanges if of == "exchanges" else _of_sentences)(exchanges), seed)


def sentences(text: str) -> list[str]:
    """Give the sentences of a text, each with the white space after it, which is one blank for the last."""
    ends = [found.end() for found in SENTENCE.finditer(text)]
    split = [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]
    return [one if one[-1].isspace() else f"{one} " for one in split if one.strip()]


def write_jsonl(path: Path, rows: Iterator[Row]) -> None:
    """Write chats, one a line."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(payload(row.turns, system=row.system) + "\n" for row in rows)


def write_csv(path: Path, rows: Iterator[Row]) -> None:
    """Write system, question (all turns but the last, apart by blank lines) and answer: as many letters as the chats."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("system", "question", "answer"))
        table.writerows((row.system or "", "\n\n".join(row.turns[:-1]), row.turns[-1]) for row in rows)


def write_truth(path: Path, rows: Iterator[Row]) -> None:
    """Write number, number of the row repeated, and how; JSON lines of the repeated rows alone."""
    with path.open("w", encoding="utf-8") as file:
        told = (
            {"row": number, "of": row.of, "kind": row.kind} for number, row in enumerate(rows) if row.of is not None
        )
        file.writelines(json.dumps(one) + "\n" for one in told)


def _kind(chance: random.Random) -> str:
    left = chance.random()
    for kind, share in KINDS:
        left -= share
        if left < 0:
            return kind
    return "new"


def _of_exchanges(exchanges: list[Conversation]) -> Drawn:
    """Draw whole exchanges."""

    def drawn(chance: random.Random) -> Conversation:
        picked = [chance.choice(exchanges) for _ in range(chance.choice(EXCHANGES))]
        return tuple(text for pair in picked for text in pair)

    return drawn


def _of_sentences(exchanges: list[Conversation]) -> Drawn:
    """Draw sentences, as many as some exchanges have in each turn; one that is said often is drawn often."""
    split = [tuple(map(sentences, pair)) for pair in exchanges]
    pools = [[one for pair in split for one in pair[side] if len(one) <= MOST_LETTERS] for side in (0, 1)]
    sizes = [(len(ask), len(tell)) for ask, tell in split]

    def turn(pool: list[str], size: int, chance: random.Random) -> str:
        return "".join(chance.choices(pool, k=size)).strip()

    def drawn(chance: random.Random) -> Conversation:
        (first, answer), *others = [chance.choice(sizes) for _ in range(chance.choice(EXCHANGES))]
        picked = [(max(first, LEAST_FIRST), answer), *others]
        return tuple(turn(pool, size, chance) for pair in picked for pool, size in zip(pools, pair, strict=True))

    return drawn


def _reworded(turns: Conversation, chance: random.Random) -> Conversation:
    """Change two words in a hundred, and one at least: the last letters of a word are left out."""
    words = [text.split(" ") for text in turns]
    long = [(turn, at) for turn, said in enumerate(words) for at, word in enumerate(said) if len(word) > SHORT_WORD]
    for turn, at in chance.sample(long, k=min(len(long), max(1, sum(map(len, words)) // 50))):
        words[turn][at] = words[turn][at][:SHORT_WORD]
    return tuple(map(" ".join, words))
