"""What the offline screen learns from and is tried on, read from a folder of public sets; docs/screen.md names them."""

import csv
import gzip
import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import xxhash

FOLDS = 4
CATEGORIES = {"S": "sexual", "H": "hate", "HR": "harassment", "V": "violence", "SH": "self-harm"}
"""Label of OpenAI's set → category. H2, S3 and V2 have too few examples, or none, to learn from."""
SHIPPED = ("sexual", "hate", "harassment", "self-harm")
"""Violence was tried and left out: a head that finds a fifth and routes crime stories covers nothing."""
TWEET = {"0": {"hate": 1, "harassment": 1}, "1": {"hate": 0}, "2": {"hate": 0, "harassment": 0}}
"""Class of Davidson's tweets (hate, offensive, neither) → what it tells."""


class Labelled(NamedTuple):
    text: str
    labels: dict[str, int]
    """Category → 1 or 0; without a category: not known."""
    weight: float
    source: str

    @property
    def fold(self) -> int:
        return xxhash.xxh3_64_intdigest(self.text.encode("utf-8", "replace")) % FOLDS


def labelled(folder: Path) -> list[Labelled]:
    """Give all that the heads are trained on."""
    return [*openai(folder), *tweets(folder), *ordinary(folder)]


def openai(folder: Path) -> Iterator[Labelled]:
    for row in _lines(folder / "moderation_train/openai_moderation_half.jsonl.gz"):
        known = {name: row[label] for label, name in CATEGORIES.items() if row.get(label) is not None}
        yield Labelled(row["prompt"], known, 1.0, "openai")


def tweets(folder: Path) -> Iterator[Labelled]:
    """Give each tweet without names, links and marks of repeating: they tell a tweet, not hate."""
    for row in _rows(folder / "moderation_train/davidson_tweets.csv.gz"):
        text = re.sub(r"https?://\S+|@\w+|\bRT\b", " ", html.unescape(row["tweet"]))
        if row["class"] != "1" or xxhash.xxh3_64_intdigest(text.encode()) % 5 == 0:
            yield Labelled(text, TWEET[row["class"]], 0.1, "tweets")


def ordinary(folder: Path) -> Iterator[Labelled]:
    """Give text that holds nothing of any category."""
    for source, texts in {
        "gsm8k": _sample((t for row in _lines(folder / "gsm8k_train/train.jsonl") for t in row.values()), 5),
        "self_instruct": _self_instruct(folder),
        "multidogo": _sample(_multidogo(folder), 20),
        "persona_chat": _sample(_turns(_persona(folder)[::2]), 4),
        "persona_chat, whole": _sample(iter(_persona(folder)[::2]), 5),
        "sherlock": list(_sherlock(folder))[::2],
    }.items():
        for text in texts:
            yield Labelled(text, dict.fromkeys(CATEGORIES.values(), 0), 0.05, source)


def for_thresholds(folder: Path) -> list[str]:
    """Give ordinary text that decides from which margin on a text is routed; nothing of it is trained on."""
    customers = [row["text"] for row in _rows(folder / "banking77/train.csv")][:3_000]
    return [*_oasst(folder), *customers, *_turns(_persona(folder)[1::4])]


def unseen(folder: Path) -> dict[str, list[str]]:
    """Give ordinary text that took no part in training or thresholds; of a source with a star, another part did."""
    logs = sorted((folder / "irc_chat").rglob("*.ascii.txt")) or sorted((folder / "irc_chat").rglob("*.txt"))
    said = (line.partition("> ")[2] for log in logs for line in log.read_text("utf-8", "replace").splitlines())
    return {
        "taskmaster4, turns": _taskmaster(folder),
        "truthfulqa, questions": [row["Question"] for row in _rows(folder / "truthfulqa/TruthfulQA.csv")],
        "irc_chat, lines": list(_sample((line for line in said if line), 5)),
        "persona_chat*, turns": list(_turns(_persona(folder)[3::4])),
        "persona_chat*, whole conversations": _persona(folder)[3::4],
        "sherlock*, paragraphs of crime stories": list(_sherlock(folder))[1::2],
    }


def hatecheck(folder: Path) -> list[tuple[str, str, str]]:
    """Give functionality, gold label and text."""
    rows = _rows(folder / "hatecheck/test_suite_cases.csv")
    return [(row["functionality"], row["label_gold"], row["test_case"]) for row in rows]


def xstest(folder: Path) -> list[tuple[str, str]]:
    """Give label and prompt."""
    return [(row["label"], row["prompt"]) for row in _rows(folder / "xstest/xstest_prompts.csv")]


def xcopa(folder: Path) -> dict[str, list[str]]:
    """Give sentences by language."""
    found: dict[str, list[str]] = {}
    for path in sorted((folder / "xcopa").rglob("test.*.jsonl")):
        found[path.name.split(".")[1]] = [
            " ".join(row[key] for key in ("premise", "choice1", "choice2")) for row in _lines(path)
        ]
    return found


def _oasst(folder: Path) -> Iterator[str]:
    def walk(message: dict[str, Any]) -> Iterator[str]:
        yield message["text"]
        for reply in message.get("replies", ()):
            yield from walk(reply)

    for path in sorted((folder / "oasst_tree").rglob("*.jsonl")):
        for row in _lines(path):
            yield from walk(row.get("prompt", row))


def _self_instruct(folder: Path) -> Iterator[str]:
    for path in sorted((folder / "self_instruct").rglob("*.jsonl")):
        for row in _lines(path):
            yield row["instruction"]
            yield from (one["output"] for one in row["instances"] if one["output"])


def _multidogo(folder: Path) -> Iterator[str]:
    for path in sorted((folder / "multidogo").rglob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row.get("utterance"):
                    yield row["utterance"]


def _persona(folder: Path) -> list[str]:
    rows = _rows(folder / "persona_chat_csv/Synthetic-Persona-Chat_valid.csv")
    return [row["Best Generated Conversation"] for row in rows]


def _turns(conversations: list[str]) -> Iterator[str]:
    lines = (line for conversation in conversations for line in conversation.splitlines())
    return (text for line in lines if (text := re.sub(r"^User \d: ?", "", line)))


def _sherlock(folder: Path) -> Iterator[str]:
    text = next(iter(sorted((folder / "sherlock_gutenberg").rglob("1661.txt")))).read_text("utf-8", "replace")
    yield from (part for part in text.replace("\r", "").split("\n\n") if len(part) > 80)


def _taskmaster(folder: Path) -> list[str]:
    paths = sorted((folder / "taskmaster4").rglob("*.json"))
    read = [json.loads(path.read_text("utf-8")) for path in paths]
    return [turn["text"] for one in read if isinstance(one, list) for c in one for turn in c.get("utterances", ())]


def _sample(texts: Iterator[str], every: int) -> Iterator[str]:
    return (text for number, text in enumerate(texts) if number % every == 0)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    yield from csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
