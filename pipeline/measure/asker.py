"""Sees to it that everything offered is asked once: packed, claimed before it is asked, or waited for elsewhere."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Generic, Protocol, TypeVar
from uuid import uuid4

from pipeline.measure.cache import Cache

MOST_ELSEWHERE: Final = 2_048
"""Wants that other processes ask for, waited for at once."""


class Keyed(Protocol):
    """Something wanted, with the key under which its answer is kept."""

    @property
    def key(self) -> bytes:
        """Name it in the cache."""
        ...


Want = TypeVar("Want", bound=Keyed)


class Asker(Generic[Want]):
    """A run's side of the cache and the API. Offer wants, then finish.

    `ask` asks for a pack and keeps what it learns; `fits` says whether one more goes into a pack; `learn` takes the
    answers that the cache got from other processes.
    """

    def __init__(
        self,
        ask: Callable[[list[Want]], Coroutine[Any, Any, None]],
        *,
        cache: Cache,
        fits: Callable[[list[Want], Want], bool],
        learn: Callable[[Mapping[bytes, bytes]], None],
        concurrency: int,
        lease_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._ask, self._cache, self._fits, self._learn = ask, cache, fits, learn
        self._lease_seconds, self._clock = lease_seconds, clock
        self._owner = uuid4().hex
        self._slots = asyncio.Semaphore(concurrency)
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: list[Want] = []
        self._elsewhere: deque[Want] = deque()
        self._next_look = 0.0
        self.error: BaseException | None = None
        """Why nothing is asked any more."""

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Keep the claims alive inside, and give them back at the end, whatever ends it."""
        self._cache.forget_stale_claims(now=self._clock())
        beat = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            tasks = [beat, *self._tasks]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._cache.release(self._owner)

    async def offer(self, wants: Iterable[Want]) -> None:
        """Take wants to ask for; returns when as many are under way as may be."""
        for want in wants:
            if not self._fits(self._open, want):
                await self._send_open()
            self._open.append(want)
        while len(self._elsewhere) > MOST_ELSEWHERE and self.error is None:
            await asyncio.sleep(self._look_seconds)
            await self._look_elsewhere()

    async def finish(self) -> None:
        """Return when everything that was offered is answered, here or elsewhere, or will not be."""
        await self._send_open()
        while self.error is None and (self._tasks or self._elsewhere):
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=self._look_seconds)
            else:
                await asyncio.sleep(self._look_seconds)
            await self._look_elsewhere()

    async def _send_open(self) -> None:
        pack, self._open = self._open, []
        await self._send(pack)

    async def _send(self, pack: list[Want]) -> None:
        """Ask for what no other process asks for, as soon as there is a free slot."""
        if not pack or self.error is not None:
            return
        await self._slots.acquire()
        keys = {want.key for want in pack}
        granted = self._cache.claim(keys, owner=self._owner, now=self._clock(), lease_seconds=self._lease_seconds)
        self._elsewhere.extend(want for want in pack if want.key not in granted)
        mine = [want for want in pack if want.key in granted]
        if not mine or self.error is not None:
            self._slots.release()
            return
        task = asyncio.create_task(self._ask(mine))
        self._tasks.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._slots.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            self.error = self.error or error
            for other in self._tasks:
                other.cancel()

    async def _look_elsewhere(self) -> None:
        """Learn what other processes were told meanwhile, and ask for what they gave back or died over."""
        if not self._elsewhere or self._clock() < self._next_look:
            return
        self._next_look = self._clock() + self._look_seconds
        wants = {want.key: want for want in self._elsewhere}
        self._elsewhere.clear()
        found = self._cache.get(wants)
        self._learn(found)
        pack: list[Want] = []
        for want in (want for key, want in wants.items() if key not in found):
            if not self._fits(pack, want):
                await self._send(pack)
                pack = []
            pack.append(want)
        await self._send(pack)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 4)
            self._cache.renew(self._owner, now=self._clock(), lease_seconds=self._lease_seconds)

    @property
    def _look_seconds(self) -> float:
        return min(0.25, self._lease_seconds / 10)
