"""Work handed to the Batch API: request files that wait on disk until what a batch answered has been taken in.

Handing over and taking may be killed and called again at any moment: a batch is known by the name of its file, which is
the hash of what is in it. The files hold what is asked; each is deleted, here and at the provider, once taken in.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from pipeline.core.errors import ProviderGaveUp, TunesetError
from pipeline.measure.cache import Cache
from pipeline.measure.providers.openai_batch import BatchDoor, Endpoint, State

MOST_REQUESTS: Final = 50_000
"""In one batch (OpenAI's Batch API reference)."""
MOST_BYTES: Final = 190_000_000
"""In one file; the limit is 200 MB."""
LINES_AT_ONCE: Final = 64
"""Answers taken into the cache in one transaction."""

Read: TypeAlias = Callable[[bytes, Any], dict[bytes, bytes]]
"""Takes a line of requests and the body that answered it; gives what the cache keeps of it."""


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
    """Answers taken into the cache just now."""
    problems: tuple[str, ...] = ()
    """Codes by which the provider refused the whole batch: `token_limit_exceeded` says that too much is waiting."""


class Desk:
    """The folder of request files with its lock held, the cache, and the door. Files of one `mark` are one kind of work."""

    def __init__(self, folder: Path, cache: Cache, door: BatchDoor, endpoint: Endpoint) -> None:
        self.folder, self.cache, self.door, self.endpoint = folder, cache, door, endpoint

    def waiting(self, mark: str) -> list[Path]:
        """Give the files of requests that are not taken in yet."""
        return sorted(self.folder.glob(f"{mark}-*.jsonl"))

    def write(self, mark: str, requests: Iterable[bytes], *, most: int = MOST_REQUESTS) -> None:
        """Write files of requests, each complete or not there."""
        lines = iter(requests)
        line = next(lines, None)
        while line is not None:
            part, size, number, hashed = self.folder / "new.part", 0, 0, hashlib.sha256()
            with part.open("wb") as file:
                while line is not None and number < most and size + len(line) <= MOST_BYTES:
                    file.write(line)
                    hashed.update(line)
                    size, number, line = size + len(line), number + 1, next(lines, None)
            part.replace(self.folder / f"{mark}-{hashed.hexdigest()[:24]}.jsonl")

    def start(self, path: Path) -> Job:
        """Hand a file of requests over, once, however often this was interrupted."""
        note = _note(path)
        state = None
        if "file" not in note:
            note = _noted(path, {"file": self.door.upload(path)})
        elif "batch" not in note:
            state = self.door.find(path.stem)
        if "batch" not in note:
            state = state or self.door.create(note["file"], name=path.stem, endpoint=self.endpoint)
            note = _noted(path, {**note, "batch": state.id})
        return _job(path, state or self.door.look(note["batch"]) or _lost(path, note))

    def take(self, path: Path, read: Read) -> Job:
        """Look at a batch; when it is over, keep its answers and delete its files, here and at the provider."""
        if "batch" not in _note(path):
            self.start(path)
        note = _note(path)
        state = self.door.look(note["batch"]) or _lost(path, note)
        if not state.is_over:
            return _job(path, state)
        judged = self._keep(path, state.output_file, read) if state.output_file else 0
        path.unlink()  # before the provider's files: what is gone there could not be taken in again
        path.with_suffix(".json").unlink(missing_ok=True)
        for file in (state.output_file, state.error_file, state.input_file):
            if file:
                with suppress(ProviderGaveUp):  # gone already, or gone when it expires
                    self.door.forget(file)
        return _job(path, state)._replace(judged=judged)

    def _keep(self, path: Path, output: str, read: Read) -> int:
        answers = path.with_suffix(".answers")
        if not self.door.download(output, answers):
            return 0
        judged, starts = 0, _starts(path)
        with path.open("rb") as requests, answers.open("rb") as lines:
            while some := list(islice(lines, LINES_AT_ONCE)):
                kept: dict[bytes, bytes] = {}
                for line in some:
                    kept.update(_answered(line, requests, starts, read))
                self.cache.put(kept)
                judged += len(kept)
        answers.unlink()
        return judged


@contextmanager
def opened(*, api_key: str, base_url: str | None, cache_folder: Path, file: str, endpoint: Endpoint) -> Iterator[Desk]:
    """Open the desk of the cache file in this folder; raises TunesetError while another run has it."""
    from filelock import FileLock, Timeout

    folder = cache_folder / "batches"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # the files hold what is asked
    door = BatchDoor(api_key=api_key, base_url=base_url)
    try:
        with Cache(cache_folder / file) as cache, FileLock(folder / "lock", timeout=0):
            yield Desk(folder, cache, door, endpoint)
    except Timeout:
        raise TunesetError(f"{folder}: another run works on the batches. Run again when it is done.") from None
    finally:
        door.close()


def lines_of(path: Path) -> Iterator[bytes]:
    """Give the lines of a file of requests."""
    with path.open("rb") as file:
        yield from file


def request_line(custom_id: str, endpoint: Endpoint, body: Any) -> bytes:
    """Give one line of a file of requests; `custom_id` must be unique in all files."""
    told = {"custom_id": custom_id, "method": "POST", "url": endpoint, "body": body}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def mark_of(judge: str) -> str:
    """Give a short name of who judges, for the files of requests."""
    return hashlib.sha256(judge.encode()).hexdigest()[:8]


def _answered(line: bytes, requests: Any, starts: dict[str, int], read: Read) -> dict[bytes, bytes]:
    """Give what is kept of one line of answers; nothing where it is no sound answer, which is then asked again."""
    try:
        told = msgspec.json.decode(line)
        response = told["response"]
        start = starts[told["custom_id"]]
        body = response["body"] if response["status_code"] == HTTPStatus.OK else None
    except (msgspec.DecodeError, UnicodeDecodeError, LookupError, TypeError):
        return {}
    requests.seek(start)
    return read(requests.readline(), body)


def _starts(path: Path) -> dict[str, int]:
    """Give where each request begins in its file, by custom_id."""
    found, start = {}, 0
    for line in lines_of(path):
        found[json.loads(line)["custom_id"]] = start
        start += len(line)
    return found


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
