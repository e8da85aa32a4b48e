"""Small sound files of examples."""

import json
from pathlib import Path

SYSTEM = "You are Acorn's support."


def chat(question: str, answer: str, *, system: str | None = SYSTEM) -> str:
    first = [{"role": "system", "content": system}] if system else []
    turns = [*first, {"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns})


def train(folder: Path, count: int = 20) -> Path:
    lines = [
        chat(f"Where is parcel number {n * 7919}?", f"It left the depot {n * 31 + 2} minutes ago.")
        for n in range(count)
    ]
    return written(folder / "train.jsonl", lines)


def validation(folder: Path, count: int = 12) -> Path:
    lines = [chat(f"May I return shoes of size {n + 35}?", f"Yes, within {n + 30} days of sale.") for n in range(count)]
    return written(folder / "validation.jsonl", lines)


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path
