"""Workers of a build that are forked before it begins, where there is enough for them to do.

They share what this process has imported and loaded, which each that is started later does for itself: a second of CPU time.
"""

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline import read
from pipeline.cli._light import forked_with
from pipeline.cli._worker_counter import WorkerCounter
from pipeline.core.errors import TunesetError
from pipeline.core.place import is_url
from pipeline.core.rule import catalogue
from pipeline.engines.ready import Ready, may_fork
from pipeline.rows import FALLBACK_ENCODING
from pipeline.targets.catalogue import load

if TYPE_CHECKING:
    from pipeline.plan import Plan

LARGE_BYTES: Final = 4 << 20
"""Of all sources, from which workers are worth forking: what takes one process about a second."""


def builders(plan: "Plan", root: Path, *, workers: int, vocabularies: tuple[str, ...]) -> Ready:
    """Fork workers that have loaded what the plan needs; none where a fork is not safe or few rows are to be read."""
    if workers == 1 or not may_fork() or _bytes_of(plan, root) < LARGE_BYTES:
        return Ready()
    counter = WorkerCounter(load(plan.target.id).encoding or FALLBACK_ENCODING, vocabularies)
    catalogue()
    counter.load()
    gc.freeze()  # what is there stays: a look for cycles in a worker would copy it
    return forked_with(counter, workers)


def _bytes_of(plan: "Plan", root: Path) -> int:
    """Give the size of all sources, without those behind URLs; 0 where there is a mistake, which the build will tell."""
    try:
        load(plan.target.id)
        here = [read.find(s.name, s.path, root=root, read=s.read) for s in plan.source if not is_url(s.path)]
        return sum(Path(str(place)).stat().st_size for source in here for place, _ in source.files)
    except (TunesetError, OSError):
        return 0
