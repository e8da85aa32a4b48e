"""What a command costs: wall time, CPU time of all its descendants, and memory of all of them at once (Linux).

Workers of a forkserver are no children of ours, so no rusage of theirs reaches us by itself: this process becomes their
reaper (`PR_SET_CHILD_SUBREAPER`) and waits for every one of them.
"""

import ctypes
import os
import resource
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PR_SET_CHILD_SUBREAPER = 36
LOOKS_PER_SECOND = 5


class Cost(NamedTuple):
    """Of one run."""

    wall: float
    cpu: float
    bytes: int
    """Largest sum of the proportional set sizes of all processes, looked at five times a second; 0: not looked at."""
    own_bytes: int = 0
    """The same without pages of files, which the system takes back when it needs them."""


def measured(command: Sequence[str], *, memory: bool = False) -> Cost:
    """Run a command from the project's folder; raises RuntimeError where it fails."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before, began = _spent(), time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT) as process:
        peak = [0, 0]
        watch = threading.Thread(target=_watch, args=(process, peak), daemon=True)
        if memory:
            watch.start()
        _, told = process.communicate()
        wall = time.perf_counter() - began
    _reap()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {told.decode()[-2000:]}")
    return Cost(wall, _spent() - before, *peak)


def middle(costs: Sequence[Cost]) -> Cost:
    """Give the medians; of memory the most."""
    wall, cpu = median(one.wall for one in costs), median(one.cpu for one in costs)
    return Cost(wall, cpu, max(one.bytes for one in costs), max(one.own_bytes for one in costs))


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _reap() -> None:
    """Wait for every process that was left to us; the server of workers ends when its last user has."""
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


def _watch(process: "subprocess.Popen[bytes]", peak: list[int]) -> None:
    """Keep the largest sums over all processes in `peak`: of all pages, and of those that are no file's."""
    while process.poll() is None:
        sizes = [_sizes(pid) for pid in family(os.getpid())[1:]]
        whole, files = (sum(size.get(name, 0) for size in sizes) for name in ("Pss", "Pss_File"))
        peak[:] = max(peak[0], whole), max(peak[1], whole - files)
        time.sleep(1 / LOOKS_PER_SECOND)


def family(pid: int) -> list[int]:
    """Give a process and all below it."""
    found = [pid]
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += family(int(child))
    except OSError:
        pass
    return found


def proportional_bytes(pid: int) -> int:
    """Give the proportional set size: pages that several processes share count once in all."""
    return _sizes(pid).get("Pss", 0)


def _sizes(pid: int) -> dict[str, int]:
    """Give the sizes of a process by the kernel's name, in bytes; empty where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    return {name: int(size.split()[0]) * 1024 for name, size in (line.split(":") for line in lines)}
