"""What work costs, written down where it is done: by any process, into one folder, read together when all is over."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeAlias

Seen: TypeAlias = Callable[[int, int], None]
"""Tell how many rows and bytes came out of the work."""


class Cost(NamedTuple):
    """What one kind of work took, in all processes together."""

    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0
    """Summed over processes: two that work side by side for a second took two."""
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    """Most that one process held at the end of a piece of the work."""
    processes: int = 0


class Watch(NamedTuple):
    """Writes down what work costs; it is sent to workers with the work."""

    folder: Path | None = None
    """One file a process; None: nothing is measured, and nothing is spent on it."""

    @contextmanager
    def over(self, name: str) -> Iterator[Seen]:
        """Measure a block; what it gave is told to the function that the block gets."""
        if self.folder is None:
            yield _unheard
            return
        counted = [0, 0]

        def seen(rows: int, size: int) -> None:
            counted[0] += rows
            counted[1] += size

        began, worked = time.perf_counter(), time.process_time()
        yield seen
        seconds, cpu = time.perf_counter() - began, time.process_time() - worked
        with (self.folder / f"{os.getpid()}.tsv").open("a", encoding="ascii") as file:
            file.write(f"{name}\t{counted[0]}\t{counted[1]}\t{seconds:.6f}\t{cpu:.6f}\t{resident()}\n")

    def costs(self) -> dict[str, Cost]:
        """Give what every kind of work took so far, in the order in which each was first done."""
        found: dict[str, Cost] = {}
        for path in sorted(self.folder.glob("*.tsv")) if self.folder else ():
            own: dict[str, Cost] = {}
            for line in path.read_text(encoding="ascii").splitlines():
                name, rows, size, seconds, cpu, peak = line.split("\t")
                old = own.get(name, Cost(processes=1))
                own[name] = Cost(
                    old.rows + int(rows),
                    old.bytes + int(size),
                    old.seconds + float(seconds),
                    old.cpu_seconds + float(cpu),
                    max(old.peak_bytes, int(peak)),
                    1,
                )
            for name, one in own.items():
                found[name] = _both(found[name], one) if name in found else one
        return found


def resident() -> int:
    """Give the bytes of memory that this process holds; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _both(one: Cost, other: Cost) -> Cost:
    sums = (mine + theirs for mine, theirs in zip(one, other, strict=True))
    return Cost(*sums)._replace(peak_bytes=max(one.peak_bytes, other.peak_bytes))  # type: ignore[arg-type]  # sums of each field


def _unheard(_rows: int, _size: int) -> None:
    pass
