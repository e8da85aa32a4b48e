"""OpenAI's fine-tuning protocol, wherever it is spoken.

`FineTuningJob`, `FineTuningJobEvent` and `FileObject` of openai 3.54 are the source of every field that is read here.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pipeline.core.example import Json
from pipeline.core.target import Target
from pipeline.submit.door import Door
from pipeline.submit.order import Order
from pipeline.submit.platform import Access, Answer, Event, Failure, FileState, Job, Status

ADDRESS: Final = "https://api.openai.com/v1"
TAG: Final = "tuneset"
"""Name under which a job's metadata holds the name of its order."""
LISTED: Final = 200
"""Newest jobs of the account that are searched for an order."""
EVENTS: Final = 1_000
"""Events of a job that are read: a step each, then checkpoints and checks."""
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
        return str(self._door.told(f"uploading {path.name}", lambda: self._uploaded(path)))

    def _uploaded(self, path: Path) -> str | None:
        if path.stat().st_size > self._whole_bytes:
            whole = self._door.client.uploads.upload_file_chunked(
                file=path, mime_type="text/jsonl", purpose="fine-tune"
            )
            return whole.file.id if whole.file else None
        with path.open("rb") as file:
            made: str = self._door.client.files.create(file=(path.name, file), purpose="fine-tune").id
            return made

    def file(self, file_id: str) -> FileState | None:
        """Say whether a file can be used."""
        found = self._door.known("looking at a file", lambda: self._door.client.files.retrieve(file_id))
        if found is None:
            return None
        if found.status == "error":
            return FileState("refused", found.status_details or "")
        # `processed` is all that was ever promised, and other words (Azure's `pending`, `running`) come before it
        return FileState("ready" if found.status == "processed" else "waiting")

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
        create = self._door.once.fine_tuning.jobs.create
        return _job(self._door.told("creating the job", lambda: create(**asked, extra_body=beside), is_once=True))

    def find(self, order: Order, *, training: str, validation: str | None) -> Sequence[Job]:
        """Give the jobs with the order's tag; with its model and files where the platform keeps no metadata."""
        newest = self._door.told(
            "listing jobs", lambda: list(islice(self._door.client.fine_tuning.jobs.list(limit=100), LISTED))
        )
        files = (order.model, training, validation)

        def is_of_it(job: Any) -> bool:
            tag = (job.metadata or {}).get(TAG)
            return bool(
                tag == order.tag or (tag is None and (job.model, job.training_file, job.validation_file) == files)
            )

        return [_job(job) for job in newest if is_of_it(job)]

    def look(self, job_id: str) -> Job | None:
        """Give a job as it is now."""
        found = self._door.known("looking at a job", lambda: self._door.client.fine_tuning.jobs.retrieve(job_id))
        return None if found is None else _job(found)

    def events(self, job_id: str) -> Sequence[Event]:
        """Give the newest events, the oldest of them first."""

        def work() -> list[Any]:
            return list(islice(self._door.client.fine_tuning.jobs.list_events(job_id, limit=100), EVENTS))

        return sorted(_events(self._door.told("asking for events", work)), key=lambda event: event.at)

    def cancel(self, job_id: str) -> Job:
        """Stop a job."""
        return _job(self._door.told("cancelling the job", lambda: self._door.client.fine_tuning.jobs.cancel(job_id)))

    def ask(self, model: str, turns: Sequence[Mapping[str, Json]], *, max_tokens: int) -> Answer:
        """Give the model's answer."""
        body = {"messages": [dict(turn) for turn in turns], "max_completion_tokens": max_tokens, "temperature": 0}
        create = self._door.client.chat.completions.create
        said = self._door.told(f"asking {model}", lambda: create(model=model, messages=[], extra_body=body))
        choice = said.choices[0] if said.choices else None
        usage = said.usage
        return Answer(
            (choice.message.content if choice else None) or "",
            is_cut=bool(choice and choice.finish_reason == "length"),
            input_tokens=usage.prompt_tokens if usage else None,
            output_tokens=usage.completion_tokens if usage else None,
        )

    def close(self) -> None:
        """Close the connections."""
        self._door.close()


def _job(job: Any) -> Job:
    epochs = getattr(job.hyperparameters, "n_epochs", None)
    return Job(
        id=job.id,
        status=STATES.get(job.status, "running"),
        said=str(job.status),
        base=job.model,
        model=job.fine_tuned_model,
        trained_tokens=job.trained_tokens,
        epochs=epochs if isinstance(epochs, int) else None,
        created=job.created_at,
        finished=job.finished_at,
        estimated_finish=job.estimated_finish,
        failure=_failure(job.error),
    )


def _failure(error: Any) -> Failure | None:
    """Give the error of a job; an empty one (all fields null) stands in jobs that did not fail."""
    if error is None or not (error.code or error.message):
        return None
    where = {"training_file": "training", "validation_file": "validation"}.get(error.param or "")
    return Failure(error.code or "", error.message or "", where)  # type: ignore[arg-type]  # both values are its words


def _events(events: Sequence[Any]) -> Iterator[Event]:
    for event in events:
        level = {"warn": "warning", "error": "error"}.get(event.level, "info")
        yield Event(event.id, event.created_at, level, event.message, event.type or "")  # type: ignore[arg-type]  # the mapping's words
