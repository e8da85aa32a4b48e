"""Fireworks AI: datasets, supervised and DPO jobs by its gateway, chat completions at its inference address.

Paths, bodies and words are those of docs.fireworks.ai/api-reference (Gateway REST API 4.259.0) and of
fw-ai-external/python-sdk 8399c12 (2026-07-21); the order of steps is docs.fireworks.ai/fine-tuning/fine-tuning-via-api.
A dataset and a job are named here: by the hash of the file, and by the order. So a file is never sent twice, and an order
never starts twice. Ids have 1 to 63 of a-z, 0-9 and hyphens (getting-started/concepts), and start with a letter
(tensorzero issue 2153: "first character of id must not be a digit").

Not verified, for want of an account: `:cancel` of these two kinds of jobs. The reference has it for reinforcement jobs and
firectl for these; their paths stand in copies of the gateway's own specification (api-evangelist/fireworks-ai 3a0ecd4
names Gateway_CancelDpoJob). The platform tells no events, and no number of billed tokens.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pipeline.core.errors import ProviderGaveUp, TunesetError
from pipeline.core.example import Json
from pipeline.submit.chat import answer_of
from pipeline.submit.door import Door
from pipeline.submit.fields import inner, seconds, text, whole
from pipeline.submit.fireworks_datasets import Datasets
from pipeline.submit.fireworks_request import TITLE, Start, job_id, refusal, request
from pipeline.submit.order import Order
from pipeline.submit.platform import Access, Answer, Event, Failure, FileState, Job, Kind, Status

ADDRESS: Final = "https://api.fireworks.ai"
ACCOUNT: Final = "FIREWORKS_ACCOUNT_ID"
COLLECTIONS: Final = {"sft": "supervisedFineTuningJobs", "dpo": "dpoJobs"}
IDS: Final = {"sft": "supervisedFineTuningJobId", "dpo": "dpoJobId"}
"""Query parameters that name a new job."""
STATES: Final[Mapping[str, Status]] = {
    "JOB_STATE_UNSPECIFIED": "queued",
    "JOB_STATE_CREATING": "queued",
    "JOB_STATE_PENDING": "queued",
    "JOB_STATE_RE_QUEUEING": "queued",
    "JOB_STATE_IDLE": "queued",
    "JOB_STATE_PAUSED": "queued",
    "JOB_STATE_VALIDATING": "checking",
    "JOB_STATE_CREATING_INPUT_DATASET": "checking",
    "JOB_STATE_RUNNING": "running",
    "JOB_STATE_ROLLOUT": "running",
    "JOB_STATE_EVALUATION": "running",
    "JOB_STATE_WRITING_RESULTS": "running",
    "JOB_STATE_CANCELLING": "running",
    "JOB_STATE_COMPLETED": "succeeded",
    "JOB_STATE_EARLY_STOPPED": "succeeded",
    "JOB_STATE_FAILED": "failed",
    "JOB_STATE_EXPIRED": "failed",
    "JOB_STATE_CANCELLED": "cancelled",
    "JOB_STATE_DELETING": "cancelled",
    "JOB_STATE_DELETING_CLEANING_UP": "cancelled",
    "JOB_STATE_DELETED": "cancelled",
}
"""A word that is not here counts as running, and is shown as it came. DELETED is in cookbook 76821fa only."""


class Fireworks:
    """An open account."""

    def __init__(self, access: Access) -> None:
        """Open it; the address may end as the platform's own packages have it: in nothing, `/v1` or `/inference/v1`."""
        root = (access.address or ADDRESS).strip().rstrip("/").removesuffix("/v1").removesuffix("/inference")
        self._account = f"accounts/{_account(access.more.get(ACCOUNT, ''))}"
        self._door, self._inference = (
            Door(title=KIND.title, key=access.key, address=f"{root}{end}", variables=(KIND.key, KIND.address))
            for end in ("/v1", "/inference/v1")
        )
        self._datasets = Datasets(self._door, self._account)

    @property
    def address(self) -> str:
        """Where requests go, but for the questions to a model."""
        return self._door.address

    def upload(self, path: Path) -> str:
        """Upload a file, unless it is there: equal files have one id."""
        return self._datasets.upload(path)

    def file(self, file_id: str) -> FileState | None:
        """Say whether a file can be used."""
        return self._datasets.state(file_id)

    def remove(self, file_id: str) -> bool:
        """Delete a file."""
        return self._datasets.remove(file_id)

    def start(self, order: Order, *, training: str, validation: str | None) -> Job:
        """Create the job, once; one of its name that is there already is the answer."""
        doing, at = "creating the job", f"/{self._account}/{COLLECTIONS[order.method]}"
        body = self._asked(order, training, validation)
        try:
            made = self._door.post(f"{at}?{IDS[order.method]}={job_id(order)}", body, doing=doing, is_once=True)
        except ProviderGaveUp:
            raise
        except TunesetError:
            # a name that is taken is refused (409), and so is much else
            there = self.find(order, training=training, validation=validation)
            if not there:
                raise
            return there[0]
        return self._job(made, doing=doing, is_once=True)

    def find(self, order: Order, *, training: str, validation: str | None) -> Sequence[Job]:  # noqa: ARG002 - the contract's names; the job's id says all of it
        """Give the job of the order's name: there is one, or none."""
        found = self._door.get(f"/{self._account}/{COLLECTIONS[order.method]}/{job_id(order)}")
        return [] if found is None else [self._job(found, doing="looking for the job")]

    def look(self, job_id: str) -> Job | None:
        """Give a job as it is now."""
        found = self._where(job_id)
        return None if found is None else self._job(found[1], doing="looking at a job")

    def events(self, job_id: str) -> Sequence[Event]:  # noqa: ARG002 - the contract's name
        """Give nothing: the platform tells no events."""
        return ()

    def cancel(self, job_id: str) -> Job:
        """Stop a job."""
        found = self._where(job_id)
        if found is None:
            raise TunesetError(f"{KIND.title} knows no job {job_id} in {self._account}.")
        path, before = found
        self._door.post(f"{path}:cancel", doing="cancelling the job")
        return self.look(job_id) or self._job(before, doing="cancelling the job")

    def ask(self, model: str, turns: Sequence[Mapping[str, Json]], *, max_tokens: int) -> Answer:
        """Give the model's answer."""
        return answer_of(self._inference, model, turns, limit={"max_tokens": max_tokens})

    def close(self) -> None:
        """Close the connections."""
        self._door.close()
        self._inference.close()

    def _where(self, job_id: str) -> tuple[str, dict[str, Any]] | None:
        """Give a job's path and the job; an id does not tell its kind, so both are asked for it."""
        name = quote(job_id.rpartition("/")[2], safe="")
        for collection in COLLECTIONS.values():
            path = f"/{self._account}/{collection}/{name}"
            if (found := self._door.get(path)) is not None:
                return path, found
        return None

    def _asked(self, order: Order, training: str, validation: str | None) -> dict[str, Json]:
        datasets = f"{self._account}/datasets"
        start = Start(
            self._start_of(order.model), f"{datasets}/{training}", f"{datasets}/{validation}" if validation else None
        )
        return request(order, start, account=self._account)

    def _start_of(self, model: str) -> str:
        """Give the field for the model to start from: an adapter, which only the account's own may be, has one of its own."""
        if not model.startswith(f"{self._account}/models/"):
            return "baseModel"
        found = self._door.get(f"/{quote(model)}") or {}
        return "warmStartFrom" if (text(found, "kind") or "").endswith("_ADDON") else "baseModel"

    def _job(self, job: Mapping[str, Any], *, doing: str, is_once: bool = False) -> Job:
        name, said = text(job, "name"), text(job, "state") or ""
        if name is None:
            raise self._door.lacking("name", doing=doing, is_once=is_once)
        last, status = name.rpartition("/")[2], STATES.get(said, "running")
        config = inner(job, "trainingConfig") or job
        # without a name of its own the model has the job's
        model = text(config, "outputModel") or last
        reason = inner(job, "status")
        return Job(
            id=last,
            status=status,
            said=said,
            base=text(config, "baseModel") or text(config, "warmStartFrom") or "",
            model=(model if "/" in model else f"{self._account}/models/{model}") if status == "succeeded" else None,
            epochs=whole(config, "epochs"),
            created=seconds(job, "createTime"),
            finished=seconds(job, "completedTime"),
            # a job that went well may have a message too
            failure=Failure(text(reason, "code") or said, text(reason, "message") or "")
            if status == "failed"
            else None,
        )


def _account(given: str) -> str:
    """Give the account's id; it is not quoted where it is none, because it may be a key."""
    account = given.strip().removeprefix("accounts/")
    if re.fullmatch(r"[a-z0-9-]{1,63}", account):
        return account
    raise TunesetError(f"{ACCOUNT}: empty, or not an account's id (a-z, 0-9, hyphens). `firectl whoami` tells it.")


KIND = Kind(
    name="fireworks",
    title=TITLE,
    key="FIREWORKS_API_KEY",
    address="FIREWORKS_BASE_URL",
    open=Fireworks,
    model_of=lambda _: None,
    methods=frozenset({"sft", "dpo"}),
    variables=(ACCOUNT,),
    refuses=refusal,
    hint="Deploy the tuned model first (`firectl deployment create MODEL`), and ask it by the deployment's name: "
    "`tuneset ask --model accounts/ACCOUNT/deployments/ID`. A deployment is paid for as long as it is up.",
)
