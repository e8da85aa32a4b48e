"""Chats of any number from real text, with duplicates planted whose truth is known: what the other benches run on.

Exchanges of the harvest are put into new sequences. Each row is made from its number alone, so a file of any size is
written in the memory of one row. Of 100 rows 4 repeat an earlier one (half to the letter, half with other case and
space), 6 repeat one with two words in a hundred changed, and 2 ask what an earlier one asked and answer otherwise.
"""

import csv
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from harvest import Conversation, harvest, payload

DATA = Path(__file__).parents[1] / "data/raw"
"""The project's own samples: small, so exchanges recur in a large file, which helps whatever keeps a cache."""
SYSTEM = "You are a helpful assistant. Answer briefly and truthfully."
KINDS = (("exact", 0.02), ("spelling", 0.02), ("near", 0.06), ("conflict", 0.02))
SHORT_WORD = 3


class Row(NamedTuple):
    """One chat; `of` is the number of the row that it repeats, `kind` how."""

    turns: Conversation
    system: str | None
    of: int | None = None
    kind: str = "new"


class Corpus(NamedTuple):
    """Rows by number."""

    exchanges: list[Conversation]
    seed: int = 1

    def row(self, number: int) -> Row:
        """Give a row; the same for the same number."""
        chance = random.Random(f"{self.seed}:{number}")
        kind = _kind(chance) if number else "new"
        if kind == "new":
            return self._new(number)
        of = chance.randrange(number)
        turns, system, *_ = self._new(of)
        return Row(_changed(kind, turns, chance, self.exchanges), system, of, kind)

    def _new(self, number: int) -> Row:
        chance = random.Random(f"{self.seed}:{number}:new")
        picked = [chance.choice(self.exchanges) for _ in range(chance.choice((1, 1, 2, 3, 4)))]
        return Row(tuple(text for pair in picked for text in pair), SYSTEM if number % 10 == 0 else None)

    def rows(self, count: int) -> Iterator[Row]:
        """Give the first so many rows."""
        return map(self.row, range(count))


def corpus(folder: Path, *, seed: int = 1) -> Corpus:
    """Give the corpus over all text under a folder."""
    conversations = harvest(folder)
    pairs = ((turns[i].strip(), turns[i + 1].strip()) for turns in conversations for i in range(0, len(turns) - 1, 2))
    return Corpus(sorted({pair for pair in pairs if all(pair)}), seed)


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


def _changed(kind: str, turns: Conversation, chance: random.Random, exchanges: list[Conversation]) -> Conversation:
    if kind == "spelling":
        return tuple("  ".join(text.split(" ")).swapcase() for text in turns)
    if kind == "near":
        return tuple(_reworded(text, chance) for text in turns)
    return (*turns[:-1], chance.choice(exchanges)[1]) if kind == "conflict" else turns


def _reworded(text: str, chance: random.Random) -> str:
    """Change two words in a hundred: the last letters of a word are left out."""
    words = text.split(" ")
    for index in chance.sample(range(len(words)), k=len(words) // 50):
        words[index] = words[index][:SHORT_WORD] or "so"
    return " ".join(words)
