"""Asking at once: the questions without a verdict go to the provider, and each verdict into the cache as it comes."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final
from urllib.parse import urlsplit

from pipeline.core.address import OPENAI
from pipeline.measure.asker import Asker
from pipeline.measure.cache import Cache
from pipeline.measure.moderation.pace import Pace
from pipeline.measure.moderation.talk import Patience
from pipeline.measure.providers.openai import Door
from pipeline.review.purse import Purse
from pipeline.review.verdict import Verdict, to_bytes
from pipeline.reviewing.judge import Judge, Want
from pipeline.reviewing.rows import Row
from pipeline.reviewing.talk import BUDGET, Talk

__all__ = ["BUDGET", "Work", "ask", "slices"]

AT_ONCE: Final = 64
"""Questions whose texts are in memory together, beside those under way."""
TIER_1: Final = {"requests": 500.0, "tokens": 200_000.0}
"""Limits a minute to begin with at OpenAI: tier 1 of gpt-4.1-mini (its model page); headers correct them at once."""
UNLIMITED: Final = {"requests": 1e6, "tokens": 1e10}
"""Elsewhere, as on a server of one's own: the requests in flight are the limit."""


@dataclass
class Work:
    """What is asked in one run, and what became of it."""

    judge: Judge
    purse: Purse
    left: dict[bytes, str] = field(default_factory=dict)
    """Questions without a verdict → why."""
    notes: list[str] = field(default_factory=list)
    """Why the asking ended before all was asked: whole sentences."""
    faulty: dict[str, int] = field(default_factory=dict)
    """Answers of batches that are no verdict, by reason; asked again by the next run."""
    unreached: str = "the run ended before it"
    """Why nothing is known of the questions that are in none of these."""
    answered: int = 0
    requests: int = 0


def ask(
    work: Work,
    rows: Iterable[Row],
    cache: Cache,
    *,
    api_key: str,
    base_url: str | None,
    patience: Patience,
    clock: Callable[[], float],
    advance: Callable[[], None],
) -> None:
    """Ask every question about the rows that has no verdict. Raises ProviderGaveUp, or TunesetError for the set-up."""
    door = Door(api_key=api_key, base_url=base_url, timeout_seconds=patience.timeout_seconds)
    settings = work.judge.settings
    is_theirs = urlsplit(door.address).hostname == urlsplit(OPENAI).hostname
    pace = Pace(
        cache,
        lane=work.judge.lane,
        settings=settings,
        minute_seconds=patience.minute_seconds,
        backoff_seconds=patience.backoff_seconds,
        begin=TIER_1 if is_theirs else UNLIMITED,
    )

    def learn(key: bytes, verdict: Verdict) -> None:
        cache.put({key: to_bytes(verdict)})
        advance()

    talk = Talk(work.judge, door=door, pace=pace, purse=work.purse, learn=learn, patience=patience, clock=clock)
    asker: Asker[Want] = Asker(
        talk.ask,
        cache=cache,
        fits=lambda pack, _: not pack,
        learn=lambda _: None,  # another run's verdicts are found in the cache at the end
        concurrency=settings.concurrency,
        lease_seconds=patience.lease_seconds,
        clock=clock,
    )
    try:
        _run(_asked(work, rows, cache, asker=asker, talk=talk, door=door))
    finally:
        work.left, work.answered, work.requests = talk.left, talk.answered, talk.requests


async def _asked(work: Work, rows: Iterable[Row], cache: Cache, *, asker: Asker[Want], talk: Talk, door: Door) -> None:
    offered: set[bytes] = set()
    try:
        async with asker.working():
            for wants in slices(work.judge.wants(rows)):
                if asker.error is not None:
                    break
                known = cache.get({want.key for want in wants})
                new = {want.key: want for want in wants if want.key not in known and want.key not in offered}
                offered.update(new)
                talk.offered += len(new)
                talk.was_answered |= bool(known)
                await asker.offer(new.values())
                await asyncio.sleep(0)
            talk.is_all_offered = True
            await asker.finish()
    finally:
        await door.close()
    if asker.error is not None:
        raise asker.error


def slices(wants: Iterator[Want]) -> Iterator[list[Want]]:
    """Give the questions some at a time."""
    while some := list(islice(wants, AT_ONCE)):
        yield some


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; in a thread of its own where a loop runs already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()
