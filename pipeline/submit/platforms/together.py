"""Together AI: files, fine-tuning jobs and chat completions, by its REST API.

Paths, bodies and words are those of togethercomputer/openapi openapi.yaml 090263a (2026-04-28). The state of a file
(`processing_status`, `validation_report`) is younger than that copy: docs.together.ai/reference/get-files-id. `user_error`
is in togethercomputer/together-py src/together/lib/types/fine_tuning.py 0e8099f. That the packages upload through a signed
address of a storage host (together-python filemanager.py eba5e5f, 2025-12-23) is their affair: `POST /files/upload` takes
the file itself, so the key has no reason to go anywhere else.

Not verified, for want of a copy that says it: how large a file `POST /files/upload` takes (a file may have 100 GB), that
an unknown job is answered with 404 (said of `cancel` only), and that the listing of jobs is whole (it has no pages).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pipeline.core.errors import TunesetError
from pipeline.core.example import Json
from pipeline.submit.chat import answer_of
from pipeline.submit.door import Door
from pipeline.submit.fields import inner, rows, seconds, text, whole
from pipeline.submit.order import TAG_LETTERS, Order
from pipeline.submit.platform import Access, Answer, Event, Failure, FileState, Job, Kind, Status

ADDRESS: Final = "https://api.together.ai/v1"
"""The documented one since openapi 090263a, and the default of together-py (src/together/_client.py 00ee2f3); it was api.together.xyz."""
SUFFIX_LETTERS: Final = 40 - TAG_LETTERS - 1
""""up to 40 character suffix for output model name" (together-python types/finetune.py eba5e5f), less the order's name."""
LORA: Final = {"lora_r", "lora_alpha", "lora_dropout", "lora_trainable_modules"}
"""Settings that stand in `training_type`, which is then a LoRA's; without them the platform chooses one, which is LoRA too."""
METHOD: Final = {
    "train_on_inputs",
    "dpo_beta",
    "rpo_alpha",
    "simpo_gamma",
    "dpo_normalize_logratios_by_length",
    "dpo_reference_free",
}
"""Settings that stand in `training_method`; every other one stands beside `model` in the request."""
STATES: Final[Mapping[str, Status]] = {
    "pending": "queued",
    "queued": "queued",
    "running": "running",
    "compressing": "running",
    "uploading": "running",
    "cancel_requested": "running",
    "cancelled": "cancelled",
    "error": "failed",
    "user_error": "failed",
    "completed": "succeeded",
}
"""A word that is not here counts as running, and is shown as it came."""


class Together:
    """An open account."""

    def __init__(self, access: Access) -> None:
        """Open it."""
        self._door = Door(
            title=KIND.title,
            key=access.key,
            address=access.address or ADDRESS,
            variables=(KIND.key, KIND.address),
        )

    @property
    def address(self) -> str:
        """Where requests go."""
        return self._door.address

    def upload(self, path: Path) -> str:
        """Upload a file; sending it again is harmless ("Uploads are idempotent", together-py cli/api/fine_tuning/create.py)."""
        fields = {"purpose": "fine-tune", "file_name": path.name, "file_type": "jsonl"}
        made = text(self._door.send_file("/files/upload", path, fields), "id")
        if made is None:
            raise self._door.lacking("id", doing=f"uploading {path.name}")
        return made

    def file(self, file_id: str) -> FileState | None:
        """Say whether a file can be used; `Processed` says it where there is no state of the check."""
        found = self._door.get(f"/files/{quote(file_id, safe='')}")
        if found is None:
            return None
        state = text(found, "processing_status")
        if state in ("FAILED", "INVALID_FORMAT"):
            return FileState("refused", text(inner(found, "validation_report"), "error") or state)
        is_ready = state == "COMPLETED" if state else found.get("Processed") is True
        return FileState("ready" if is_ready else "waiting")

    def remove(self, file_id: str) -> bool:
        """Delete a file."""
        return self._door.delete(f"/files/{quote(file_id, safe='')}")

    def start(self, order: Order, *, training: str, validation: str | None) -> Job:
        """Create the job, once."""
        doing = "creating the job"
        return self._job(
            self._door.post("/fine-tunes", _asked(order, training, validation), doing=doing, is_once=True),
            doing=doing,
            is_once=True,
        )

    def find(self, order: Order, *, training: str, validation: str | None) -> Sequence[Job]:  # noqa: ARG002 - the contract's names; the tag says all of it
        """Give the jobs with the order's name, which ends the suffix of their models' names."""
        listed = self._door.get("/fine-tunes") or {}
        jobs = [
            self._job(job, doing="listing jobs")
            for job in rows(listed, "data")
            if any(order.tag in (text(job, name) or "") for name in ("suffix", "model_output_name"))
        ]
        return sorted(jobs, key=lambda job: job.created or 0, reverse=True)

    def look(self, job_id: str) -> Job | None:
        """Give a job as it is now."""
        found = self._door.get(f"/fine-tunes/{quote(job_id, safe='')}")
        if found is None:
            return None
        job = self._job(found, doing="looking at a job")
        return job._replace(failure=self._failure(job)) if job.status == "failed" else job

    def events(self, job_id: str) -> Sequence[Event]:
        """Give what happened so far, the oldest first."""
        told = self._door.get(f"/fine-tunes/{quote(job_id, safe='')}/events") or {}
        return sorted(map(_event, rows(told, "data")), key=lambda event: event.at)

    def cancel(self, job_id: str) -> Job:
        """Stop a job; steps that were done are billed (docs.together.ai/docs/fine-tuning/pricing)."""
        doing = "cancelling the job"
        return self._job(self._door.post(f"/fine-tunes/{quote(job_id, safe='')}/cancel", doing=doing), doing=doing)

    def ask(self, model: str, turns: Sequence[Mapping[str, Json]], *, max_tokens: int) -> Answer:
        """Give the model's answer."""
        return answer_of(self._door, model, turns, limit={"max_tokens": max_tokens})

    def close(self) -> None:
        """Close the connections."""
        self._door.close()

    def _failure(self, job: Job) -> Failure:
        """Give the last error that the job told: the job itself has no field for it."""
        errors = [event for event in self.events(job.id) if event.level == "error"]
        return Failure(job.said, errors[-1].message if errors else "")

    def _job(self, job: Mapping[str, Any], *, doing: str, is_once: bool = False) -> Job:
        """Give a job.

        `token_count` is taken for the tokens billed: "Count of tokens processed" (openapi), which the price is made of, and
        "the final token count and price are recorded once tokenization completes" (docs/fine-tuning/pricing); an old
        package calls it the "dataset token count". `updated_at` of a job that is over is when it came to be so.
        """
        job_id, said = text(job, "id"), text(job, "status") or ""
        if job_id is None:
            raise self._door.lacking("id", doing=doing, is_once=is_once)
        status = STATES.get(said, "running")
        return Job(
            id=job_id,
            status=status,
            said=said,
            base=text(job, "model") or "",
            # the name is known from the start, the model only at the end
            model=text(job, "model_output_name") if status == "succeeded" else None,
            trained_tokens=whole(job, "token_count"),
            epochs=whole(job, "n_epochs"),
            created=seconds(job, "created_at"),
            finished=seconds(job, "updated_at") if status in ("succeeded", "failed", "cancelled") else None,
        )


def _asked(order: Order, training: str, validation: str | None) -> dict[str, Json]:
    """Give the request. `n_evals` is 0 unless it is set, and then a validation file is not used: one evaluation a pass."""
    if (why := _refusal(order)) is not None:
        raise TunesetError(why)
    lora = {name: value for name, value in order.settings.items() if name in LORA}
    method = {name: value for name, value in order.settings.items() if name in METHOD}
    beside = {name: value for name, value in order.settings.items() if name not in LORA | METHOD}
    default = {"train_on_inputs": "auto"} if order.method == "sft" else {}
    return {
        "training_method": {"method": order.method, **default, **method},
        **({"training_type": {"type": "Lora", **lora}} if lora else {}),
        **({"n_evals": order.epochs or 1} if validation else {}),
        **beside,
        **({"n_epochs": order.epochs} if order.epochs else {}),
        **({"random_seed": order.seed} if order.seed is not None else {}),
        **({"validation_file": validation} if validation else {}),
        "model": order.model,
        "training_file": training,
        "suffix": f"{order.suffix}-{order.tag}" if order.suffix else order.tag,
    }


def _refusal(order: Order) -> str | None:
    if order.suffix and len(order.suffix) > SUFFIX_LETTERS:
        return f"The suffix has {len(order.suffix)} characters; {KIND.title} has room for {SUFFIX_LETTERS}."
    return None


def _event(event: Mapping[str, Any]) -> Event:
    """Give an event; its levels come as `error`, `Error` and `legacy_ierror`, and an error may be one by its type alone."""
    kind, level = (text(event, "type") or "").lower(), (text(event, "level") or "").lower()
    words = (text(event, "created_at"), kind, text(event, "hash"))
    return Event(
        id="-".join(word for word in words if word),
        at=seconds(event, "created_at") or 0,
        level="error" if "error" in level or kind.endswith("_error") else "warning" if "warn" in level else "info",
        message=text(event, "message") or kind,
    )


KIND = Kind(
    name="together",
    title="Together AI",
    key="TOGETHER_API_KEY",
    address="TOGETHER_BASE_URL",
    open=Together,
    model_of=lambda _: None,
    methods=frozenset({"sft", "dpo"}),
    refuses=_refusal,
    hint="Serve the tuned model on a dedicated endpoint first (`tg endpoints create`, or api.together.ai/models), and ask it "
    "by the endpoint's name: `tuneset ask --model ENDPOINT`. An endpoint is paid by the minute, idle or not.",
)
