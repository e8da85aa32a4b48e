"""Chats with everything that the global steps decide about, from a seed."""

import random

WORDS = ("the", "parcel", "came", "late", "and", "nobody", "at", "desk", "could", "say", "where", "it", "had", "been")


def chats(rows: int, *, seed: int = 0) -> str:
    """Give a CSV with exact, normalised and near twins, several answers to one prompt, families and flawed rows."""
    chance = random.Random(seed)
    made: list[tuple[str, str, str, str]] = []
    for number in range(rows):
        kind = chance.random()
        if made and kind < 0.35:
            made.append(_variant(chance.choice(made), kind, chance))
        else:
            question = f"{' '.join(chance.choices(WORDS, k=30))} {number}"
            answer = " ".join(chance.choices(WORDS, k=25)) if kind < 0.95 else ""
            made.append((question, answer, chance.choice(["late", "lost", "paid"]), f"c{chance.randrange(rows)}"))
    return "question,answer,topic,customer\n" + "".join(",".join(row) + "\n" for row in made)


def _variant(row: tuple[str, str, str, str], kind: float, chance: random.Random) -> tuple[str, str, str, str]:
    question, answer, topic, customer = row
    words = question.split()
    if kind < 0.1:
        question = question.upper()
    elif kind < 0.25:
        words[chance.randrange(len(words))] = chance.choice(WORDS) + "s"
        question = " ".join(words)
    elif kind < 0.3:
        answer = " ".join(chance.choices(WORDS, k=25))
    return question, answer, topic, customer
