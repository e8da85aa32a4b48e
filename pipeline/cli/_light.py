"""A quick start: what some library would import without need is kept from it, and helpers start beside us."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.abc import MetaPathFinder
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pipeline.cli._worker_counter import WorkerCounter
    from pipeline.engines.ready import Ready

ALONE: Final = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""Keeps numpy and Arrow from starting threads that nothing here has work for, as they are imported."""


class _Absent(MetaPathFinder):
    """Says that pandas is not installed."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:  # noqa: ARG002 - the protocol's
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


def collect_seldom() -> None:
    """Look for cycles seldom: importing and reading make half a million objects and few cycles, and looking took a tenth."""
    gc.set_threshold(100_000, 20, 20)


@contextmanager
def _absent() -> Iterator[None]:
    finder = _Absent()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def without_pandas() -> None:
    """Let pyarrow believe that there is no pandas: it would import it for the first list it is given (0.3 CPU-seconds).

    For commands that never turn a table into a frame; pandas itself can still be imported afterwards.
    """
    if "pandas" not in sys.modules:
        with _absent():
            import pyarrow as pa

            pa.array([0])


def alone() -> None:
    """Keep numpy and Arrow from starting threads; to be called before they are imported."""
    if sys.platform == "linux":
        os.environ.update(ALONE | os.environ)


def ready_workers(workers: int) -> "Ready | None":
    """Fork workers of a check from this process, with all that they import and load: on Linux, unless it has threads.

    Else, and then None is given, start the server that workers are forked from, which imports and loads it beside us. Its
    libraries' threads are idle: nothing is counted or computed before it forks.
    """
    if sys.platform == "linux":
        alone()
        from pipeline.cli import _worker
        from pipeline.engines.ready import may_fork

        if may_fork():
            return forked_with(_worker.COUNTER, workers)
    import multiprocessing
    from multiprocessing import forkserver

    if "forkserver" in multiprocessing.get_all_start_methods():
        modules = ["pipeline.cli._worker"]
        multiprocessing.get_context("forkserver").set_forkserver_preload(modules)
        forkserver.ensure_running()
    return None


def forked_with(counter: "WorkerCounter", workers: int) -> "Ready":
    """Fork workers that share a counter, which this process lets go of."""
    from pipeline.engines.ready import forked

    counter.leave_watching()
    ready = forked(workers, first=partial(counter.watch, workers))
    counter.let_go()
    return ready


def dismiss_workers(ready: "Ready | None" = None) -> None:
    """Let the workers and their server end, beside us: they hold tables, 180 MB that the last steps may need.

    The next worker would start another one.
    """
    if ready:
        ready.dismiss()
    forkserver = sys.modules.get("multiprocessing.forkserver")  # a small check needs none
    if forkserver and (stop := getattr(forkserver._forkserver, "_stop", None)):  # noqa: SLF001 - no public way; it ends with us else
        Thread(target=stop).start()
