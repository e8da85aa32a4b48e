"""Watching a job: what is new, until nothing more happens, and then how the bill compares with the estimate."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from pipeline.core.errors import ProviderGaveUp, TunesetError
from pipeline.submit import Event, Job, Platform
from pipeline.submit.ledger import Sent

LOOK_SECONDS: Final = 10.0
PATIENCE: Final = 30
"""Looks in a row that may fail: a job of hours outlives a few minutes without a network."""


class Seen(NamedTuple):
    """One look at a job."""

    job: Job
    news: tuple[Event, ...] = ()
    """Events that no look before has seen."""


def look(platform: Platform, job_id: str) -> Job:
    """Give a job as it is now; TunesetError where the platform does not know it."""
    job = platform.look(job_id)
    if job is None:
        raise TunesetError(
            f"{job_id}: {platform.address} knows no such job. Is the key of the account that started it?"
        )
    return job


def watch(
    platform: Platform, job_id: str, *, sleep: Callable[[float], None], seconds: float = LOOK_SECONDS
) -> Iterator[Seen]:
    """Give a job whenever something is new about it, the last time when it is over; a look every so many seconds."""
    known: set[str] = set()
    last: Job | None = None
    failed = 0
    while last is None or not last.is_over:
        try:
            job = look(platform, job_id)
            news = tuple(event for event in platform.events(job_id) if event.id not in known)
        except ProviderGaveUp:
            failed += 1
            if failed > PATIENCE:
                raise
            sleep(seconds)
            continue
        failed = 0
        known |= {event.id for event in news}
        if news or job != last:
            yield Seen(job, news)
        last = job
        if not job.is_over:
            sleep(seconds)


def bill(sent: Sent) -> str | None:
    """Say what was billed beside the estimate; None where the platform does not tell, or nothing was estimated."""
    if sent.trained_tokens is None or sent.estimate is None:
        return None
    said = sent.estimate
    epochs = sent.trained_epochs
    low = said.tokens * (epochs or said.epochs_low)
    # evaluations are billed where validation is, from none to one a pass
    high = (said.padded_tokens + said.validation_tokens) * (epochs or said.epochs_high)
    expected = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    rounds = f" over {epochs} epoch{'s' * (epochs != 1)}" if epochs else ""
    off = _off(sent.trained_tokens, low, high)
    verdict = "as estimated" if not off else f"{abs(off):.1%} {'more' if off > 0 else 'less'} than the estimate"
    return f"{sent.trained_tokens:,} tokens{rounds}, {verdict} ({expected})"


def _off(billed: int, low: int, high: int) -> float:
    """Give how far a bill lies outside of an interval, as a share of its nearer end; 0 within it."""
    end = min(max(billed, low), high)
    return billed / end - 1 if end else 0.0
