"""What a whole build costs, beside OpenAI's notebook and beside the floor: python bench/build.py [--data FOLDER].

Chats of real text with planted duplicates (bench/corpus.py), as JSON lines and as CSV, built with every offline stage on:
private data, rules, the offline screen, exact and near duplicates, split, report, expectations. In every round each
command runs once, in turns, so that ratios are of one time on one machine. The notebook does format checks and token
counts alone (bench/notebook.py); the floor is one bare loop of the best blocks (bench/floor.py). CPU time is that of all
descendants, memory the sum of the proportional set sizes of all processes. Prints Markdown; `--json` keeps the figures.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from corpus import DATA, OF, Corpus, corpus, write_csv, write_jsonl, write_truth
from meter import ROOT, Cost, measured, middle

PLAN = """name = "bench"

[target]
id = "openai/gpt-4.1-mini"

[[source]]
path = "{file}"
compose = {compose}

[write]
folder = "{folder}"
"""
COMPOSE = {
    "jsonl": '{ recipe = "messages" }',
    "csv": '{ recipe = "pairs", system = "{{ system }}", user = "question", assistant = "answer" }',
}
NOTEBOOK, FLOOR = "notebook", "floor"


class Result(NamedTuple):
    """Costs of one number of rows, by what ran."""

    rows: int
    megabytes: float
    costs: Mapping[str, Cost]


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--data", type=Path, default=DATA, help="real text")
    given.add_argument("--of", choices=OF, default=OF[0], help="what rows are put together of")
    given.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 3_000_000])
    given.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    given.add_argument("--forms", nargs="+", choices=list(COMPOSE), default=list(COMPOSE))
    given.add_argument("--runs", type=int, default=3)
    given.add_argument("--no-peers", action="store_true", help="neither notebook nor floor")
    given.add_argument("--json", type=Path, help="where to write the figures")
    given.add_argument("--work", type=Path, help="where the files go; left out: a temporary folder")
    asked = given.parse_args()
    results = []
    for rows in asked.rows:
        with tempfile.TemporaryDirectory(dir=asked.work) as folder:
            results.append(compared(Path(folder), corpus(asked.data, of=asked.of), rows, asked))
            print(f"\n{table(results)}\n", flush=True)
    if asked.json:
        asked.json.write_text(json.dumps([as_json(one) for one in results], indent=1) + "\n")


def compared(folder: Path, texts: Corpus, rows: int, asked: argparse.Namespace) -> Result:
    """Write the files and run everything in turns."""
    write_jsonl(folder / "chats.jsonl", texts.rows(rows))
    write_truth(folder / "truth.jsonl", texts.rows(rows))
    if "csv" in asked.forms:
        write_csv(folder / "chats.csv", texts.rows(rows))
    commands = dict(_commands(folder, asked))
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(asked.runs):
        for name, command in commands.items():
            cost = measured(command, memory=True)
            print(
                f"{rows:>9,} {name:<18} {cost.wall:7.1f} s {cost.cpu:7.1f} CPU-s {cost.bytes / 1e6:6,.0f} MB "
                f"({cost.own_bytes / 1e6:,.0f} its own)",
                flush=True,
            )
            costs[name].append(cost)
    size = (folder / "chats.jsonl").stat().st_size / 1e6
    return Result(rows, size, {name: middle(some) for name, some in costs.items()})


def _commands(folder: Path, asked: argparse.Namespace) -> Iterator[tuple[str, Sequence[str]]]:
    chats = str(folder / "chats.jsonl")
    if not asked.no_peers:
        yield NOTEBOOK, [sys.executable, str(ROOT / "bench/notebook.py"), chats]
        yield FLOOR, [sys.executable, str(ROOT / "bench/floor.py"), chats, str(folder / "floor.jsonl")]
    for form in asked.forms:
        for workers in asked.workers:
            name = f"build {form}, {workers} worker{'s' * (workers > 1)}"
            plan = folder / f"{form}-{workers}.toml"
            plan.write_text(
                PLAN.format(file=f"chats.{form}", compose=COMPOSE[form], folder=f"built-{form}-{workers}"),
                encoding="utf-8",
            )
            build = [
                sys.executable,
                "-m",
                "pipeline",
                "build",
                "--quiet",
                "--no-cache",
                "--fail-on",
                "never",
                "--plan",
                str(plan),
            ]
            yield name, [*build, "--workers", str(workers)]


def table(results: Sequence[Result]) -> str:
    """Give the figures as Markdown; ratios are to the notebook and to the floor on the same rows."""
    lines = [
        "| rows | MB | | wall s | CPU-s | MB at most | of it no file's | wall / notebook | CPU / notebook | CPU / floor | µs CPU a row |",
        "|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        notebook, floor = result.costs.get(NOTEBOOK), result.costs.get(FLOOR)
        for name, cost in result.costs.items():
            ratios = (
                f"{cost.wall / notebook.wall:.2f}" if notebook else "",
                f"{cost.cpu / notebook.cpu:.2f}" if notebook else "",
                f"{cost.cpu / floor.cpu:.2f}" if floor else "",
            )
            lines.append(
                f"| {result.rows:,} | {result.megabytes:,.0f} | {name} | {cost.wall:,.1f} | {cost.cpu:,.1f} "
                f"| {cost.bytes / 1e6:,.0f} | {cost.own_bytes / 1e6:,.0f} | {' | '.join(ratios)} | {cost.cpu / result.rows * 1e6:.0f} |"
            )
    return "\n".join(lines)


def as_json(result: Result) -> dict[str, object]:
    costs = {name: cost._asdict() for name, cost in result.costs.items()}
    return {"rows": result.rows, "megabytes": result.megabytes, "costs": costs}


if __name__ == "__main__":
    main()
