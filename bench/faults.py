"""Kills builds at random moments, fills the disk under them, runs two at once: the dataset must be whole each time.

    python -m bench.faults --kills 100 --full 20 --pairs 10 [--seed 7]

Full disks need root and Linux: a small tmpfs is mounted. Without root a limit on the size of files stands in for it.
"""

import argparse
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

CLI = [sys.executable, "-m", "pipeline", "build", "--quiet", "--workers", "1", "--accept"]
PLAN = '[[source]]\npath = "faq.csv"\ncompose = { recipe = "pairs" }\n[expect]\nenabled = false\n[write]\nkeep_versions = 2\n'


class Tally(NamedTuple):
    """How the runs of one kind ended."""

    kind: str
    ends: Counter[str]


def sheet(folder: Path, rows: int, word: str) -> None:
    lines = (f"Where is {word} {n}?,It is in room {n} of the {word} house.\n" for n in range(rows))
    (folder / "faq.csv").write_text("question,answer\n" + "".join(lines))


def house(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset.toml").write_text(PLAN)
    return folder


def environment(folder: Path) -> dict[str, str]:
    """Keep the caches in one place outside of the small disk; the code is this one."""
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "XDG_CACHE_HOME": str(folder)}


def whole(folder: Path) -> bool:
    """Say whether every published file is there, with the digest that the manifest gives it."""
    place = folder / "data/processed"
    manifest = json.loads((place / "manifest.json").read_bytes())
    return all(hashlib.sha256((place / f["name"]).read_bytes()).hexdigest() == f["sha256"] for f in manifest["files"])


def run(folder: Path, cache: Path, *, limit: int | None = None, wait: int = 0) -> subprocess.Popen[bytes]:
    def small() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [*CLI, "--wait", str(wait)] if wait else CLI
    return subprocess.Popen(command, cwd=folder, env=environment(cache), stderr=subprocess.PIPE, preexec_fn=small)  # noqa: PLW1509 - one thread


def succeeds(folder: Path, cache: Path) -> bool:
    with run(folder, cache) as build:
        _, told = build.communicate()
    if build.returncode:
        print(told.decode(), file=sys.stderr)
    return build.returncode == 0 and whole(folder)


def judged(folder: Path, cache: Path, happened: str, rows: int) -> str:
    """Check the claim after one fault: the dataset is whole, and the next run succeeds."""
    if not whole(folder):
        return "BROKEN DATASET"
    sheet(folder, rows, "lamp")
    end = happened if succeeds(folder, cache) else "NEXT RUN FAILED"
    print(f"{folder.name}: {end}", file=sys.stderr, flush=True)
    return end


def kills(count: int, folder: Path, cache: Path, dice: random.Random) -> Tally:
    """Half of the kills strike anywhere, the other half while files are published."""
    ends: Counter[str] = Counter()
    house(folder)
    sheet(folder, 300, "desk")
    began = time.monotonic()
    assert succeeds(folder, cache)
    span = time.monotonic() - began
    for number in range(count):
        sheet(folder, 301 + number, "chair")
        latest = (folder / "data/processed/latest").readlink()
        with run(folder, cache) as build:
            if number % 2:
                _publishing(folder, build)
                time.sleep(dice.uniform(0.0, 0.03))
            else:
                time.sleep(dice.uniform(0.05, 1.0) * span)
            os.kill(build.pid, signal.SIGKILL)
            build.communicate()
        is_new = (folder / "data/processed/latest").readlink() != latest
        ended = build.returncode == 0
        told = "ended before" if ended else "after the switch" if is_new else "before the switch"
        ends[judged(folder, cache, told, 100 + number)] += 1
    return Tally("kills", ends)


def _publishing(folder: Path, build: subprocess.Popen[bytes]) -> None:
    """Wait until the manifest is written: publishing is next."""
    manifest = folder / "data/processed/.work/built/manifest.json"
    while build.poll() is None and not manifest.exists():
        time.sleep(0.0005)


def full(count: int, folder: Path, cache: Path, dice: random.Random) -> Tally:
    """Fill the disk to a random rest before each build; make room again for the next."""
    ends: Counter[str] = Counter()
    folder.mkdir()
    is_root = os.geteuid() == 0
    if is_root:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], check=True)
    try:
        house(folder)
        sheet(folder, 1_500, "desk")
        assert succeeds(folder, cache)
        for number in range(count):
            sheet(folder, 1_501 + number, "chair")
            rest = dice.randrange(0, 600_000)  # a build takes a little more than half a megabyte
            ballast = folder / "ballast"
            if is_root:
                left = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
                ballast.write_bytes(bytes(max(0, left - rest)))
            with run(folder, cache, limit=None if is_root else rest) as build:
                _, told = build.communicate()
            ballast.unlink(missing_ok=True)
            is_clear = build.returncode == 2 and b"Traceback" not in told
            happened = (
                "fitted" if build.returncode == 0 else "refused clearly" if is_clear else f"code {build.returncode}"
            )
            if build.returncode and not is_clear:
                print(told.decode()[-1500:], file=sys.stderr)
            ends[judged(folder, cache, happened, 1_000 + number)] += 1
    finally:
        if is_root:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
    return Tally("full disks" if is_root else "files too large", ends)


def pairs(count: int, folder: Path, cache: Path) -> Tally:
    """Start two builds at once; every second time one may wait."""
    ends: Counter[str] = Counter()
    house(folder)
    for number in range(count):
        sheet(folder, 200 + number, "desk")
        both = [run(folder, cache, wait=600 * (number % 2)) for _ in range(2)]
        told = [build.communicate()[1].decode() for build in both]
        codes = sorted(build.returncode for build in both)
        refused = any("another run" in text for text in told)
        happened = {(0, 0): "both ended well", (0, 2): "one refused" if refused else "TROUBLE"}.get(
            (codes[0], codes[1])
        )
        ends[judged(folder, cache, happened or f"codes {codes}", 100 + number)] += 1
    return Tally("two at once", ends)


def main() -> int:
    """Run what is asked and print a table; 1 when anything was not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, count in (("kills", 100), ("full", 20), ("pairs", 10), ("seed", 7)):
        parser.add_argument(f"--{name}", type=int, default=count)
    asked = parser.parse_args()
    dice = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as name:
        at, cache = Path(name), Path(name) / "cache"
        tallies = [
            *([kills(asked.kills, at / "kills", cache, dice)] if asked.kills else []),
            *([full(asked.full, at / "full", cache, dice)] if asked.full else []),
            *([pairs(asked.pairs, at / "pairs", cache)] if asked.pairs else []),
        ]
    for tally in tallies:
        ends = ", ".join(f"{count} {end}" for end, count in sorted(tally.ends.items()))
        print(f"{tally.kind:16} {tally.ends.total():>4}  {ends}")
    good = {
        "ended before",
        "before the switch",
        "after the switch",
        "fitted",
        "refused clearly",
        "both ended well",
        "one refused",
    }
    return int(any(end not in good for tally in tallies for end in tally.ends))


if __name__ == "__main__":
    sys.exit(main())
