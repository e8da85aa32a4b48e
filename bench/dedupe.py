"""How many duplicates are found, what is wrongly dropped, and at what price: python bench/dedupe.py FOLDER [ROWS].

Pairs with a known truth are planted among chats of real sentences: exact copies, other case and white space, one word a
turn changed, 2 % of the words changed (each time another word, a typo, or a word left out), the same prompt with another
answer; and rows that have nothing to do with each other, some short, some in Chinese. A Markdown table and JSON come out.
With `--peers`, other finders of near duplicates run on the same rows, each at a pinned version in an environment of its own.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from dedupe_data import CLASSES, NEAR, UNRELATED, Planted, plant, real
from dedupe_steps import DROPPED
from environments import home, is_installed
from harvest import harvest, payload

from pipeline.core.passages import passages_of
from pipeline.core.settings import DedupeSettings
from pipeline.core.verdicts import RememberedVerdicts
from pipeline.core.words import words
from pipeline.group import group
from pipeline.group.likeness import jaccard
from pipeline.measure import Measure
from pipeline.measure.fingerprint import fingerprints

BATCH = 4_096
STEPS = Path(__file__).with_name("dedupe_steps.py")
PEERS = {
    "gaoya 0.2.2": ("gaoya==0.2.2",),
    "rensa 0.5.0": ("rensa==0.5.0",),
    "convmerge 1.6.5": ("convmerge[quality]==1.6.5", "datasketch==2.0.0", "numpy==2.4.6"),
    "text-dedup 0.4.0": ("text-dedup==0.4.0",),
}
"""Tool → its packages. What each does stands in dedupe_steps.py."""
Codes = npt.NDArray[np.int64]


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("folder", type=Path, help="real text")
    given.add_argument("rows", type=int, nargs="?", default=100_000)
    given.add_argument("--real", action="store_true", help="real rows as they are, instead of chats")
    given.add_argument("--peers", action="store_true", help="run other finders on the same rows, installed from PyPI")
    given.add_argument("--keep", type=Path, help="where their environments stay; else in a temporary folder")
    given.add_argument("--json", type=Path, help="where to write the figures")
    given.add_argument("--settings", nargs="*", default=[], help="of [dedupe]: terse=words threshold=0.8")
    asked = given.parse_args()
    settings = DedupeSettings.model_validate(dict(pair.split("=") for pair in asked.settings))
    planted = (real if asked.real else plant)(harvest(asked.folder), rows=asked.rows, chance=random.Random(7))
    payloads = [payload(turns) for turns in planted.rows]
    results = [ours(planted, payloads, settings)]
    if asked.peers:
        results += peers(planted, asked.keep)
    letters = sum(map(len, payloads)) / len(payloads)
    print(f"\n{len(payloads):,} rows, {letters:.0f} characters each, {settings}\n\n{table(results)}")
    if asked.json:
        asked.json.write_text(json.dumps({"rows": len(payloads), "letters": letters, "results": results}, indent=1))


def ours(planted: Planted, payloads: list[str], settings: DedupeSettings) -> dict[str, Any]:
    """Run fingerprints and group, and hold what they found against the truth."""
    facts, measured = measure(payloads)
    started, verdicts = time.process_time(), RememberedVerdicts()
    found = group(facts, lambda rows: [payloads[row] for row in rows], settings, verdicts=verdicts)
    grouped = time.process_time() - started
    started = time.process_time()
    group(facts, lambda rows: [payloads[row] for row in rows], settings, verdicts=verdicts)
    again = time.process_time() - started
    codes = found["group"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    for one in recall_by_likeness(planted, facts, codes):
        print(
            f"near pairs of likeness {one.level} and more: candidates {one.meet:.4f}, found {one.found:.4f} of {one.pairs:,}, "
            f"and {one.found_of_twins:.4f} of the {one.twins:,} that the rules do not tell apart"
        )
    for reason, number, joined in told_apart(planted, codes):
        print(f"near pairs told apart on purpose, {reason}: {number:,}; joined all the same: {joined:,}")
    hundred = 100_000 / len(payloads)
    print(f"CPU-s per 100,000 rows: fingerprints {measured * hundred:.2f}, group {grouped * hundred:.2f},")
    print(f"  group with all verdicts known {again * hundred:.2f} ({len(verdicts):,} verdicts)")
    print(f"base rows joined without a label: {unlabelled(planted, codes):,}")
    return {"tool": "tuneset", "cpu_seconds": measured + grouped, **shares(planted, codes)}


def peers(planted: Planted, keep: Path | None) -> Iterator[dict[str, Any]]:
    """Run each peer on the same rows: its whole process is counted, with what it starts."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.jsonl"
        texts = ("\n".join(turns) for turns in planted.rows)
        rows.write_text("".join(json.dumps({"row": row, "text": text}) + "\n" for row, text in enumerate(texts)))
        for name, needs in PEERS.items():
            place = keep or Path(folder)
            if not is_installed(name, needs, place):
                continue
            work = Path(folder) / f"work of {name}"
            work.mkdir()
            step = name.split()[0].replace("-", "_")
            before = cpu_of_children()
            command = [str(home(name, needs, place) / "bin/python"), str(STEPS), step, str(rows), str(work)]
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": ""}
            )
            if done.returncode:
                print(f"{name} broke off: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
                continue
            codes = np.array(json.loads(done.stdout.splitlines()[-1]), np.int64)
            yield {"tool": name, "cpu_seconds": cpu_of_children() - before, **shares(planted, codes)}


def cpu_of_children() -> float:
    """Give the CPU-seconds of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(payloads: list[str]) -> tuple[pa.Table, float]:
    """Give the facts, and the CPU-seconds that fingerprints alone took."""
    stage = Measure()
    parts = [payloads[start : start + BATCH] for start in range(0, len(payloads), BATCH)]
    facts = pa.concat_tables([stage(pa.table({"payload": part})).drop_columns(["payload"]) for part in parts])
    facts = facts.append_column("name", pa.array([f"row:{number}" for number in range(len(payloads))]))
    facts = facts.append_column("family", pa.nulls(len(facts), pa.string()))
    spent = 0.0
    for part in parts:
        some = [passages_of(one, method="sft") for one in part]
        started = time.process_time()
        fingerprints(some, near=True)
        spent += time.process_time() - started
    return facts.append_column("is_sound", pa.array([True] * len(facts))), spent


def shares(planted: Planted, codes: Codes) -> dict[str, float]:
    """Give per class the share of pairs that came into one group, or of rows that came into a group at all.

    A peer that only says what it drops (DROPPED) is believed to have dropped it for its partner.
    """
    partner, kind = np.array(planted.partner), np.array(planted.kind)
    is_dropped = codes == DROPPED
    sizes = np.bincount(codes[~is_dropped])
    found = {}
    for name in CLASSES:
        rows = np.flatnonzero(kind == name)
        others = partner[rows]
        found[name] = float(((codes[rows] == codes[others]) | is_dropped[rows] | is_dropped[others]).mean())
    for name in UNRELATED:
        rows = np.flatnonzero(kind == name)
        found[name] = float((is_dropped[rows] | (sizes[codes[rows]] > 1)).mean()) if len(rows) else 0.0
    return found


def unlabelled(planted: Planted, codes: Codes) -> int:
    """Count rows that came into a group with base rows they are no variants of."""
    base = codes[np.array(planted.partner) < 0]
    return len(base) - len(np.unique(base))


class Recall(NamedTuple):
    """What was found of the near pairs from a likeness on."""

    level: float
    pairs: int
    meet: float
    """Share of them that have a key in common."""
    found: float
    twins: int
    """Pairs without those that docs/duplicates.md tells apart on purpose."""
    found_of_twins: float


def recall_by_likeness(planted: Planted, facts: pa.Table, codes: Codes) -> Iterator[Recall]:
    """Give what was found of near variants and their partners, by exact word likeness."""
    keys, seen = facts["keys"].to_pylist(), []
    for row, partner in near_pairs(planted):
        one, other = ([word for text in planted.rows[at] for word in words(text)] for at in (row, partner))
        meets = not {*(keys[row] or ())}.isdisjoint(keys[partner] or ())
        seen.append((jaccard(one, other), meets, codes[row] == codes[partner], not planted.apart[row]))
    alike, meets, found, is_twin = np.array(seen, dtype=float).reshape(-1, 4).T
    for level in (0.7, 0.8, 0.9):
        here = alike >= level
        twins = here & (is_twin > 0)
        yield Recall(level, here.sum(), meets[here].mean(), found[here].mean(), twins.sum(), found[twins].mean())


def told_apart(planted: Planted, codes: Codes) -> Iterator[tuple[str, int, int]]:
    """Give each reason why near pairs are no twins on purpose, how many there are, and how many came into one group."""
    counts: Counter[str] = Counter()
    joined: Counter[str] = Counter()
    for row, partner in near_pairs(planted):
        counts[planted.apart[row]] += 1
        joined[planted.apart[row]] += codes[row] == codes[partner]
    yield from ((reason, counts[reason], joined[reason]) for reason in sorted(counts) if reason)


def near_pairs(planted: Planted) -> Iterator[tuple[int, int]]:
    """Give the near variants and their partners."""
    rows = enumerate(zip(planted.partner, planted.kind, strict=True))
    yield from ((row, partner) for row, (partner, kind) in rows if kind in NEAR)


def table(results: list[dict[str, Any]]) -> str:
    """Give the results as Markdown."""
    heads = ["tool", "cpu_seconds", *CLASSES, *UNRELATED]
    lines = [f"| {' | '.join(['tool', 'CPU s', *heads[2:]])} |", "|-" * len(heads) + "|"]
    for result in results:
        cells = [result["tool"], f"{result['cpu_seconds']:.1f}", *(f"{result[name]:.4f}" for name in heads[2:])]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
