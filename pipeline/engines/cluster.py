"""The door to Ray: tasks on many machines. What a task saves lies on storage that all of them see, never in Ray's memory.

So a machine that dies takes nothing with it but the tasks that ran there, and Ray runs those again elsewhere.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, TypeVar

from pipeline.core.errors import TunesetError

R = TypeVar("R")

RETRIES: Final = 5
"""Times that a task runs again when its worker or machine died under it."""
WAITING: Final = 4
"""Tasks handed in for each processor: enough to keep it busy, few enough that a lost machine is soon made good."""


class Ray(NamedTuple):
    """A running cluster, as `pipeline.cluster.engine.Engine` describes one."""

    run: Any
    """The remote function that runs one task."""
    processors: Callable[[], float]

    def each(
        self, work: Callable[[int], R], numbers: Iterable[int], *, careful: Callable[[int], R] | None = None
    ) -> list[R]:
        """Give the answers in the order of the numbers; raises what a task raised."""
        import ray

        shared = ray.put(work)
        todo = iter(list(numbers))
        waiting: dict[Any, int] = {}
        answers: dict[int, R] = {}
        while True:
            while len(waiting) < max(WAITING, WAITING * self.processors()) and (number := next(todo, None)) is not None:
                waiting[self.run.remote(shared, number)] = number
            if not waiting:
                return [answers[number] for number in sorted(answers)]
            done, _ = ray.wait(list(waiting), num_returns=1)
            for reference in done:
                number = waiting.pop(reference)
                try:
                    answers[number] = _got(reference)
                except LostTaskError:
                    if careful is None:
                        raise
                    answers[number] = _got(self.run.remote(careful, number))


class LostTaskError(TunesetError):
    """Every worker that took up a task died of it."""


@contextmanager
def ray_cluster(address: str | None) -> Iterator[Ray]:
    """Open the cluster at an address (`auto`, `host:6379`, `ray://host:10001`); None starts one on this machine."""
    try:
        import ray
    except ImportError as error:
        raise TunesetError("The distributed engine needs an extra: pip install 'tuneset[cluster]'.") from error
    try:
        ray.init(address=address or "local", log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise TunesetError(f"{address}: no Ray cluster answers there. Start one with `ray start --head`.") from error
    try:
        task: Any = ray.remote(num_cpus=1, max_retries=RETRIES, retry_exceptions=False)(_run)
        yield Ray(task, lambda: float(ray.cluster_resources().get("CPU", 1.0)))
    finally:
        ray.shutdown()


def _run(work: Callable[[int], R], number: int) -> R:
    return work(number)


def _got(reference: Any) -> Any:
    import ray

    try:
        return ray.get(reference)
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError, ray.exceptions.NodeDiedError) as error:
        raise LostTaskError(
            f"A task was lost {RETRIES + 1} times: its workers died ({type(error).__name__}). Give each more memory, or make parts smaller."
        ) from error
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
