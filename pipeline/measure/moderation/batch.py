"""Moderation by the Batch API: a big set is handed over, answered within a day, and put into the same cache.

Submit writes what has no verdict into files of requests and starts a batch for each; collect takes what is finished.
Both may be killed and called again at any moment: a request file waits on disk until its batch is taken in, and a batch
is known by the name of its file. What a batch leaves unanswered, `moderate` asks: after a batch it finds the
rest in the cache. Unlike the cache, the files hold texts; each is deleted, here and at the provider, once taken in.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from pipeline.core.errors import ProviderGaveUp, TunesetError
from pipeline.core.example import Method
from pipeline.core.settings import ModerationSettings
from pipeline.measure.cache import Cache
from pipeline.measure.moderation.moderate import FILE
from pipeline.measure.moderation.pieces import Piece, estimated_tokens, key
from pipeline.measure.moderation.session import ROWS_AT_ONCE, Judge, Source
from pipeline.measure.moderation.talk import MOST_TOKENS_PER_REQUEST, Want, asked, fits, want
from pipeline.measure.moderation.verdict import read, to_bytes
from pipeline.measure.providers.openai_batch import BatchDoor, State

MOST_REQUESTS: Final = 50_000
"""In one batch (OpenAI's Batch API reference)."""
MOST_BYTES: Final = 190_000_000
"""In one file; the limit is 200 MB."""


class Job(NamedTuple):
    """One batch, as it was when last looked at."""

    name: str
    """Of its file of requests: the hash of what is in it."""
    batch: str
    """The provider's id."""
    status: str
    """As the provider says it; `lost` when it does not know the batch, which the next submit starts again."""
    completed: int
    """Requests answered."""
    total: int
    judged: int = 0
    """Texts whose verdicts were taken into the cache just now."""
    problems: tuple[str, ...] = ()
    """Codes by which the provider refused the whole batch: `token_limit_exceeded` says that too much is waiting."""


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
    with _desk(api_key, base_url, cache_folder) as desk:
        judge = Judge(desk.door.address, settings, method)
        for path in desk.waiting(judge):
            desk.cache.unseen({key(piece, judge=judge.of_texts) for line in _lines(path) for piece in _asked_for(line)})
        desk.write(judge, _wants(rows, judge, desk.cache))
        return tuple(desk.start(path) for path in desk.waiting(judge))


def collect(
    *, settings: ModerationSettings, method: Method, api_key: str, base_url: str | None, cache_folder: Path
) -> tuple[Job, ...]:
    """Look at every open batch once, and take those that are over into the cache; `status` tells which are left.

    Whoever waits calls this again after a while: the provider answers within 24 hours.
    """
    with _desk(api_key, base_url, cache_folder) as desk:
        judge = Judge(desk.door.address, settings, method)
        return tuple(desk.take(path, judge) for path in desk.waiting(judge))


class _Desk:
    """The folder of request files with its lock held, the cache, and the door."""

    def __init__(self, folder: Path, cache: Cache, door: BatchDoor) -> None:
        self.folder, self.cache, self.door = folder, cache, door

    def waiting(self, judge: Judge) -> list[Path]:
        """Give the files of requests that are for this judge and not taken in yet."""
        return sorted(self.folder.glob(f"{_mark(judge)}-*.jsonl"))

    def write(self, judge: Judge, wants: Iterable[Want]) -> None:
        """Write files of requests, each complete or not there."""
        lines = _requests(wants, judge.settings)
        line = next(lines, None)
        while line is not None:
            part, size, number, hashed = self.folder / "new.part", 0, 0, hashlib.sha256()
            with part.open("wb") as file:
                while line is not None and number < MOST_REQUESTS and size + len(line) <= MOST_BYTES:
                    file.write(line)
                    hashed.update(line)
                    size, number, line = size + len(line), number + 1, next(lines, None)
            part.replace(self.folder / f"{_mark(judge)}-{hashed.hexdigest()[:24]}.jsonl")

    def start(self, path: Path) -> Job:
        """Hand a file of requests over, once, however often this was interrupted."""
        note = _note(path)
        state = None
        if "file" not in note:
            note = _noted(path, {"file": self.door.upload(path)})
        elif "batch" not in note:
            state = self.door.find(path.stem)
        if "batch" not in note:
            state = state or self.door.create(note["file"], name=path.stem)
            note = _noted(path, {**note, "batch": state.id})
        return _job(path, state or self.door.look(note["batch"]) or _lost(path, note))

    def take(self, path: Path, judge: Judge) -> Job:
        """Look at a batch; when it is over, keep its verdicts and delete its files, here and at the provider."""
        if "batch" not in _note(path):
            self.start(path)
        note = _note(path)
        state = self.door.look(note["batch"]) or _lost(path, note)
        if not state.is_over:
            return _job(path, state)
        judged = self._keep(path, state.output_file, judge) if state.output_file else 0
        path.unlink()  # before the provider's files: what is gone there could not be taken in again
        path.with_suffix(".json").unlink(missing_ok=True)
        for file in (state.output_file, state.error_file, state.input_file):
            if file:
                with suppress(ProviderGaveUp):  # gone already, or gone when it expires
                    self.door.forget(file)
        return _job(path, state)._replace(judged=judged)

    def _keep(self, path: Path, output: str, judge: Judge) -> int:
        answers = path.with_suffix(".answers")
        if not self.door.download(output, answers):
            return 0
        judged, starts = 0, _starts(path)
        with path.open("rb") as requests, answers.open("rb") as lines:
            while some := list(islice(lines, ROWS_AT_ONCE)):
                kept: dict[bytes, bytes] = {}
                for line in some:
                    kept.update(_verdicts(line, requests, starts, judge))
                self.cache.put(kept)
                judged += len(kept)
        answers.unlink()
        return judged


@contextmanager
def _desk(api_key: str, base_url: str | None, cache_folder: Path) -> Iterator[_Desk]:
    from filelock import FileLock, Timeout

    folder = cache_folder / "batches"
    folder.mkdir(parents=True, exist_ok=True)
    door = BatchDoor(api_key=api_key, base_url=base_url)
    try:
        with Cache(cache_folder / FILE) as cache, FileLock(folder / "lock", timeout=0):
            yield _Desk(folder, cache, door)
    except Timeout:
        raise TunesetError(f"{folder}: another run works on the batches. Run again when it is done.") from None
    finally:
        door.close()


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
    body = {"model": model, "input": asked(pack)}
    # the key of its first text is unique in all files: each text is asked once
    told = {"custom_id": pack[0].key.hex(), "method": "POST", "url": "/v1/moderations", "body": body}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _asked_for(line: bytes) -> list[Piece]:
    """Give back what a line of a file of requests asks for."""
    given = json.loads(line)["body"]["input"]
    is_image = isinstance(given[0], dict)
    return [Piece("", one["image_url"]["url"], "image") if is_image else Piece("", one) for one in given]


def _starts(path: Path) -> dict[str, int]:
    """Give where each request begins in its file, by custom_id."""
    found, start = {}, 0
    for line in _lines(path):
        found[json.loads(line)["custom_id"]] = start
        start += len(line)
    return found


def _verdicts(line: bytes, requests: Any, starts: dict[str, int], judge: Judge) -> dict[bytes, bytes]:
    """Give the verdicts of one line of answers; none where it is no sound answer, which is then asked again."""
    try:
        told = msgspec.json.decode(line)
        response = told["response"]
        start = starts[told["custom_id"]]
        body = response["body"] if response["status_code"] == HTTPStatus.OK else None
    except (msgspec.DecodeError, UnicodeDecodeError, LookupError, TypeError):
        return {}
    requests.seek(start)
    pieces = _asked_for(requests.readline())
    found = read(body, expected=len(pieces))
    if not isinstance(found, tuple):
        return {}
    named = zip(pieces, found, strict=True)
    return {key(piece, judge=judge.of_texts): to_bytes(verdict) for piece, verdict in named}


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _mark(judge: Judge) -> str:
    return hashlib.sha256(judge.of_texts.encode()).hexdigest()[:8]


def _note(path: Path) -> dict[str, str]:
    """Give the provider's ids of a file of requests, as far as it was handed over."""
    try:
        found = json.loads(path.with_suffix(".json").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _noted(path: Path, note: dict[str, str]) -> dict[str, str]:
    part = path.with_suffix(".note")
    part.write_text(json.dumps(note), "utf-8")
    part.replace(path.with_suffix(".json"))
    return note


def _lost(path: Path, note: dict[str, str]) -> State:
    """Forget a batch that the provider does not know; `submit` starts it again."""
    path.with_suffix(".json").unlink(missing_ok=True)
    return State(note["batch"], "lost", note["file"], None, None, 0, 0, ())


def _job(path: Path, state: State) -> Job:
    return Job(path.stem, state.id, state.status, state.completed, state.total, problems=state.problems)
