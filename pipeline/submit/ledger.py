"""What was sent where: `jobs.json` beside the training file. It holds no text of the dataset and no key.

Every step is written down before the next is taken: an upload when it is there, a job before it is asked for. A run that
was cut off therefore goes on, and nothing is uploaded or paid for twice.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from filelock import FileLock, Timeout
from pydantic import Field, ValidationError

from pipeline.core.described import described
from pipeline.core.errors import Busy, DiskError, TunesetError
from pipeline.core.money import Usd
from pipeline.core.target import Settings
from pipeline.submit.order import Order
from pipeline.submit.platform import ENDED, Job

FILE: Final = "jobs.json"
SENDING: Final = ".jobs.lock"
"""Held for as long as files go up."""
WRITING: Final = ".jobs.json.lock"
"""Held for one change of the file: who watches a job writes too."""
WRITING_SECONDS: Final = 10


class Upload(Settings):
    """One file of examples at one platform."""

    platform: str
    address: str
    """Where it went, without user and password."""
    name: str
    sha256: str
    bytes: int
    examples: int
    id: str
    """At the platform."""


class Estimate(Settings):
    """What was said before it was paid."""

    tokens: int
    """Of one pass, cut at the window."""
    padded_tokens: int
    """The same if batches are padded and padding is billed."""
    epochs_low: int
    epochs_high: int
    low_usd: Usd | None
    high_usd: Usd | None
    validation_tokens: int = 0
    """Of one pass over the validation file, where the platform bills that or may bill it."""


class Sent(Settings):
    """One order and what became of it."""

    platform: str
    address: str
    """Where it went, without user and password."""
    target: str
    model: str
    """The model that it starts from."""
    method: Literal["sft", "dpo", "rft"]
    training: str
    """SHA-256 of the file."""
    validation: str | None = None
    dataset: str | None = None
    """The version that the files are of, as `tuneset versions` lists them; None: they are no published dataset's."""
    suffix: str | None = None
    epochs: int | None = None
    seed: int | None = None
    settings: dict[str, object] = Field(default_factory=dict)
    attempt: int = 1
    tag: str
    """Name of the order: equal files, model and settings have the same."""
    submitted: str
    """Time in UTC, as versions are named."""
    estimate: Estimate | None = None
    job: str | None = None
    """None: it was asked for and the answer is not here; the next run looks for it."""
    status: Literal["checking", "queued", "running", "succeeded", "failed", "cancelled"] | None = None
    """When it was last looked at; None: never."""
    tuned: str | None = None
    """The tuned model."""
    trained_tokens: int | None = None
    """Tokens billed, by the platform's count."""
    trained_epochs: int | None = None
    failure: str | None = None
    """The platform's code for why it failed."""

    @property
    def is_over(self) -> bool:
        """Say whether nothing more will happen to the job, as it was last seen."""
        return self.status in ENDED

    def seen(self, job: Job) -> "Sent":
        """Give the record with what the platform says now."""
        news = {
            "job": job.id,
            "status": job.status,
            "tuned": job.model,
            "trained_tokens": job.trained_tokens,
            "trained_epochs": job.epochs,
            "failure": job.failure.code if job.failure else None,
        }
        return self.model_copy(update=news)


class Ledger(Settings):
    """The whole of `jobs.json`."""

    version: Literal[1] = 1
    uploads: tuple[Upload, ...] = ()
    """The oldest first."""
    jobs: tuple[Sent, ...] = ()
    """The oldest first."""

    def of(self, order: Order) -> Sent | None:
        """Give the record of an order; None: it was never sent from here."""
        return next((sent for sent in self.jobs if sent.tag == order.tag), None)

    def named(self, name: str) -> Sent | None:
        """Give the newest record whose job or tuned model is called so."""
        return next((sent for sent in reversed(self.jobs) if name in (sent.job, sent.tuned)), None)

    def upload(self, sha256: str, *, platform: str, address: str) -> Upload | None:
        """Give the newest upload of a content to a platform; None: it never went there from here."""
        asked = (platform, address, sha256)
        return next((up for up in reversed(self.uploads) if (up.platform, up.address, up.sha256) == asked), None)

    def uploads_of(self, sent: Sent) -> tuple[Upload, ...]:
        """Give the uploads of a job's files that are still there."""
        place = (sent.platform, sent.address)
        files = (sent.training, sent.validation)
        return tuple(up for up in self.uploads if (up.platform, up.address) == place and up.sha256 in files)

    def without_upload(self, upload: Upload) -> "Ledger":
        """Give the ledger without an upload."""
        return self.model_copy(update={"uploads": tuple(up for up in self.uploads if up != upload)})

    def with_upload(self, upload: Upload) -> "Ledger":
        """Give the ledger with one more upload."""
        return self.model_copy(update={"uploads": (*self.uploads, upload)})

    def with_job(self, sent: Sent) -> "Ledger":
        """Give the ledger with a record in the place of the one of the same order, or at the end."""
        if any(one.tag == sent.tag for one in self.jobs):
            return self.model_copy(update={"jobs": tuple(sent if one.tag == sent.tag else one for one in self.jobs)})
        return self.model_copy(update={"jobs": (*self.jobs, sent)})

    def without(self, sent: Sent) -> "Ledger":
        """Give the ledger without the record of an order."""
        return self.model_copy(update={"jobs": tuple(one for one in self.jobs if one.tag != sent.tag)})


class Book:
    """The ledger on disk of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE

    def read(self) -> Ledger:
        """Give what is written; an empty ledger where there is none. TunesetError where it cannot be read."""
        try:
            return Ledger.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return Ledger()
        except (OSError, ValidationError) as error:
            raise TunesetError(
                f"{self.path}: cannot be read as a ledger of jobs. Move it away: jobs that run are found again by their "
                "files, and everything else in it is lost to tuneset only."
            ) from error

    def change(self, how: Callable[[Ledger], Ledger]) -> None:
        """Write down what becomes of the ledger, whole or not at all; what another run writes meanwhile is not lost."""
        try:
            with FileLock(self.folder / WRITING, timeout=WRITING_SECONDS):
                before = self.read()
                if (after := how(before)) != before:
                    self._write(after)
        except Timeout:
            raise Busy(f"{self.path}: another run has been writing for {WRITING_SECONDS} s. Run it again.") from None
        except TunesetError:
            raise
        except OSError as error:
            raise DiskError(
                f"{self.path}: cannot be written ({error.strerror}). Make room or give the right to write; nothing more is sent."
            ) from error

    def note(self, sent: Sent) -> Sent:
        """Write down one record."""
        self.change(lambda ledger: ledger.with_job(sent))
        return sent

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other run from sending from this folder; raises Busy where one is at it."""
        lock = FileLock(self.folder / SENDING, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise Busy(f"{self.folder}: another run is sending a job from here. Wait until it has ended.") from None
        except OSError as error:
            raise DiskError(
                f"{self.folder}: cannot be written ({error.strerror}), and jobs are written down there."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _write(self, ledger: Ledger) -> None:
        draft = self.path.with_name(f".{FILE}.new")
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(ledger.model_dump(mode="json")), indent=2) + b"\n")
        draft.replace(self.path)


def ledger_schema() -> dict[str, Any]:
    """Give the JSON Schema of a ledger, as `schemas/jobs.schema.json` holds it."""
    schema = described(Ledger).model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "tuneset jobs.json"}
