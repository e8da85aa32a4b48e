"""Asks the Moderation API about every row, once ever, and gives the facts back by digest."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from pipeline.core.example import Method, Moderation
from pipeline.core.settings import ModerationSettings
from pipeline.measure.asker import Asker
from pipeline.measure.cache import Cache
from pipeline.measure.moderation.pace import Pace
from pipeline.measure.moderation.pieces import estimated_tokens
from pipeline.measure.moderation.session import Judge, Progress, Session, Source
from pipeline.measure.moderation.talk import MOST_TOKENS_PER_REQUEST, Patience, Talk, Want, fits
from pipeline.measure.moderation.verdict import from_bytes

FILE: Final = "moderation.sqlite"


class Summary(NamedTuple):
    """What one run of moderation did. Rows are those given, equal ones each counted."""

    rows: int = 0
    verified: int = 0
    held: int = 0
    """Rows with a text that could not be judged."""
    empty: int = 0
    """Rows with nothing to judge, or whose payload is not JSON: not asked."""
    texts: int = 0
    """Texts and images in the rows that were asked about."""
    asked: int = 0
    """Texts and images sent and judged in this run."""
    from_cache: int = 0
    """Texts and images that needed no request: judged before, or the same as another of this run."""
    flagged: Mapping[str, int] = {}
    """Category → rows over the plan's limits, most first."""
    requests: int = 0
    seconds: float = 0.0
    backends: tuple[str, ...] = ()
    """Who judged, with the model's name as the provider returned it."""


class Moderated:
    """Facts by digest, and the summary of the run. They are read from the cache: keep it open as long as needed."""

    def __init__(self, session: Session | None, cache: Cache | None, summary: Summary) -> None:
        self._session, self._cache = session, cache
        self.summary = summary

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the cache; no facts can be read after it."""
        if self._cache is not None:
            self._cache.close()

    def facts(self, digests: Sequence[bytes | None]) -> list[Moderation | None]:
        """Give the facts of rows in their order; None: nothing was asked about the row, as of one without a payload."""
        return [None] * len(digests) if self._session is None else self._session.facts(digests)


def moderate(
    rows: Source,
    *,
    settings: ModerationSettings,
    method: Method,
    api_key: str | None,
    base_url: str | None,
    cache_folder: Path,
    progress: Progress | None = None,
    count: Callable[[str], int] = estimated_tokens,
    patience: Patience = Patience(),  # noqa: B008 - frozen
    clock: Callable[[], float] = time.time,
) -> Moderated:
    """Judge every text and image of the rows that has no verdict yet; rows are streamed, verdicts go to the cache.

    Without a key, or where the plan says so, nothing is asked and every fact is None. `count` gives the tokens of a
    text; the account's limits are kept by it. Raises ProviderGaveUp when the API could not finish (what it answered
    is kept, and the next call goes on), TunesetError when the key, model or address is wrong.
    """
    if not settings.enabled or not api_key or not api_key.strip():
        return Moderated(None, None, Summary())
    from pipeline.measure.providers.openai import Door

    began = clock()
    door = Door(api_key=api_key, base_url=base_url, timeout_seconds=patience.timeout_seconds)
    cache = Cache(cache_folder / FILE)
    judge = Judge(door.address, settings, method)
    session = Session(judge, cache, count=count, progress=progress or _silent, clock=clock)
    try:
        talk = _run(_judged(rows, door=door, cache=cache, session=session, judge=judge, patience=patience, clock=clock))
    except BaseException:
        cache.close()
        raise
    return Moderated(session, cache, _summary(session, talk, seconds=clock() - began))


def _silent(done: int, total: int, seconds_left: float | None) -> None:
    """Tell nobody."""


async def _judged(
    rows: Source,
    *,
    door: Any,
    cache: Cache,
    session: Session,
    judge: Judge,
    patience: Patience,
    clock: Callable[[], float],
) -> Talk:
    settings = judge.settings
    pace = Pace(
        cache,
        lane=judge.of_texts,
        settings=settings,
        minute_seconds=patience.minute_seconds,
        backoff_seconds=patience.backoff_seconds,
    )
    talk = Talk(door=door, pace=pace, learn=session.learn, model=settings.model, patience=patience, clock=clock)

    def goes_in(pack: list[Want], want: Want) -> bool:
        most_tokens = min(MOST_TOKENS_PER_REQUEST, pace.per_minute["tokens"] / 4)
        return fits(pack, want, most_texts=settings.max_texts_per_request, most_tokens=most_tokens)

    def learn(found: Mapping[bytes, bytes]) -> None:
        session.learn_old({key: from_bytes(value) for key, value in found.items()})

    asker = Asker(
        talk.ask,
        cache=cache,
        fits=goes_in,
        learn=learn,
        concurrency=settings.concurrency,
        lease_seconds=patience.lease_seconds,
        clock=clock,
    )
    try:
        await session.run(rows, talk, asker)
    finally:
        await door.close()
    return talk


def _summary(session: Session, talk: Talk, *, seconds: float) -> Summary:
    tally = session.tally
    return Summary(
        rows=tally.rows,
        verified=tally.verified,
        held=tally.held,
        empty=tally.empty,
        texts=tally.texts,
        asked=talk.judged,
        from_cache=tally.texts - talk.judged - session.unjudged,
        flagged=dict(sorted(tally.flagged.items(), key=lambda item: (-item[1], item[0]))),
        requests=talk.requests,
        seconds=seconds,
        backends=tuple(sorted(tally.backends)),
    )


def _run(work: Coroutine[Any, Any, Talk]) -> Talk:
    """Run to the end; in a thread of its own where a loop runs already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
