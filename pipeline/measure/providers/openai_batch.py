"""The door to OpenAI's Batch API: files and batches, one call at a time. No error that leaves it holds the key."""

import re
from collections.abc import Callable
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

from pipeline.core.address import OPENAI, sound_address, sound_key
from pipeline.core.errors import ProviderGaveUp, TunesetError

RETRIES: Final = 5
"""By the package, for 408, 409, 429 and 5xx, with its own growing waits: a few calls, none of them packed or paced."""
TAG: Final = "tuneset"
"""Name under which a batch's metadata holds the name of its input, so that a lost answer starts no second batch."""
LISTED: Final = 500
"""Newest batches of the account that are searched for a name."""

CODE: Final = re.compile(r"[a-z_]{1,40}")
"""Error codes that may be shown: a server that echoes the key, or the data, is not quoted."""

Endpoint: TypeAlias = Literal["/v1/moderations", "/v1/chat/completions"]

T = TypeVar("T")


class State(NamedTuple):
    """One batch as the provider tells it."""

    id: str
    status: str
    """validating, failed, in_progress, finalizing, completed, expired, cancelling, cancelled."""
    input_file: str
    output_file: str | None
    error_file: str | None
    completed: int
    total: int
    problems: tuple[str, ...]
    """Codes of what was wrong with the input as a whole."""

    @property
    def is_over(self) -> bool:
        """Say whether nothing more will be answered."""
        return self.status in ("completed", "failed", "expired", "cancelled")


class BatchDoor:
    """An open client; its repr does not hold the key."""

    def __init__(self, *, api_key: str, base_url: str | None, timeout_seconds: float = 600.0) -> None:
        import openai

        self.address = sound_address(base_url or OPENAI)
        self._openai = openai
        self._client = openai.OpenAI(
            api_key=sound_key(api_key), base_url=self.address, max_retries=RETRIES, timeout=timeout_seconds
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def upload(self, path: Path) -> str:
        """Upload an input; gives its id."""
        with path.open("rb") as file:
            made = self._told("uploading", lambda: self._client.files.create(file=(path.name, file), purpose="batch"))
        return made.id

    def create(self, file_id: str, *, name: str, endpoint: Endpoint) -> State:
        """Start a batch of requests to one endpoint."""
        return _state(
            self._told(
                "creating a batch",
                lambda: self._client.batches.create(
                    input_file_id=file_id,
                    endpoint=endpoint,
                    completion_window="24h",
                    metadata={TAG: name},
                ),
            )
        )

    def look(self, batch_id: str) -> State | None:
        """Give a batch as it is now; None: the provider does not know it, for instance with another account's key."""

        def work() -> State | None:
            try:
                return _state(self._client.batches.retrieve(batch_id))
            except self._openai.NotFoundError:
                return None

        return self._told("looking at a batch", work)

    def find(self, name: str) -> State | None:
        """Give the batch that was started with this name and is not lost, if there is one."""
        newest = self._told("listing batches", lambda: list(islice(self._client.batches.list(limit=100), LISTED)))
        named = (batch for batch in newest if (batch.metadata or {}).get(TAG) == name)
        return next((_state(batch) for batch in named if batch.status not in ("failed", "cancelled")), None)

    def download(self, file_id: str, path: Path) -> bool:
        """Write a file of the provider to disk, whole or not at all; False: the provider has it no more."""
        part = path.with_suffix(".part")

        def work() -> bool:
            try:
                with self._client.files.with_streaming_response.content(file_id) as answer:
                    answer.stream_to_file(part)
            except self._openai.NotFoundError:
                return False
            part.replace(path)
            return True

        return self._told("downloading", work)

    def forget(self, file_id: str) -> None:
        """Delete a file at the provider."""
        self._told("deleting a file", lambda: self._client.files.delete(file_id))

    def _told(self, doing: str, work: Callable[[], T]) -> T:
        status: int | str
        try:
            return work()
        except self._openai.APIStatusError as error:
            status = error.status_code
        except self._openai.APIError:
            status = "no answer"
        except Exception as error:
            # a transfer that breaks raises the transport's own errors, whose package differs by version of openai
            if not type(error).__module__.startswith(("httpx", "httpcore")):
                raise
            status = "connection lost"
        # outside of the except blocks, so that no exception behind this one holds the request
        raise _trouble(doing, status)


def _trouble(doing: str, status: int | str) -> TunesetError:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        cure = "Set OPENAI_API_KEY to a key that may use files and batches"
        return TunesetError(f"Batch API: the provider does not take the key while {doing} (status {status}). {cure}.")
    return ProviderGaveUp(f"Batch API: {status} while {doing}. What was sent and received is kept; run again.")


def _state(batch: Any) -> State:
    counts, errors = batch.request_counts, (batch.errors.data if batch.errors else None) or ()
    return State(
        batch.id,
        batch.status,
        batch.input_file_id,
        batch.output_file_id,
        batch.error_file_id,
        counts.completed if counts else 0,
        counts.total if counts else 0,
        tuple(sorted({error.code for error in errors if error.code and CODE.fullmatch(error.code)})),
    )
