"""The token counter of nearly all targets, loaded once in the process that workers are forked from.

They share its tables: loading takes a quarter of a second of CPU time and some 100 MB in every process that does it for
itself. Its oracle takes as long again, and one worker that watches will do: it loads it while the others begin.
"""

from typing import Final

from pipeline.cli._outside import outside
from pipeline.measure.counter import Fast, counter, oracle

ENCODING: Final = "o200k_base"
FOLDERS: Final = outside().vocabularies


def load() -> None:
    """Load the counter."""
    counter(ENCODING, FOLDERS)


def leave_watching() -> None:
    """Let the workers that are forked from here count without the oracle, but for the one that is told to `watch`."""
    if isinstance(fast := counter(ENCODING, FOLDERS), Fast):
        fast.leave_watching()


def watch(workers: int) -> None:
    """Load the oracle in this worker, and watch for so many."""
    if isinstance(fast := counter(ENCODING, FOLDERS), Fast):
        fast.watch(workers=workers)


def let_go() -> None:
    """Free the tables in a process that has forked its workers and counts nothing itself: 100 MB that it may need."""
    counter.cache_clear()
    oracle.cache_clear()
