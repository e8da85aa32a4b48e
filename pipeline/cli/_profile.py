"""How long each stage of a build takes; when asked, also what it costs in CPU and memory, in this process and all below it."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from pipeline.cli._progress import Timed
from pipeline.core.progress import Advance, Progress
from pipeline.core.watch import Cost, Watch, resident

if TYPE_CHECKING:
    from pipeline.report.model import Report

LOOKS_A_SECOND: Final = 5
"""Of the memory; one look takes about a millisecond a process."""
TICKS: Final = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Clocks:
    """What was measured of one build."""

    def __init__(self, progress: "Timed | Profiled", watch: Watch) -> None:
        self.progress, self.watch = progress, watch
        self._whole: Cost | None = None
        self._parts: dict[str, Cost] = {}

    def over(self, whole: Cost | None, parts: dict[str, Cost]) -> None:
        """Take what was measured of the whole and of the parts of the one pass."""
        self._whole, self._parts = whole, parts

    def keep(self, folder: Path, report: "Report", *, tell: Callable[[str], None]) -> None:
        """Write timings.json beside the dataset; with a profile also its page, and tell its table.

        A disk that is full is no trouble: what is published is whole without them.
        """
        values: dict[str, Any] = {"seconds": self.progress.seconds}
        with suppress(OSError):
            if self._whole is not None and isinstance(self.progress, Profiled):
                from pipeline.report.profile import NAME, page, profile, text

                lines = profile(_told(self.progress.costs, self._whole, report), self._parts)
                values["profile"] = [line.values() for line in lines]
                (folder / NAME).write_text(page(lines, name=report.name), encoding="utf-8")
                tell(text(lines))
            (folder / "timings.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


@contextmanager
def clocks(progress: Progress, *, profiled: bool) -> Iterator[Clocks]:
    """Measure a build: the seconds of its stages, or everything."""
    if not profiled:
        yield Clocks(Timed(progress), Watch())
        return
    with TemporaryDirectory(prefix="tuneset-") as folder, _family() as family:
        began = time.perf_counter()
        found = Clocks(Profiled(progress), Watch(Path(folder)))
        yield found
        seconds = time.perf_counter() - began
        family.look()
        whole = Cost(0, 0, seconds, family.cpu_seconds, family.peak_bytes, family.processes)
        found.over(whole, found.watch.costs())


def _told(stages: dict[str, Cost], whole: Cost, report: "Report") -> dict[str, Cost]:
    """Add what the report knows: every stage is about all rows, and the files have sizes."""
    files = {file.name: file.bytes for file in report.files}
    sizes = {"write": sum(files.values()), "publish": sum(files.values())}
    rows = report.rows_read
    told = {name: cost._replace(rows=cost.rows or rows, bytes=sizes.get(name, 0)) for name, cost in stages.items()}
    rest = whole.seconds - sum(cost.seconds for cost in stages.values())
    spent = whole.cpu_seconds - sum(cost.cpu_seconds for cost in stages.values())
    peak = max(whole.peak_bytes, *(cost.peak_bytes for cost in stages.values()))
    return {
        **told,
        "the rest": Cost(seconds=rest, cpu_seconds=max(0.0, spent)),
        "all": whole._replace(rows=rows, peak_bytes=peak),
    }


class Profiled:
    """Passes every stage on and measures it; rows are those that the stage told of."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self.costs: dict[str, Cost] = {}
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, *, unit: str, total: int | None) -> Iterator[Advance]:
        """Measure the stage while it is shown."""
        rows = [0]
        with self._shown.stage(name, unit=unit, total=total) as advance, _family() as family:
            began = time.perf_counter()

            def counted(count: int) -> None:
                rows[0] += count
                advance(count)

            yield counted
            seconds = time.perf_counter() - began
        self.seconds[name] = round(seconds, 3)
        self.costs[name] = Cost(rows[0], 0, seconds, family.cpu_seconds, family.peak_bytes, family.processes)

    def note(self, sentence: str) -> None:
        """Pass it on."""
        self._shown.note(sentence)


class Family:
    """This process and all below it, while they live."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        """Most at once; pages that several share count once."""
        self._begun: dict[int, float] = {}
        self._last: dict[int, float] = {}
        self._over = threading.Event()

    @property
    def cpu_seconds(self) -> float:
        """CPU time since the first look, of those that died meanwhile up to the last look at them."""
        return sum(last - self._begun.get(pid, 0.0) for pid, last in self._last.items())

    @property
    def processes(self) -> int:
        """How many were seen."""
        return len(self._last)

    def watch(self) -> None:
        """Look again and again until it is over."""
        while not self._over.wait(1 / LOOKS_A_SECOND):
            self.look()

    def look(self, *, first: bool = False) -> None:
        """Look once."""
        total = 0
        for pid in _below(os.getpid()):
            spent, held = _cpu(pid), _held(pid)
            if spent is None:
                continue
            if first:
                self._begun[pid] = spent
            self._last[pid] = max(spent, self._last.get(pid, 0.0))
            total += held
        self.peak_bytes = max(self.peak_bytes, total)

    def end(self) -> None:
        """Look for the last time."""
        self._over.set()


@contextmanager
def _family() -> Iterator[Family]:
    family = Family()
    family.look(first=True)
    thread = threading.Thread(target=family.watch, name="profile", daemon=True)
    thread.start()
    try:
        yield family
    finally:
        family.end()
        thread.join()
        family.look()


def _below(pid: int) -> Iterator[int]:
    """Give a process and all that it started, as Linux tells; elsewhere the process alone."""
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                yield from _below(int(child))


def _cpu(pid: int) -> float | None:
    """Give the CPU seconds that a process has used; None: it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return time.process_time() if pid == os.getpid() else None
    return (int(fields[11]) + int(fields[12])) / TICKS


def _held(pid: int) -> int:
    """Give the memory of a process, of what it shares its share; 0 where nobody may know."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return resident() if pid == os.getpid() else 0
