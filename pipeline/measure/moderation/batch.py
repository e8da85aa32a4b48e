"""Moderation by the Batch API: a big set is handed over, answered within a day, and put into the same cache.

Submit writes what has no verdict into files of requests and starts a batch for each; collect takes what is finished.
What a batch leaves unanswered, `moderate` asks: after a batch it finds the rest in the cache. Unlike the cache, the
files hold texts.
"""

import json
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pipeline.core.example import Method
from pipeline.core.settings import ModerationSettings
from pipeline.measure.batches import Job, lines_of, mark_of, opened, request_line
from pipeline.measure.cache import Cache
from pipeline.measure.moderation.moderate import FILE
from pipeline.measure.moderation.pieces import Piece, estimated_tokens, key
from pipeline.measure.moderation.session import ROWS_AT_ONCE, Judge, Source
from pipeline.measure.moderation.talk import MOST_TOKENS_PER_REQUEST, Want, asked, fits, want
from pipeline.measure.moderation.verdict import read, to_bytes

__all__ = ["Job", "collect", "submit"]

MOST_REQUESTS: Final = 50_000
"""In one batch (OpenAI's Batch API reference)."""

_opened = partial(opened, file=FILE, endpoint="/v1/moderations")


def submit(
    rows: Source,
    *,
    settings: ModerationSettings,
    method: Method,
    api_key: str,
    base_url: str | None,
    cache_folder: Path,
) -> tuple[Job, ...]:
    """Start batches for every text without a verdict that is in no open batch; gives all open ones."""
    with _opened(api_key=api_key, base_url=base_url, cache_folder=cache_folder) as desk:
        judge = Judge(desk.door.address, settings, method)
        mark = mark_of(judge.of_texts)
        for path in desk.waiting(mark):
            keys = {key(piece, judge=judge.of_texts) for line in lines_of(path) for piece in _asked_for(line)}
            desk.cache.unseen(keys)
        desk.write(mark, _requests(_wants(rows, judge, desk.cache), settings), most=MOST_REQUESTS)
        return tuple(desk.start(path) for path in desk.waiting(mark))


def collect(
    *, settings: ModerationSettings, method: Method, api_key: str, base_url: str | None, cache_folder: Path
) -> tuple[Job, ...]:
    """Look at every open batch once, and take those that are over into the cache; `status` tells which are left.

    Whoever waits calls this again after a while: the provider answers within 24 hours.
    """
    with _opened(api_key=api_key, base_url=base_url, cache_folder=cache_folder) as desk:
        judge = Judge(desk.door.address, settings, method)
        taken = partial(_verdicts, judge=judge)
        return tuple(desk.take(path, taken) for path in desk.waiting(mark_of(judge.of_texts)))


def _wants(rows: Source, judge: Judge, cache: Cache) -> Iterator[Want]:
    source = iter(rows)
    while some := list(islice(source, ROWS_AT_ONCE)):
        named = dict(pair for _, payload in some for pair in judge.pieces(payload))
        new = cache.unseen(named.keys())
        yield from (want(name, piece, estimated_tokens) for name, piece in named.items() if name in new)


def _requests(wants: Iterable[Want], settings: ModerationSettings) -> Iterator[bytes]:
    """Give the lines of a file of requests."""
    pack: list[Want] = []
    for one in wants:
        if not fits(pack, one, most_texts=settings.max_texts_per_request, most_tokens=MOST_TOKENS_PER_REQUEST):
            yield _request(pack, settings.model)
            pack = []
        pack.append(one)
    if pack:
        yield _request(pack, settings.model)


def _request(pack: list[Want], model: str) -> bytes:
    # the key of its first text is unique in all files: each text is asked once
    return request_line(pack[0].key.hex(), "/v1/moderations", {"model": model, "input": asked(pack)})


def _asked_for(line: bytes) -> list[Piece]:
    """Give back what a line of a file of requests asks for."""
    given = json.loads(line)["body"]["input"]
    is_image = isinstance(given[0], dict)
    return [Piece("", one["image_url"]["url"], "image") if is_image else Piece("", one) for one in given]


def _verdicts(request: bytes, body: Any, *, judge: Judge) -> dict[bytes, bytes]:
    """Give the verdicts of one answer; none where it is not sound."""
    pieces = _asked_for(request)
    found = read(body, expected=len(pieces))
    if not isinstance(found, tuple):
        return {}
    named = zip(pieces, found, strict=True)
    return {key(piece, judge=judge.of_texts): to_bytes(verdict) for piece, verdict in named}
