"""OpenAI's fine-tuning protocol, wherever it is spoken.

`FineTuningJob`, `FineTuningJobEvent` and `FileObject` of openai 3.54 are the source of every field that is read here.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

from pipeline.core.example import Json
from pipeline.core.target import Target
from pipeline.submit.chat import answer_of
from pipeline.submit.door import Door, values_of
from pipeline.submit.fields import inner, text, whole
from pipeline.submit.order import Order
from pipeline.submit.platform import Access, Answer, Event, Failure, FileState, Job, Status

TAG: Final = "tuneset"
"""Name under which a job's metadata holds the name of its order."""
LISTED: Final = 200
"""Newest jobs of the account that are searched for an order."""
EVENTS: Final = 200
"""Newest events of a job that are read at a look: two pages; a step of the training is one."""
TUNED_BY: Final = {"n_epochs", "batch_size", "learning_rate_multiplier", "beta"}
"""Settings that stand among the method's hyperparameters; every other one stands beside `model` in the request."""
METHODS: Final = {"sft": "supervised", "dpo": "dpo"}
STATES: Final[Mapping[str, Status]] = {
    "validating_files": "checking",
    "pending": "queued",
    "queued": "queued",
    "running": "running",
    "pausing": "running",
    "paused": "queued",
    "resuming": "running",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
}
"""Azure says `pending`, and both pause; a word that is not here counts as running, and is shown as it came."""


WHERE: Final[Mapping[str, Literal["training", "validation"]]] = {
    "training_file": "training",
    "validation_file": "validation",
}
LEVELS: Final[Mapping[str, Literal["warning", "error"]]] = {"warn": "warning", "error": "error"}
SUFFIX_LETTERS: Final = 64
"""Of a tuned model's name (job_create_params.py)."""


def refusal(order: Order) -> str | None:
    """Say why an order cannot be sent; None: it can."""
    if order.suffix and len(order.suffix) > SUFFIX_LETTERS:
        return f"The suffix has {len(order.suffix)} characters. Give 1 to {SUFFIX_LETTERS}."
    return None


def model_of(target: Target) -> str | None:
    """Give the dated name, which training needs; the model's own where the target has none."""
    return next(iter(target.aliases), target.model)


class OpenAIJobs:
    """An open account that speaks the protocol."""

    def __init__(
        self, *, title: str, access: Access, address: str, variables: tuple[str, str], whole_bytes: int
    ) -> None:
        """Open it; files over `whole_bytes` go up in parts."""
        self._door = Door(title=title, key=access.key, address=address, variables=variables)
        self._whole_bytes = whole_bytes

    @property
    def address(self) -> str:
        """Where requests go."""
        return self._door.address

    def upload(self, path: Path) -> str:
        """Upload a file, in parts where it is large."""
        doing = f"uploading {path.name}"
        file_id = text(values_of(self._door.told(doing, lambda: self._uploaded(path))), "id")
        if file_id is None:
            raise self._door.lacking("id", doing=doing)
        return file_id

    def _uploaded(self, path: Path) -> object:
        if path.stat().st_size > self._whole_bytes:
            whole = self._door.client.uploads.upload_file_chunked(
                file=path, mime_type="text/jsonl", purpose="fine-tune"
            )
            return inner(values_of(whole), "file")
        with path.open("rb") as file:
            return self._door.client.files.create(file=(path.name, file), purpose="fine-tune")

    def file(self, file_id: str) -> FileState | None:
        """Say whether a file can be used."""
        found = self._door.known("looking at a file", lambda: self._door.client.files.retrieve(file_id))
        if found is None:
            return None
        told = values_of(found)
        if text(told, "status") == "error":
            return FileState("refused", text(told, "status_details") or "")
        # `processed` is all that was ever promised, and other words (Azure's `pending`, `running`) come before it
        return FileState("ready" if text(told, "status") == "processed" else "waiting")

    def remove(self, file_id: str) -> bool:
        """Delete a file."""
        gone = self._door.known("deleting a file", lambda: self._door.client.files.delete(file_id))
        return gone is not None

    def start(self, order: Order, *, training: str, validation: str | None) -> Job:
        """Create the job, once."""
        kind = METHODS[order.method]
        settings: dict[str, Json] = {**order.settings, **({"n_epochs": order.epochs} if order.epochs else {})}
        tuned_by = {name: value for name, value in settings.items() if name in TUNED_BY}
        asked: dict[str, Any] = {
            "model": order.model,
            "training_file": training,
            "method": {"type": kind, kind: {"hyperparameters": tuned_by}} if tuned_by else {"type": kind},
            "metadata": {TAG: order.tag},
            **({"validation_file": validation} if validation else {}),
            **({"suffix": order.suffix} if order.suffix else {}),
            **({"seed": order.seed} if order.seed is not None else {}),
        }
        beside = {name: value for name, value in settings.items() if name not in TUNED_BY}
        doing, create = "creating the job", self._door.once.fine_tuning.jobs.create
        made = self._door.told(doing, lambda: create(**asked, extra_body=beside), is_once=True)
        return self._job(made, doing=doing, is_once=True)

    def find(self, order: Order, *, training: str, validation: str | None) -> Sequence[Job]:
        """Give the jobs with the order's tag; with its model and files where the platform keeps no metadata."""
        doing, listed = "listing jobs", self._door.client.fine_tuning.jobs.list
        newest = self._door.told(doing, lambda: list(islice(listed(limit=100), LISTED)))
        files = (order.model, training, validation)

        def is_of_it(job: dict[str, Any]) -> bool:
            tag = text(inner(job, "metadata"), TAG)
            named = tuple(text(job, name) for name in ("model", "training_file", "validation_file"))
            return tag == order.tag or (tag is None and named == files)

        return [self._job(job, doing=doing) for job in newest if is_of_it(values_of(job))]

    def look(self, job_id: str) -> Job | None:
        """Give a job as it is now."""
        doing = "looking at a job"
        found = self._door.known(doing, lambda: self._door.client.fine_tuning.jobs.retrieve(job_id))
        return None if found is None else self._job(found, doing=doing)

    def events(self, job_id: str) -> Sequence[Event]:
        """Give the newest events, the oldest of them first."""
        listed = self._door.client.fine_tuning.jobs.list_events
        newest = self._door.told("asking for events", lambda: list(islice(listed(job_id, limit=100), EVENTS)))
        # they come newest first, and several may have one time
        return sorted((_event(values_of(event)) for event in reversed(newest)), key=lambda event: event.at)

    def cancel(self, job_id: str) -> Job:
        """Stop a job."""
        doing = "cancelling the job"
        return self._job(self._door.told(doing, lambda: self._door.client.fine_tuning.jobs.cancel(job_id)), doing=doing)

    def ask(self, model: str, turns: Sequence[Mapping[str, Json]], *, max_tokens: int) -> Answer:
        """Give the model's answer."""
        return answer_of(self._door, model, turns, limit={"max_completion_tokens": max_tokens})

    def close(self) -> None:
        """Close the connections."""
        self._door.close()

    def _job(self, told: object, *, doing: str, is_once: bool = False) -> Job:
        job = values_of(told)
        job_id, said = text(job, "id"), text(job, "status") or ""
        if job_id is None:
            raise self._door.lacking("id", doing=doing, is_once=is_once)
        return Job(
            id=job_id,
            status=STATES.get(said, "running"),
            said=said,
            base=text(job, "model") or "",
            model=text(job, "fine_tuned_model"),
            trained_tokens=whole(job, "trained_tokens"),
            epochs=_epochs(job),
            created=whole(job, "created_at"),
            finished=whole(job, "finished_at"),
            estimated_finish=whole(job, "estimated_finish"),
            failure=_failure(inner(job, "error")),
        )


def _epochs(job: Mapping[str, Any]) -> int | None:
    """Give the passes: of supervised jobs they stand in the job, of all in its method."""
    method = inner(job, "method")
    settings = inner(inner(method, text(method, "type") or ""), "hyperparameters")
    return whole(inner(job, "hyperparameters"), "n_epochs") or whole(settings, "n_epochs")


def _failure(error: Mapping[str, Any]) -> Failure | None:
    """Give the error of a job; one without words stands in jobs that did not fail."""
    code, message = text(error, "code") or "", text(error, "message") or ""
    where = WHERE.get(text(error, "param") or "")
    return Failure(code, message, where) if code or message else None


def _event(event: Mapping[str, Any]) -> Event:
    return Event(
        id=text(event, "id") or "",
        at=whole(event, "created_at") or 0,
        level=LEVELS.get(text(event, "level") or "", "info"),
        message=text(event, "message") or "",
        kind=text(event, "type") or "",
    )
