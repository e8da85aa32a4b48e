"""How long a check takes, beside the format and token steps of OpenAI's notebook: python bench/check.py [--data FOLDER].

Both run on the same file, in processes of their own, in turns (notebook, check, notebook, check, ...); the ratio is that
of the medians. The notebook's part is bench/notebook.py; the check does all of its rules, exact counts, exact twins and
the price besides. `--memory` runs the check alone on 1,000,000 rows and gives the peak.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from corpus import DATA, OF, corpus, write_jsonl
from meter import ROOT, Cost, measured, middle

NOTEBOOK = ROOT / "bench/notebook.py"


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--data", type=Path, default=DATA, help="real text")
    given.add_argument("--of", choices=OF, default=OF[0], help="what rows are put together of")
    given.add_argument("--rows", type=int)
    given.add_argument("--runs", type=int, default=3)
    given.add_argument("--memory", action="store_true")
    given.add_argument("--screen", action="store_true", help="the check with its offline screen")
    asked = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.jsonl"
        rows = asked.rows or (1_000_000 if asked.memory else 100_000)
        write_jsonl(path, corpus(asked.data, of=asked.of).rows(rows))
        print(f"{rows:,} examples, {path.stat().st_size / 1e6:,.0f} MB")
        if asked.memory:
            print(told("check", measured(check(path, screen=asked.screen), memory=True)))
        else:
            compare(path, runs=asked.runs, screen=asked.screen)


def check(path: Path, *, screen: bool) -> list[str]:
    command = [sys.executable, "-m", "pipeline", "check", str(path), "--fail-on", "never"]
    return [*command, "--screen"] if screen else command


def compare(path: Path, *, runs: int, screen: bool) -> None:
    commands = {"notebook": [sys.executable, str(NOTEBOOK), str(path)], "check": check(path, screen=screen)}
    taken: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            taken[name].append(measured(command))
            print(told(name, taken[name][-1]))
    theirs, ours = middle(taken["notebook"]), middle(taken["check"])
    print(
        f"check / notebook: {ours.wall / theirs.wall:.3f} of the wall time, {ours.cpu / theirs.cpu:.3f} of the CPU time"
    )


def told(name: str, cost: Cost) -> str:
    memory = f", {cost.bytes / 1e6:,.0f} MB at most, all processes together" if cost.bytes else ""
    return f"{name:>8}: {cost.wall:6.2f} s wall, {cost.cpu:6.2f} s CPU{memory}"


if __name__ == "__main__":
    main()
