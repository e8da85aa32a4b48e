"""Workers forked from this process before it has threads: they share all that it has imported and loaded."""

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Final

_THREADS: Final = Path("/proc/self/task")


def may_fork() -> bool:
    """Say whether a fork is safe: on Linux, with one thread. A lock that another one holds would stay locked in the child."""
    return sys.platform == "linux" and sum(1 for _ in _THREADS.iterdir()) == 1


class Ready:
    """Workers that wait for the first run that asks for them; what is forked later would be no copy of this moment."""

    def __init__(self, workers: int, first: Callable[[], object] = os.getpid) -> None:
        """Fork them; one of them does `first` before anything else, while the others may begin."""
        self._pool: ProcessPoolExecutor | None = ProcessPoolExecutor(
            workers, mp_context=get_context("fork"), initializer=_stay
        )
        # all workers are forked for the first task, before the pool has threads of its own
        self._pool.submit(first)

    @property
    def is_waiting(self) -> bool:
        """Say whether nobody has asked for them yet."""
        return self._pool is not None

    def taken(self) -> ProcessPoolExecutor | None:
        """Give the pool to whoever asks first, who ends it; nothing afterwards."""
        pool, self._pool = self._pool, None
        return pool


def _stay() -> None:
    """Leave interrupts to the process that has forked this one, which then ends the pool; end when it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the parent dies: nobody else would tell a worker, which holds both ends of the pipe that it waits at."""
    if parent := parent_process():
        parent.join()
        os._exit(1)
