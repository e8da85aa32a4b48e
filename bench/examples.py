"""Builds every plan of examples/ whose data is there, and prints the table of docs/examples.md."""

import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAD = """| plan | rows read | kept | rejected | duplicate | held | tokens of one epoch | seconds | exit |
|---|---:|---:|---:|---:|---:|---:|---:|---:|"""


def row(plan: Path) -> str:
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "build", "--quiet", "--plan", str(plan)], cwd=ROOT, check=False
    )
    seconds = time.perf_counter() - begin
    name = f"[{plan.parent.name}](../examples/{plan.parent.name}/dataset.toml)"
    if done.returncode > 1:
        return f"| {name} | | | | | | | {seconds:.0f} | {done.returncode} |"
    report = json.loads((plan.parent / "processed/report.json").read_text(encoding="utf-8"))
    counts = [report["rows_read"], *(report["fates"][fate] for fate in ("kept", "rejected", "duplicate", "held"))]
    counts.append(report["sides"]["train"]["tokens"])
    return f"| {name} | {' | '.join(f'{count:,}' for count in counts)} | {seconds:.0f} | {done.returncode} |"


def main() -> None:
    wanted = sys.argv[1:]
    print(HEAD)
    for plan in sorted((ROOT / "examples").glob("*/dataset.toml")):
        if (plan.parent / "raw").exists() and (not wanted or plan.parent.name in wanted):
            print(row(plan), flush=True)


if __name__ == "__main__":
    main()
