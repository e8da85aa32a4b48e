"""Review by the Batch API: half the price, answered within a day. Each run collects what is finished, then submits.

The files of requests hold the examples until their batch is taken in; the nonce of each question stands in its request,
so that its answer is read as strictly as one given at once.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from pipeline.measure.batches import Job, lines_of, mark_of, opened, request_line
from pipeline.measure.cache import Cache
from pipeline.measure.providers.openai_batch import Endpoint
from pipeline.review.verdict import Faulty, read_value, to_bytes
from pipeline.reviewing.asking import BUDGET, Work, slices
from pipeline.reviewing.judge import labels_of, nonce_of
from pipeline.reviewing.rows import Row

ENDPOINT: Final[Endpoint] = "/v1/chat/completions"
WAITING: Final = "in a batch that is not finished"


def exchange(
    work: Work, rows: Iterable[Row], *, file: str, cache_folder: Path, api_key: str, base_url: str | None
) -> list[str]:
    """Take in what is finished and submit what has no verdict; gives why verdicts are still missing, in sentences."""
    mark = mark_of(work.judge.lane)
    with opened(api_key=api_key, base_url=base_url, cache_folder=cache_folder, file=file, endpoint=ENDPOINT) as desk:
        taken = [desk.take(path, _read(work)) for path in desk.waiting(mark)]
        for path in desk.waiting(mark):
            for line in lines_of(path):
                asked = json.loads(line)
                work.purse.hold(work.judge.highest(asked["body"]))
                work.left.update(dict.fromkeys(desk.cache.unseen({bytes.fromhex(asked["custom_id"])}), WAITING))
        desk.write(mark, _requests(work, rows, desk.cache))
        jobs = [desk.start(path) for path in desk.waiting(mark)]
    faulty = [f"Of the batches' answers {count:,} cannot be used: {why}." for why, count in sorted(work.faulty.items())]
    return [*_refused(taken), *faulty, *_open(jobs)]


def _requests(work: Work, rows: Iterable[Row], cache: Cache) -> Iterator[bytes]:
    """Give a request for each question that is in no batch, as far as the budget reaches."""
    for wants in slices(work.judge.wants(rows)):
        by_key = {want.key: want for want in wants}
        new = cache.unseen(by_key.keys())
        for want in (want for key, want in by_key.items() if key in new):
            _, body = work.judge.request(want)
            if not work.purse.take(work.judge.highest(body)):
                work.left[want.key] = BUDGET
                continue
            work.left[want.key] = WAITING
            work.requests += 1
            yield request_line(want.key.hex(), ENDPOINT, body)


def _read(work: Work) -> Any:
    """Give the reader of answers: a verdict is kept, anything else is asked again by the next run."""

    def read(request: bytes, body: Any) -> dict[bytes, bytes]:
        asked = json.loads(request)
        found = read_value(body, labels=labels_of(asked["body"]), nonce=nonce_of(asked["body"]))
        work.purse.pay(found.usage or work.judge.highest(asked["body"]))
        if isinstance(found, Faulty):
            work.faulty[found.why] = work.faulty.get(found.why, 0) + 1
            return {}
        work.answered += 1
        return {bytes.fromhex(asked["custom_id"]): to_bytes(found)}

    return read


def _refused(jobs: Iterable[Job]) -> Iterator[str]:
    for job in jobs:
        if job.status in ("failed", "expired", "cancelled", "lost"):
            why = f" ({', '.join(job.problems)})" if job.problems else ""
            yield f"Batch {job.batch} ended as {job.status}{why}; what it left is asked again."


def _open(jobs: Iterable[Job]) -> Iterator[str]:
    left = [job for job in jobs if job.status not in ("failed", "expired", "cancelled")]
    if left:
        done, total = sum(job.completed for job in left), sum(job.total for job in left)
        named = "1 batch is" if len(left) == 1 else f"{len(left):,} batches are"
        yield f"{named} open, {done:,} of {total:,} questions answered; all are due within 24 hours."
