"""How much private data is found, and how often where there is none: python bench/privacy.py FOLDER.

FOLDER holds what is there of `presidio_synth` (presidio-research's gold spans), and of texts that hold nothing private:
`gsm8k_train` (maths), `self_instruct` and `tldr_linux` (code and commands), `gpteacher` and `sherlock_gutenberg`
(stories), `xstest` and `banking77` (chats), ... What is missing is named and left out.
"""

import argparse
import csv
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import pyarrow as pa  # noqa: E402

from pipeline.core.private import search, suspects  # noqa: E402

GOLD = {
    "CREDIT_CARD": "private.card",
    "EMAIL_ADDRESS": "private.email",
    "PHONE_NUMBER": "private.phone",
    "IBAN_CODE": "private.iban",
    "US_SSN": "private.national",
    "IP_ADDRESS": "private.ip",
}
CLEAN = {
    "maths": ("gsm8k_train/**/*.jsonl",),
    "code": ("self_instruct/**/*.jsonl", "tldr_linux/**/*.md", "bfcl/*.json"),
    "stories": ("gpteacher/**/*.json", "sherlock_gutenberg/**/*.txt", "eltec_fra_plain/**/*.txt"),
    "chats": (
        "xstest/**/*.csv",
        "banking77/**/*.csv",
        "persona_chat_csv/**/*.csv",
        "hh_rlhf_test/**/*.jsonl",
    ),
    "chats with slots": (
        "multidogo/**/*.tsv",
        "taskmaster4/**/*.json",
        "oasst_tree/**/*.jsonl",
        "sharegpt_fastchat/**/*.json",
        "toolbench_g1/**/*.json",
    ),
    "logs of chat rooms (hosts of people)": ("irc_chat/**/*.txt",),
    "articles": ("helpdocs_rst/**/*.rst", "openai_cookbook/**/*.jsonl"),
}
MOST_BYTES = 4_000_000


def gold(folder: Path) -> list[dict]:
    path = folder / "presidio_synth/data/synth_dataset_v2.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def texts(path: Path) -> Iterator[str]:
    """Give the texts of a file: every string of JSON, every cell, every paragraph."""
    raw = path.read_bytes()[:MOST_BYTES].decode("utf-8", "replace")
    if path.suffix in (".jsonl", ".json"):
        for line in raw.splitlines() if path.suffix == ".jsonl" else [raw]:
            try:
                yield from strings(json.loads(line))
            except ValueError:
                yield from (part for part in re.split(r'(?<=[^\\])"', line) if len(part) > 3)
    elif path.suffix in (".csv", ".tsv"):
        lines = raw.replace("\0", "").splitlines()
        for cells in csv.reader(lines, delimiter="\t" if path.suffix == ".tsv" else ","):
            yield from cells
    else:
        yield from re.split(r"\n\s*\n", raw)


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


def judge(rows: list[dict], *, show: bool) -> None:
    """Print recall and precision: a gold span is found when a span of ours of its type overlaps it by half."""
    hits, gold_count, ours_right, ours = Counter(), Counter(), Counter(), Counter()
    for row in rows:
        text = row["full_text"]
        spans = [
            (GOLD[s["entity_type"]], s["start_position"], s["end_position"])
            for s in row["spans"]
            if s["entity_type"] in GOLD
        ]
        found = [(one.by.code, one.start, one.end) for one in search(text)]
        for code, start, end in spans:
            gold_count[code] += 1
            is_hit = any(c == code and 2 * (min(end, e) - max(start, s)) >= end - start for c, s, e in found)
            hits[code] += is_hit
            if show and not is_hit:
                print(
                    "   missed",
                    code,
                    repr(text[max(start - 50, 0) : start]),
                    "->",
                    repr(text[start:end]),
                    repr(text[end : end + 10]),
                )
        for code, start, end in found:
            ours[code] += 1
            right = any(c == code and min(end, e) - max(start, s) > 0 for c, s, e in spans)
            ours_right[code] += right
            if show and not right:
                print("   wrong ", code, repr(text[max(start - 40, 0) : end + 20]))
    print("| kind | gold | recall | precision |\n|---|---|---|---|")
    for code in GOLD.values():
        precision = f"{ours_right[code] / ours[code]:.3f}" if ours[code] else "-"
        print(f"| {code} | {gold_count[code]} | {hits[code] / max(gold_count[code], 1):.3f} | {precision} |")


def count(folder: Path, *, show: bool) -> None:
    """Print what is found per 1,000 texts where nothing private is expected, and the speed of the first look."""
    print(
        "| texts | number | MB | first look picks | found per 1,000, by kind | first look MB/s | whole MB/s |\n|---|---|---|---|---|---|---|"
    )
    for name, patterns in CLEAN.items():
        paths = sorted(path for pattern in patterns for path in folder.glob(pattern))[:200]
        every = list(dict.fromkeys(text for path in paths for text in texts(path) if text.strip()))
        if not every:
            print(f"| {name} | not there | | | | | |")
            continue
        size = sum(len(text.encode("utf-8", "replace")) for text in every) / 1e6
        column = pa.array([json.dumps(text, ensure_ascii=False).encode("utf-8", "replace").decode() for text in every])
        suspects(column.slice(0, 1))
        began = time.process_time()
        picked = suspects(column)
        looked = time.process_time() - began
        began = time.process_time()
        counts: Counter[str] = Counter()
        for text in map(every.__getitem__, picked):
            for one in search(text):
                counts[one.by.code] += 1
                if show:
                    print("   ", name, one.by.code, repr(text[max(one.start - 40, 0) : one.end + 20]))
        searched = time.process_time() - began
        found = ", ".join(f"{code} {1000 * n / len(every):.2f}" for code, n in sorted(counts.items())) or "none"
        print(
            f"| {name} | {len(every):,} | {size:.1f} | {len(picked) / len(every):.1%} | {found} | {size / max(looked, 1e-9):.0f} | {size / max(looked + searched, 1e-9):.0f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--show", action="store_true", help="Print what was missed and what was found, with its surroundings."
    )
    asked = parser.parse_args()
    if rows := gold(asked.folder):
        judge(rows, show=asked.show)
    count(asked.folder, show=asked.show)


if __name__ == "__main__":
    main()
