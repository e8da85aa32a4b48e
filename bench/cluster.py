"""What the distributed engine costs and survives: python bench/cluster.py FOLDER [--rows 100000] [--no-kill].

Builds chats of the real text in a folder (bench/corpus.py), with planted twins, first by the embedded engine with one and
with two workers, then on two nodes of Ray on this machine with one processor each, undisturbed and with the second node
killed in the middle. Compares the published files byte by byte and gives wall and CPU seconds of everything (the CPU of a
cluster is that of all its processes) and the largest memory of any of its workers.
"""

import argparse
import filecmp
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from corpus import OF, corpus, write_jsonl

from pipeline.cli._progress import Silent, Timed
from pipeline.cluster.build import Layout, build
from pipeline.cluster.store import Store
from pipeline.engines.cluster import ray_cluster
from pipeline.engines.local import Local
from pipeline.plan import parse
from pipeline.run import build as embedded
from pipeline.setting import Setting

WAYS = ("embedded, 1 worker", "embedded, 2 workers", "two nodes", "two nodes, one killed")
KILL_WHEN = {"measured": "contents", "compared": "met"}
"""When the second node is killed → the step whose first files say that it is time."""


class Cost(NamedTuple):
    wall: float
    cpu: float
    stages: dict[str, float]


def main() -> None:
    given = arguments()
    if given.way:
        print(json.dumps(run(Path(given.folder), given.way, part_rows=given.part_rows, kill=given.kill)))
        return
    with tempfile.TemporaryDirectory(prefix="tuneset-bench-") as name:
        place = Path(name)
        write_jsonl(place / "chats.jsonl", corpus(Path(given.folder), of=given.of).rows(given.rows))
        size = (place / "chats.jsonl").stat().st_size
        print(f"{given.rows:,} rows, {size / 1e6:,.0f} MB; part of {given.part_rows:,} rows; killed when {given.kill}")
        warm_up(place)
        ways = [way for way in WAYS if given.only is None or way in given.only.split(";")]
        for way in ways:
            answer = in_process(place, way, given)
            stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in answer["stages"].items())
            print(
                f"  {way:24} wall {answer['wall']:7.1f} s  CPU {answer['cpu']:7.1f} s  largest process "
                f"{answer['peak'] / 1e9:5.2f} GB  {answer['lost']}  [{stages}]",
                flush=True,
            )
            print(f"    {compare(place / ways[0], place / way)}", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--of", choices=OF, default=OF[0], help="what rows are put together of")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--part-rows", type=int, default=20_000)
    parser.add_argument("--kill", choices=sorted(KILL_WHEN), default="measured")
    parser.add_argument("--only", help="ways, separated by semicolons")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    return parser.parse_args()


def warm_up(place: Path) -> None:
    """Unpack the vocabulary, so that the first way does not pay for all."""
    (place / "warm").mkdir()
    with (place / "chats.jsonl").open() as source, (place / "warm" / "chats.jsonl").open("w") as file:
        file.writelines(line for line, _ in zip(source, range(20), strict=False))
    run(place / "warm", WAYS[0], part_rows=20, kill="")


def in_process(place: Path, way: str, given: argparse.Namespace) -> dict[str, Any]:
    """Run one way in a process of its own, and add up what it and all its children used."""
    root = place / way
    root.mkdir()
    (root / "chats.jsonl").symlink_to(place / "chats.jsonl")
    command = [sys.executable, __file__, str(root), "--way", way]
    done = subprocess.run(
        [*command, "--part-rows", str(given.part_rows), "--kill", given.kill],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3_000:])
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def run(root: Path, way: str, *, part_rows: int, kill: str) -> dict[str, Any]:
    plan = parse({"source": [{"path": "chats.jsonl", "compose": {"recipe": "messages"}}], "expect": {"enabled": False}})
    progress = Timed(Silent())
    setting = Setting(
        root=root,
        today=date(2026, 11, 22),
        stamp="bench",
        cache=root / "cache",
        vocabularies=(str(root.parent / "vocabulary"),),
        engine=Local(int(way.split()[1]) if way.startswith("embedded") else 1),
        progress=progress,
    )
    told: dict[str, Any] = {"lost": ""}
    watcher = Watcher()
    watcher.start()
    if way.startswith("embedded"):
        started = time.perf_counter()
        embedded(plan, setting)
        wall = time.perf_counter() - started
    else:
        killed = kill if "killed" in way else None
        wall = on_two_nodes(plan, setting, root, part_rows=part_rows, kill=killed, told=told)
    watcher.over.set()
    watcher.join()
    return {**told, "wall": wall, "cpu": watcher.cpu, "peak": watcher.peak, "stages": progress.seconds}


def on_two_nodes(
    plan: Any, setting: Setting, root: Path, *, part_rows: int, kill: str | None, told: dict[str, Any]
) -> float:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    store = Store.at(str(root), "shared")
    with ray_cluster(cluster.address) as engine:
        if kill:
            threading.Thread(target=kill_when, args=(cluster, second, root / "shared" / KILL_WHEN[kill], told)).start()
        started = time.perf_counter()
        build(plan, setting, engine=engine, layout=Layout(store, part_rows=part_rows))
        wall = time.perf_counter() - started
    cluster.shutdown()
    return wall


def kill_when(cluster: Any, node: Any, sign: Path, told: dict[str, Any]) -> None:
    while not sign.exists() or len(list(sign.iterdir())) < 2:
        time.sleep(0.05)
    cluster.remove_node(node, allow_graceful=False)
    told["lost"] = f"killed when {len(list(sign.iterdir()))} files of `{sign.name}` were there"


class Watcher(threading.Thread):
    """Adds up the CPU seconds of all processes of this session, dead ones too, and the largest resident one."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.seen: dict[int, float] = {}
        self.peak = 0

    @property
    def cpu(self) -> float:
        return sum(self.seen.values())

    def run(self) -> None:
        while not self.over.wait(0.25):
            for pid, cpu, resident in processes():
                self.seen[pid] = cpu
                self.peak = max(self.peak, resident)


def processes() -> Iterator[tuple[int, float, int]]:
    """Give pid, CPU seconds and resident bytes of this process and all below it."""
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    table = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            table[int(entry.name)] = (
                int(fields[1]),
                (int(fields[11]) + int(fields[12])) / tick,
                int(fields[21]) * page,
            )
    ours = {os.getpid()}
    while more := {pid for pid, (parent, *_) in table.items() if parent in ours} - ours:
        ours |= more
    yield from ((pid, *table[pid][1:]) for pid in ours if pid in table)


def compare(one: Path, other: Path) -> str:
    first, second = one / "data/processed/latest", other / "data/processed/latest"
    names = sorted({path.name for folder in (first, second) for path in folder.iterdir()})
    _, differ, errors = filecmp.cmpfiles(first, second, names, shallow=False)
    return f"DIFFERENT: {differ + errors}" if differ or errors else f"the same bytes: {', '.join(names)}"


if __name__ == "__main__":
    main()
