"""Work on this machine: in this process, or over a pool of processes with bounded memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from functools import partial, reduce
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, Self, TypeVar

import pyarrow as pa

from pipeline.core.columns import READ
from pipeline.core.stage import Stage
from pipeline.core.trouble import Trouble

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    from pipeline.engines.ready import Ready

IN_FLIGHT: Final = 2
"""Tasks a worker may have waiting: one in hand and one behind it keep it busy, more only hold memory."""
SMALL: Final = 2
"""Runs of at most so many tasks stay in this process, unless workers wait: starting some would take longer than the work."""


class Task(Protocol):
    """A part of the work, small to send; one that kills its worker is taken apart."""

    def halves(self) -> Sequence["Task"]:
        """Give the same work in smaller parts; nothing where it is about a single row."""
        ...

    def lost(self) -> "Task":
        """Give what is done about the single row in its place."""
        ...


T = TypeVar("T", bound=Task)
Answer = TypeVar("Answer")


def through(batch: pa.RecordBatch, stages: Sequence[Stage]) -> pa.Table:
    """Give the batch after all stages; consecutive stages are one pass, so that rows cross a process border once."""
    return reduce(lambda table, stage: stage(table), stages, pa.Table.from_batches([batch]))


class Local(NamedTuple):
    """The embedded engine."""

    workers: int = 1
    """Processes; 1 runs everything in this one, for debuggers and small machines."""
    ready: "Ready | None" = None
    """Where as many workers wait between runs, perhaps from the beginning. None: each run starts some and ends them."""

    def run(self, batches: Iterable[pa.RecordBatch], stages: Sequence[Stage]) -> Iterator[pa.Table]:
        """Give each batch after all stages, in the order they came."""
        return self.map(map(_Batch, batches), partial(_through, stages=stages))

    def run_apart(self, batches: Iterable[pa.RecordBatch], stages: Sequence[Stage]) -> Iterator[pa.Table]:
        """Do the same as `run` in processes of their own, as `apart` does."""
        return self.apart(map(_Batch, batches), partial(_through, stages=stages))

    def apart(self, tasks: Iterable[T], work: Callable[[T], Answer]) -> Iterator[Answer]:
        """Do the same as `map` in processes of their own, however few the tasks: this one outlives what kills them."""
        return self._pooled(((task, None) for task in tasks), work)

    def beside(self, work: Callable[[], Answer]) -> Callable[[], Answer]:
        """Begin some work in a worker that waits, and give what asks for its answer; where none waits, asking does it.

        So it does where the worker dies, or misses a file that this process still holds.
        """
        pool = self.ready.taken() if self.ready else None
        if pool is None or self.ready is None:
            return work
        self.ready.back(pool)
        try:
            begun = pool.submit(work)
        except BrokenExecutor:
            return work

        def answer() -> Answer:
            try:
                return begun.result()
            except (BrokenExecutor, CancelledError, OSError):
                return work()

        return answer

    def dismiss(self) -> None:
        """Let the workers that wait end: the next run would start others."""
        if self.ready:
            self.ready.dismiss()

    def map(
        self,
        tasks: Iterable[T],
        work: Callable[[T], Answer],
        known: Callable[[T], Answer | None] = lambda _: None,
    ) -> Iterator[Answer]:
        """Give the answer to each task in the order of tasks; several to one that had to be taken apart.

        `known` is asked here first: what needs no work is sent nowhere. Tasks are taken as answers are.
        """
        feed = ((task, known(task)) for task in tasks)
        if self.workers == 1:
            yield from (work(task) if answer is None else answer for task, answer in feed)
            return
        first: list[tuple[T, Answer | None]] = []
        few = 0 if self.ready and self.ready.is_waiting else SMALL
        for task, answer in feed:
            if answer is not None and not first:
                yield answer
                continue
            first.append((task, answer))
            if sum(answer is None for _, answer in first) > few:
                yield from self._pooled(chain(first, feed), work)
                return
        yield from (work(task) if answer is None else answer for task, answer in first)

    def _pooled(self, feed: Iterator[tuple[T, Answer | None]], work: Callable[[T], Answer]) -> Iterator[Answer]:
        pool = self._pool()
        sent: deque[tuple[T, Future[Answer] | Answer]] = deque()
        try:
            while True:
                while len(sent) < self.workers * IN_FLIGHT and (one := next(feed, None)) is not None:
                    task, answer = one
                    sent.append((task, _submitted(pool, work, task) if answer is None else answer))
                if not sent:
                    break
                task, waiting = sent.popleft()
                try:
                    yield waiting.result() if isinstance(waiting, Future) else waiting
                except BrokenExecutor:
                    again = [(task, waiting), *sent]
                    sent.clear()
                    pool.shutdown(wait=False, cancel_futures=True)
                    for task, waiting in again:
                        yield from self._alone(task, work) if isinstance(waiting, Future) else [waiting]
                    pool = self._pool()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        if self.ready:
            self.ready.back(pool)
        else:
            pool.shutdown()

    def _pool(self) -> "ProcessPoolExecutor":
        return (self.ready.taken() if self.ready else None) or _started(self.workers)

    def _alone(self, task: T, work: Callable[[T], Answer]) -> Iterator[Answer]:
        """Do one task in a process of its own; if that dies too, halve it until the deadly row is found."""
        with _started(1) as pool:
            try:
                yield pool.submit(work, task).result()
            except BrokenExecutor:
                pass
            else:
                return
        halves = task.halves()
        for half in halves:
            yield from self._alone(half, work)  # type: ignore[arg-type]  # a part of the same work
        if not halves:
            yield work(task.lost())  # type: ignore[arg-type]  # as above


def _started(workers: int) -> "ProcessPoolExecutor":
    """Start processes: what is needed for it is imported here, as small runs stay in this one and start 20 ms sooner."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # forkserver: a fork of a process with running threads (Arrow, tokenizers) may hang
    return ProcessPoolExecutor(workers, mp_context=get_context("forkserver"))


def _submitted(pool: "ProcessPoolExecutor", work: Callable[[T], Answer], task: T) -> Future[Answer]:
    """Hand a task over; of a pool that is broken already, and says so at once, the answer says it as any other would."""
    try:
        return pool.submit(work, task)
    except BrokenExecutor as broken:
        failed: Future[Answer] = Future()
        failed.set_exception(broken)
        return failed


class _Batch(NamedTuple):
    """Rows that are worked on as they are."""

    rows: pa.RecordBatch

    def halves(self) -> Sequence[Self]:
        """Give the rows in two parts; of a single row nothing."""
        middle = self.rows.num_rows // 2
        return [self._replace(rows=self.rows[:middle]), self._replace(rows=self.rows[middle:])] if middle else []

    def lost(self) -> Self:
        """Give the row as one that could not be read, so that it is held and not lost; of what was made of it nothing stays."""
        trouble = str(Trouble("run.worker-lost", "the worker process died on this row, twice."))
        record = self.rows["record"][0].as_py()
        values = {"unread": [trouble], "trouble": [trouble], "raw": [(record or "").encode()], "record": [None]}
        made = {name: [None] for name in self.rows.schema.names if name not in READ.names}
        columns = self.rows.to_pydict() | made | {n: v for n, v in values.items() if n in self.rows.schema.names}
        return self._replace(rows=pa.RecordBatch.from_pydict(columns, schema=self.rows.schema))


def _through(batch: _Batch, stages: Sequence[Stage]) -> pa.Table:
    return through(batch.rows, stages)
