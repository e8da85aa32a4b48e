"""The token counter of an encoding, loaded once in the process that workers are forked from.

They share its tables: loading takes a quarter of a second of CPU time and some 100 MB in every process that does it for
itself. Its oracle takes as long again, and one worker that watches will do: it loads it while the others begin.
"""

from typing import NamedTuple

from pipeline.measure.counter import Fast, counter, oracle


class WorkerCounter(NamedTuple):
    """The counter of an encoding, as all workers have it."""

    encoding: str
    folders: tuple[str, ...]
    """Where vocabularies may lie."""

    def load(self) -> None:
        """Load it."""
        counter(*self)

    def leave_watching(self) -> None:
        """Let the workers that are forked from here count without the oracle, but for the one that is told to `watch`."""
        if isinstance(fast := counter(*self), Fast):
            fast.leave_watching()

    def watch(self, workers: int) -> None:
        """Load the oracle in this worker, and watch for so many."""
        if isinstance(fast := counter(*self), Fast):
            fast.watch(workers=workers)

    def let_go(self) -> None:
        """Free the tables in a process that has forked its workers and counts nothing itself: 100 MB that it may need."""
        counter.cache_clear()
        oracle.cache_clear()
