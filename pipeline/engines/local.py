"""Batches through stages on this machine: in this process, or over a pool of processes with bounded memory."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import reduce
from itertools import chain, islice
from multiprocessing import get_context
from typing import Final, NamedTuple

import pyarrow as pa

from pipeline.core.stage import Stage
from pipeline.core.trouble import Trouble

IN_FLIGHT: Final = 2
"""Batches a worker may have waiting: one in hand and one behind it keep it busy, more only hold memory."""
SMALL: Final = 2
"""Runs of at most so many batches stay in this process: starting workers would take longer than the work."""

Sent = tuple[pa.RecordBatch, "Future[pa.Table]"]


def through(batch: pa.RecordBatch, stages: Sequence[Stage]) -> pa.Table:
    """Give the batch after all stages; consecutive stages are one pass, so that rows cross a process border once."""
    return reduce(lambda table, stage: stage(table), stages, pa.Table.from_batches([batch]))


class Local(NamedTuple):
    """The embedded engine."""

    workers: int = 1
    """Processes; 1 runs everything in this one, for debuggers and small machines."""

    def run(self, batches: Iterable[pa.RecordBatch], stages: Sequence[Stage]) -> Iterator[pa.Table]:
        """Give each batch after all stages, in the order they came."""
        feed = iter(batches)
        first = list(islice(feed, SMALL + 1))
        if self.workers == 1 or len(first) <= SMALL:
            yield from (through(batch, stages) for batch in chain(first, feed))
        else:
            yield from self.apart(chain(first, feed), stages)

    def apart(self, batches: Iterable[pa.RecordBatch], stages: Sequence[Stage]) -> Iterator[pa.Table]:
        """Do the same in processes of their own, however few the batches: this one outlives what kills them."""
        feed = iter(batches)
        pool = self._pool()
        sent: deque[Sent] = deque()
        try:
            while True:
                while len(sent) < self.workers * IN_FLIGHT and (batch := next(feed, None)) is not None:
                    sent.append((batch, pool.submit(through, batch, stages)))
                if not sent:
                    return
                batch, answer = sent.popleft()
                try:
                    yield answer.result()
                except BrokenProcessPool:
                    again = [batch, *(waiting for waiting, _ in sent)]
                    sent.clear()
                    pool.shutdown(wait=False, cancel_futures=True)
                    yield from (self._alone(lost, stages) for lost in again)
                    pool = self._pool()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _pool(self) -> ProcessPoolExecutor:
        # forkserver: a fork of a process with running threads (Arrow, tokenizers) may hang
        return ProcessPoolExecutor(self.workers, mp_context=get_context("forkserver"))

    def _alone(self, batch: pa.RecordBatch, stages: Sequence[Stage]) -> pa.Table:
        """Run one batch in a process of its own; if that dies too, halve it until the deadly row is found."""
        with ProcessPoolExecutor(1, mp_context=get_context("forkserver")) as pool:
            try:
                return pool.submit(through, batch, stages).result()
            except BrokenProcessPool:
                pass
        if batch.num_rows > 1:
            middle = batch.num_rows // 2
            halves = (batch.slice(0, middle), batch.slice(middle))
            return pa.concat_tables([self._alone(half, stages) for half in halves])
        return through(_lost(batch), stages)


def _lost(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Give the row as one that could not be read, so that it is held and not lost."""
    trouble = Trouble("run.worker-lost", "the worker process died on this row, twice.")
    columns = batch.to_pydict() | {
        "unread": [str(trouble)],
        "raw": [batch["record"][0].as_buffer().to_pybytes()],
        "record": [None],
    }
    return pa.RecordBatch.from_pydict(columns, schema=batch.schema)
