"""How many duplicates are found, what is wrongly dropped, and at what price: python bench/dedupe.py FOLDER [ROWS] [terse=words ...].

Pairs with a known truth are planted into real text: exact copies, other case and white space, one word a turn changed,
2 % of the words changed (each time another word, a typo, or a word left out), the same prompt with another answer,
and rows that have nothing to do with each other, some short, some in Chinese.
"""

import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from harvest import Conversation, harvest, payload

from pipeline.core.passages import passages_of
from pipeline.core.settings import DedupeSettings
from pipeline.group import group
from pipeline.group.likeness import compared, jaccard
from pipeline.measure import Measure
from pipeline.measure.fingerprint import fingerprints

CLASSES = ("exact", "case and space", "one word a turn", "2 % of words", "same prompt, other answer")
NEAR = CLASSES[2:4]
WORD = re.compile(r"[\u2e80-\U0010ffff]|[^\s\u2e80-\U0010ffff]+\s*|\s+")
"""A word with the space after it, or one character of a script without spaces."""


class Planted(NamedTuple):
    rows: list[Conversation]
    partner: list[int]
    """Row of which this row is a variant; -1 for none."""
    kind: list[str]


def main() -> None:
    folder, wanted = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 30_000
    settings = DedupeSettings.model_validate(dict(pair.split("=") for pair in sys.argv[3:]))
    planted = plant(harvest(folder), rows=wanted, chance=random.Random(7))
    payloads = [payload(turns) for turns in planted.rows]
    facts, measured = measure(payloads)
    started = time.process_time()
    found = group(facts, lambda rows: [payloads[row] for row in rows], settings)
    grouped = time.process_time() - started
    codes = found["group"].combine_chunks().dictionary_encode().indices.to_numpy()
    print(f"{len(payloads):,} rows, {sum(map(len, payloads)) / len(payloads):.0f} characters each, {settings}")
    for name, share, number in shares(planted, codes):
        print(f"  {name:32} {share:7.4f}  of {number:,}")
    print(f"  rows dropped without a label     {unlabelled(planted, codes):,}")
    for level, share, number in recall_by_likeness(planted, payloads, facts):
        print(f"  candidates at Jaccard >= {level}      {share:7.4f}  of {number:,}")
    for name, seconds in (("fingerprints", measured), ("group", grouped)):
        print(f"  {name:20} {seconds / len(payloads) * 1e5:6.2f} CPU-s per 100,000 rows")


def plant(pool: list[Conversation], *, rows: int, chance: random.Random) -> Planted:
    """Give distinct real rows, and for a quarter of them one variant each, in random order."""
    pool = [turns for turns in pool if sum(len(text.split()) for text in turns) >= 8] + short_and_chinese(pool)
    chance.shuffle(pool)
    base = pool[: rows * 4 // 5]
    vocabulary = [word for turns in base[:5000] for text in turns for word in text.split()]
    made = [(turns, -1, "") for turns in base]
    for index in chance.sample(range(len(base)), min(rows - len(base), len(base))):
        name = CLASSES[chance.choices(range(5), (2, 1, 4, 4, 2))[0]]
        variant = variants(name, base, vocabulary, chance)(base[index])
        if (variant and variant != base[index]) or name == "exact":
            made.append((variant, index, name))
    return Planted([m[0] for m in made], [m[1] for m in made], [m[2] for m in made])


def short_and_chinese(pool: list[Conversation]) -> list[Conversation]:
    short = [turns for turns in pool if 2 <= sum(len(text.split()) for text in turns) < 8]
    return short[:: max(1, len(short) // 3000)]


def variants(
    name: str, base: list[Conversation], vocabulary: list[str], chance: random.Random
) -> Callable[[Conversation], Conversation]:
    def changed(word: str) -> str:
        how = chance.random()
        if how < 0.15:
            return ""
        if how < 0.5 and len(word) > 3:
            i = chance.randrange(len(word) - 1)
            return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        return chance.choice(vocabulary) + " "

    def one_word(text: str) -> str:
        split = WORD.findall(text)
        if len(split) < 3:
            return text
        place = chance.randrange(len(split))
        split[place] = changed(split[place])
        return "".join(split)

    def some_words(turns: Conversation) -> Conversation:
        split = [WORD.findall(text) or [""] for text in turns]
        for _ in range(max(1, round(0.02 * sum(map(len, split))))):
            said = chance.choices(split, [len(words) for words in split])[0]
            place = chance.randrange(len(said))
            said[place] = changed(said[place])
        return tuple(map("".join, split))

    return {
        "exact": lambda turns: turns,
        "case and space": lambda turns: tuple(f" {text.upper()}\n".replace(" ", "  ") for text in turns),
        "one word a turn": lambda turns: tuple(map(one_word, turns)),
        "2 % of words": some_words,
        "same prompt, other answer": lambda turns: (*turns[:-1], chance.choice(base)[-1]),
    }[name]


def measure(payloads: list[str]) -> tuple[pa.Table, float]:
    """Give the facts, and the CPU-seconds that fingerprints alone took."""
    stage = Measure()
    table = pa.table({"name": [f"row:{i}" for i in range(len(payloads))], "payload": payloads})
    facts = pa.concat_tables([stage(table.slice(i, 4096)) for i in range(0, len(payloads), 4096)])
    facts = facts.append_column("family", pa.nulls(len(facts), pa.string()))
    spent = 0.0
    for start in range(0, len(payloads), 4096):
        some = [passages_of(one, method="sft") for one in payloads[start : start + 4096]]
        started = time.process_time()
        fingerprints(some, near=True)
        spent += time.process_time() - started
    return facts.append_column("is_sound", pa.array([True] * len(facts))), spent


def shares(planted: Planted, codes: np.ndarray) -> Iterator[tuple[str, float, int]]:
    """Give per class the share of pairs that came into one group."""
    partner, kind = np.array(planted.partner), np.array(planted.kind)
    terse = np.array([compared(passages_of(payload(turns), method="sft")).is_terse for turns in planted.rows])
    for name in CLASSES:
        rows = np.flatnonzero(kind == name)
        yield name, float((codes[rows] == codes[partner[rows]]).mean()), len(rows)
        if name in NEAR:
            rows = rows[~terse[rows] & ~terse[partner[rows]]]
            yield "  that are not terse", float((codes[rows] == codes[partner[rows]]).mean()), len(rows)


def unlabelled(planted: Planted, codes: np.ndarray) -> int:
    """Count rows that came into a group with base rows they are no variants of."""
    base = [code for code, partner in zip(codes, planted.partner, strict=True) if partner < 0]
    return len(base) - len(set(base))


def recall_by_likeness(planted: Planted, payloads: list[str], facts: pa.Table) -> Iterator[tuple[float, float, int]]:
    """Give the share of near variants that share a key with their partner, by exact word likeness."""
    keys = facts["keys"].to_pylist()
    seen = []
    for row, (partner, kind) in enumerate(zip(planted.partner, planted.kind, strict=True)):
        if kind in NEAR:
            one, other = (compared(passages_of(payloads[at], method="sft")) for at in (row, partner))
            alike = jaccard(one.body, other.body)
            seen.append((alike, bool({*(keys[row] or ())} & {*(keys[partner] or ())})))
    for level in (0.7, 0.8, 0.9):
        hits = [hit for alike, hit in seen if alike >= level]
        yield level, sum(hits) / max(1, len(hits)), len(hits)


if __name__ == "__main__":
    main()
