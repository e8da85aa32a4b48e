"""Sees to it that every text offered is judged once: packed, claimed before it is asked, or waited for elsewhere."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

from pipeline.core.settings import ModerationSettings
from pipeline.measure.cache import Cache
from pipeline.measure.moderation.pace import Pace
from pipeline.measure.moderation.talk import MOST_TOKENS_PER_REQUEST, Learn, Patience, Talk, Want, fits
from pipeline.measure.moderation.verdict import from_bytes

MOST_ELSEWHERE: Final = 2_048
"""Texts that other processes ask for, waited for at once."""


class Asker:
    """A run's side of the cache and the API. Offer wants, then finish; every verdict goes to `learn`."""

    def __init__(
        self,
        talk: Talk,
        *,
        cache: Cache,
        pace: Pace,
        learn: Learn,
        settings: ModerationSettings,
        patience: Patience,
        clock: Callable[[], float],
    ) -> None:
        self._talk, self._cache, self._pace, self._learn = talk, cache, pace, learn
        self._settings, self._lease_seconds, self._clock = settings, patience.lease_seconds, clock
        self._owner = uuid4().hex
        self._slots = asyncio.Semaphore(settings.concurrency)
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
        """Take texts to ask for; returns when as many are under way as may be."""
        for want in wants:
            if not self._fits(self._open, want):
                await self._send_open()
            self._open.append(want)
        while len(self._elsewhere) > MOST_ELSEWHERE and self.error is None:
            await asyncio.sleep(self._look_seconds)
            await self._look_elsewhere()

    async def finish(self) -> None:
        """Return when every text that was offered is judged, here or elsewhere, or will not be."""
        await self._send_open()
        while self.error is None and (self._tasks or self._elsewhere):
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=self._look_seconds)
            else:
                await asyncio.sleep(self._look_seconds)
            await self._look_elsewhere()

    def _fits(self, pack: list[Want], want: Want) -> bool:
        most_tokens = min(MOST_TOKENS_PER_REQUEST, self._pace.per_minute["tokens"] / 4)
        return fits(pack, want, most_texts=self._settings.max_texts_per_request, most_tokens=most_tokens)

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
        task = asyncio.create_task(self._talk.ask(mine))
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
        self._learn({key: from_bytes(value) for key, value in found.items()})
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
