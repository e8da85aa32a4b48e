"""Workers that are there before they are needed, and stay from run to run; those of a fork share what is loaded."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

_THREADS: Final = Path("/proc/self/task")


def may_fork() -> bool:
    """Say whether a fork is safe: on Linux, with one thread. A lock that another one holds would stay locked in the child."""
    return sys.platform == "linux" and sum(1 for _ in _THREADS.iterdir()) == 1


class Ready:
    """Workers that wait for the next run that asks for them: starting them takes as long as some thousand rows."""

    def __init__(self, pool: "ProcessPoolExecutor | None" = None) -> None:
        """Keep this pool, else that of the first run that starts one."""
        self._pool = pool
        self._ending: Thread | None = None

    @property
    def is_waiting(self) -> bool:
        """Say whether there are some that nobody works with."""
        return self._pool is not None

    def taken(self) -> "ProcessPoolExecutor | None":
        """Give the pool to a run, which gives it back or ends it; None where none waits."""
        pool, self._pool = self._pool, None
        return pool

    def back(self, pool: "ProcessPoolExecutor") -> None:
        """Keep a pool whose work is done for the next run."""
        self._pool = pool

    def dismiss(self) -> None:
        """Let the workers end, beside us."""
        if (pool := self.taken()) is not None:
            self._ending = Thread(target=pool.shutdown, kwargs={"cancel_futures": True})
            self._ending.start()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait until the workers have ended: a pool that goes while Python does now and then complains of it."""
        self.dismiss()
        if self._ending is not None:
            self._ending.join()


def forked(workers: int, first: Callable[[], object] = os.getpid) -> Ready:
    """Fork workers from this process before it has threads: they share all that it has imported and loaded.

    One of them does `first` before anything else, while the others may begin.
    """
    from concurrent.futures import ProcessPoolExecutor  # with multiprocessing 20 ms, which small runs do without
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=_stay)
    # all workers are forked for the first task, before the pool has threads of its own
    pool.submit(first)
    return Ready(pool)


def _stay() -> None:
    """Leave interrupts to the process that has forked this one, which then ends the pool; end when it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the parent dies: nobody else would tell a worker, which holds both ends of the pipe that it waits at."""
    from multiprocessing import parent_process

    if parent := parent_process():
        parent.join()
        os._exit(1)
