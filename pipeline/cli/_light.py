"""A quick start: what some library would import without need is kept from it, and helpers start beside us."""

import multiprocessing
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from multiprocessing import forkserver
from threading import Thread
from typing import Any


class _Absent(MetaPathFinder):
    """Says that pandas is not installed."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:  # noqa: ARG002 - the protocol's
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


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


def ready_workers() -> None:
    """Start the server that workers are forked from, with all that they import and load, while this process does the same.

    The libraries' threads are idle there: nothing is counted or computed before it forks.
    """
    if "forkserver" in multiprocessing.get_all_start_methods():
        modules = ["pipeline.cli._worker"]
        multiprocessing.get_context("forkserver").set_forkserver_preload(modules)
        forkserver.ensure_running()


def dismiss_workers() -> None:
    """Let the server of workers end, beside us: it holds the tables that they shared, 180 MB that the last steps may need.

    The next worker would start another one.
    """
    if stop := getattr(forkserver._forkserver, "_stop", None):  # noqa: SLF001 - no public way; it ends with us else
        Thread(target=stop).start()
