"""A CSV larger than memory, read to the end: python bench/big_csv.py [--gb 10] [--turns 1] [--stages read|compose|all] [--folder PLACE].

Writes a CSV of real text (data/raw) in new combinations, each row with a number of its own, quotes and line ends in cells as they
come; then reads it with all workers, and prints rows and megabytes a second and the most memory that all processes held at once (pages that
they share count once). `--stages read` turns every row into a record and keeps nothing; `--stages compose` makes the examples besides.
`--stages all` is `tuneset build` with every offline stage but the near-duplicates and the gate, whose thin table grows with the rows, not the
bytes: give it longer rows (`--turns 16`). The file is deleted at the end. It needs twice to five times its size of disk.
"""

import argparse
import itertools
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from corpus import DATA, corpus
from meter import family, proportional_bytes

ROOT = Path(__file__).parents[1]
POOL = 40_000
"""Different rows before their numbers; any two rows of the file differ in the number at least."""
PLAN = """name = "big"
[target]
id = "openai/gpt-4.1"
[dedupe]
near = false
[expect]
enabled = false
[[source]]
path = "big.csv"
compose = { recipe = "pairs", user = "question", assistant = "answer" }
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gb", type=float, default=10.0)
    parser.add_argument("--turns", type=int, default=1, help="Exchanges in one row: longer rows, fewer of them.")
    parser.add_argument("--stages", choices=["read", "compose", "all"], default="read")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inner:
        print(json.dumps(read_all(asked.folder, asked.workers, composes=asked.stages == "compose")))
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        place = Path(folder)
        rows, size = write(place / "big.csv", asked.gb, asked.turns)
        (place / "dataset.toml").write_text(PLAN)
        print(f"{size / 1e9:.2f} GB, {rows:,} rows written", flush=True)
        seconds, peak, said = measured(command(asked, place))
        found = json.loads(said)
        count = found["rows_read"]
        print(
            f"{asked.stages}: {count:,} rows in {seconds:.0f} s: {count / seconds:,.0f} rows/s, {size / seconds / 1e6:.1f} MB/s"
        )
        print(f"{peak / 1e6:,.0f} MB at most, all processes together; {found.get('fates', '')}")
        assert count == rows, "rows were lost"


def command(asked: argparse.Namespace, place: Path) -> list[str]:
    workers = ["--workers", str(asked.workers)]
    if asked.stages != "all":
        return [sys.executable, __file__, "--inner", "--folder", str(place), "--stages", asked.stages, *workers]
    plan = ["--plan", str(place / "dataset.toml"), "--no-cache", "--format", "json", "--fail-on", "never"]
    return [sys.executable, "-m", "pipeline", "build", *plan, *workers]


def write(path: Path, gb: float, turns: int) -> tuple[int, int]:
    """Write the file; give its rows and bytes."""
    chance, pool = random.Random(1), []
    exchanges = (row.turns[:2] for row in corpus(DATA).rows(POOL * turns))
    for _ in range(POOL):
        asks, tells = zip(*itertools.islice(exchanges, turns), strict=True)
        quoted = ("\n".join(texts).replace('"', '""') for texts in (asks, tells))
        pool.append('"{}","{}"\r\n'.format(*quoted).encode()[1:])
    size = rows = 0
    with path.open("wb", buffering=1 << 22) as file:
        size += file.write(b"number,question,answer\r\n")
        while size < gb * 1e9:
            for line in chance.sample(pool, 1_000):
                size += file.write(b'%d,"%d ' % (rows, rows) + line)
                rows += 1
    return rows, size


def measured(command: list[str]) -> tuple[float, int, str]:
    """Run it, and look at its memory four times a second."""
    peak, began = 0, time.perf_counter()
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        reader = threading.Thread(target=lambda: said.append(process.stdout.read()))  # type: ignore[union-attr]
        reader.start()
        while process.poll() is None:
            peak = max(peak, sum(proportional_bytes(one) for one in family(process.pid)))
            time.sleep(0.25)
        reader.join()
    if process.returncode:
        raise SystemExit(process.returncode)
    return time.perf_counter() - began, peak, said[0]


def read_all(folder: Path, workers: int, *, composes: bool) -> dict[str, int]:
    """Read every row in workers, and count them."""
    from pipeline import read
    from pipeline.engines.local import Local
    from pipeline.plan import load
    from pipeline.rows import composing

    plan = load(folder / "dataset.toml")
    sources = [read.find(s.name, s.path, root=folder, read=s.read) for s in plan.source]
    work = Work(composing(plan, None) if composes else None)
    counts = Local(workers).map(read.pieces_of(sources, read.Wanted(2_000)), work)
    return {"rows_read": sum(counts)}


class Work:
    """Reads a piece, makes its examples if asked, and gives the number of rows."""

    def __init__(self, stage: object) -> None:
        self.stage = stage

    def __call__(self, piece: object) -> int:
        from pipeline.onepass import as_read

        rows = as_read(piece, piece.read())  # type: ignore[attr-defined,arg-type]
        return len(rows if self.stage is None else self.stage(rows))  # type: ignore[operator]


if __name__ == "__main__":
    main()
