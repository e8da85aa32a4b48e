"""An account in memory that does what `Platform` says, and loses answers where it is told to."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.core.errors import ProviderGaveUp
from pipeline.core.example import Json
from pipeline.submit import Answer, Event, FileState, Job, Order


class Account:
    """Each call that is listed in `lost` breaks once: before it is done, or after."""

    address = "https://tuner.example/v1"

    def __init__(self, lost: Sequence[tuple[str, bool]] = (), *, ends: str = "succeeded") -> None:
        self.lost = list(lost)
        self.ends = ends
        self.files: dict[str, bytes] = {}
        self.jobs: dict[str, tuple[Job, str]] = {}
        """Job and the tag of its order."""
        self.said: list[Event] = []

    def _break(self, call: str, *, is_done: bool) -> None:
        if (call, is_done) in self.lost:
            self.lost.remove((call, is_done))
            raise ProviderGaveUp(f"lost while {call}")

    def upload(self, path: Path) -> str:
        self._break("upload", is_done=False)
        name = f"file-{len(self.files)}"
        self.files[name] = path.read_bytes()
        self._break("upload", is_done=True)
        return name

    def file(self, file_id: str) -> FileState | None:
        self._break("file", is_done=False)
        return FileState("ready") if file_id in self.files else None

    def remove(self, file_id: str) -> bool:
        return self.files.pop(file_id, None) is not None

    def start(self, order: Order, *, training: str, validation: str | None) -> Job:
        assert training in self.files
        assert validation is None or validation in self.files
        self._break("start", is_done=False)
        job = Job(f"job-{len(self.jobs)}", "queued", "queued", order.model)
        self.jobs[job.id] = job, order.tag
        self._break("start", is_done=True)
        return job

    def find(self, order: Order, *, training: str, validation: str | None) -> Sequence[Job]:
        self._break("find", is_done=False)
        return [job for job, tag in reversed(self.jobs.values()) if tag == order.tag]

    def look(self, job_id: str) -> Job | None:
        self._break("look", is_done=False)
        return self.jobs[job_id][0] if job_id in self.jobs else None

    def events(self, job_id: str) -> Sequence[Event]:
        self._break("events", is_done=False)
        return self.said

    def cancel(self, job_id: str) -> Job:
        return self.end(job_id, "cancelled")

    def end(self, job_id: str, status: str) -> Job:
        """Let a job end."""
        job, tag = self.jobs[job_id]
        self.jobs[job_id] = (
            job._replace(status=status, said=status, model="tuned" * (status == "succeeded") or None),
            tag,
        )
        return self.jobs[job_id][0]

    def ask(self, model: str, turns: Sequence[Mapping[str, Json]], *, max_tokens: int) -> Answer:
        return Answer(f"{model}: {turns[-1]['content']}")

    def close(self) -> None:
        """Nothing is open."""
