"""What a second build costs: python bench/refresh.py FOLDER [--rows 1000000] [--append 1000] [--format csv] [--workers N].

Chats of real text from FOLDER (bench/corpus.py) become one source. It is built with an empty cache; rows are appended and it is built
again; it is built unchanged; and it is built once more without the cache, whose files must be those of the second build,
byte for byte. CPU seconds are those of all processes, workers and their server among them. Prints Markdown and one line of
JSON.
"""

import argparse
import csv
import ctypes
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from corpus import OF, Row, corpus
from harvest import payload

PR_SET_CHILD_SUBREAPER = 36
HOUSE = Path(__file__).parents[1]


class Cost(NamedTuple):
    wall: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--of", choices=OF, default=OF[0], help="what rows are put together of")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--append", type=int, default=1_000)
    parser.add_argument("--format", choices=["csv", "jsonl"], default="csv")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    asked = parser.parse_args()
    adopt_orphans()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        texts = corpus(asked.folder, of=asked.of)
        path = write(root, texts.rows(asked.rows), asked.format)
        size = path.stat().st_size
        costs = {"first": build(root, asked.workers)}
        write(root, texts.rows(asked.append, start=asked.rows), asked.format, appends=True)
        costs[f"{asked.append:,} rows appended"] = build(root, asked.workers)
        refreshed = digests(root)
        costs["unchanged"] = build(root, asked.workers)
        costs["the start of a command alone"] = timed([sys.executable, "-m", "pipeline", "targets"], root)
        clean = root / "clean"
        clean.mkdir()
        for name in (path.name, "dataset.toml"):
            os.link(root / name, clean / name)
        costs["clean, without the cache"] = build(clean, asked.workers, "--no-cache")
        show(costs, asked, size, is_equal=refreshed == digests(clean))


def write(root: Path, rows: Iterator[Row], form: str, *, appends: bool = False) -> Path:
    path = root / f"source.{form}"
    recipe = "pairs" if form == "csv" else "as_is"
    plan = f'[[source]]\npath = "{path.name}"\ncompose = {{ recipe = "{recipe}" }}\n'
    (root / "dataset.toml").write_text(plan, encoding="utf-8")
    with path.open("a" if appends else "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        if form == "csv" and not appends:
            table.writerow(["question", "answer"])
        for row in rows:
            if form == "csv":
                table.writerow([row.turns[0], "\n".join(row.turns[1:])])
            else:
                file.write(payload(row.turns) + "\n")
    return path


def build(root: Path, workers: int, *flags: str) -> Cost:
    command = [sys.executable, "-m", "pipeline", "build", "--quiet", "--fail-on", "never", "--workers", str(workers)]
    return timed([*command, *flags], root)


def timed(command: list[str], root: Path) -> Cost:
    """Run a command and wait for all that it started."""
    before, began = cpu(), time.perf_counter()
    world = {**os.environ, "XDG_CACHE_HOME": str(root / "cache"), "PYTHONPATH": str(HOUSE)}
    subprocess.run(command, cwd=root, check=True, env=world, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - began
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass
    return Cost(wall, cpu() - before)


def adopt_orphans() -> None:
    """Become the parent of workers whose own is gone, so that their CPU time is counted."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def digests(root: Path) -> dict[str, str]:
    """Digest every file but the report, which tells of the version before, and those that quote the report's digest."""
    files = sorted((root / "data/processed/latest").resolve().iterdir())
    compared = [file for file in files if file.suffix in {".jsonl", ".parquet"}]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in compared}


def show(costs: dict[str, Cost], asked: argparse.Namespace, size: int, *, is_equal: bool) -> None:
    first = costs["first"]
    print(f"{asked.rows:,} rows, {size / 1e6:,.0f} MB of {asked.format.upper()}, {asked.workers} workers\n")
    print("| build | CPU s | of the first | wall s |\n|---|---|---|---|")
    for name, cost in costs.items():
        print(f"| {name} | {cost.cpu:,.1f} | {cost.cpu / first.cpu:.3f} | {cost.wall:,.1f} |")
    print(f"\nThe refreshed files {'are' if is_equal else 'ARE NOT'} those of the clean build, byte for byte.")
    facts = {name: cost._asdict() for name, cost in costs.items()}
    print(json.dumps({"rows": asked.rows, "bytes": size, "workers": asked.workers, "equal": is_equal, "builds": facts}))
    sys.exit(0 if is_equal else 1)


if __name__ == "__main__":
    main()
