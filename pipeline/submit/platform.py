"""What tuneset asks of a place that tunes models; one file under `platforms/` for each, found by name.

A platform gives values and raises TunesetError (the key is not taken, the account may not, the order is refused) or
ProviderGaveUp (no whole answer after its retries; run again). No error and no value holds the key.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from pipeline.core.example import Json, Method
from pipeline.core.target import Target
from pipeline.submit.order import Order

Status: TypeAlias = Literal["checking", "queued", "running", "succeeded", "failed", "cancelled"]
"""checking: the platform reads the files."""
ENDED_BADLY: Final = ("failed", "cancelled")
ENDED: Final = ("succeeded", *ENDED_BADLY)
"""States that do not change any more."""


class Failure(NamedTuple):
    """Why a job failed, as the platform says."""

    code: str
    message: str
    """Whole, as it came: it may quote the data, and is shown with control characters taken out."""
    where: Literal["training", "validation"] | None = None
    """The file that it is about."""


class Job(NamedTuple):
    """A job as the platform tells it now."""

    id: str
    status: Status
    said: str
    """The status in the platform's own word."""
    base: str
    """The model that it starts from."""
    model: str | None = None
    """The tuned model, by the name under which it is asked; None: there is none yet."""
    trained_tokens: int | None = None
    """Tokens billed; None: not told, or not yet."""
    epochs: int | None = None
    """Passes that the platform chose; None: not told."""
    created: int | None = None
    """Seconds since 1970."""
    finished: int | None = None
    estimated_finish: int | None = None
    failure: Failure | None = None

    @property
    def is_over(self) -> bool:
        """Say whether nothing more will happen to it."""
        return self.status in ENDED


class Event(NamedTuple):
    """Something that happened to a job."""

    id: str
    at: int
    """Seconds since 1970."""
    level: Literal["info", "warning", "error"]
    message: str
    kind: str = ""
    """The platform's word for what it is about, such as `moderation_checks`; empty: it has none."""


class FileState(NamedTuple):
    """A file as the platform tells it."""

    state: Literal["waiting", "ready", "refused"]
    reason: str = ""
    """Why it was refused."""


class Answer(NamedTuple):
    """What a model said."""

    text: str
    is_cut: bool = False
    """Whether it stopped at the limit of tokens."""
    input_tokens: int | None = None
    output_tokens: int | None = None


class Access(NamedTuple):
    """What a platform is opened with; from the environment, by the names that its `Kind` gives."""

    key: str
    address: str | None = None
    """Another address that speaks its protocol; None: its own."""
    more: Mapping[str, str] = MappingProxyType({})
    """Values of `Kind.variables`, by name."""


class Platform(Protocol):
    """An open connection to one account. Its repr does not hold the key."""

    @property
    def address(self) -> str:
        """Where requests go, without a user or password."""
        ...

    def upload(self, path: Path) -> str:
        """Upload a file of examples; give its id."""
        ...

    def file(self, file_id: str) -> FileState | None:
        """Say whether a file can be used; None: the platform does not know it, for instance with another account's key."""
        ...

    def remove(self, file_id: str) -> bool:
        """Delete an uploaded file; False: the platform does not know it."""
        ...

    def start(self, order: Order, *, training: str, validation: str | None) -> Job:
        """Create the job, once: it is never asked for twice, because a job costs money. The files are ids."""
        ...

    def find(self, order: Order, *, training: str, validation: str | None) -> Sequence[Job]:
        """Give the jobs that may have been created for this order, the newest first: the answer to `start` can be lost.

        Where the platform keeps no mark of ours on a job, those with the same model and files.
        """
        ...

    def look(self, job_id: str) -> Job | None:
        """Give a job as it is now; None: the platform does not know it."""
        ...

    def events(self, job_id: str) -> Sequence[Event]:
        """Give what happened so far, the oldest first; empty where the platform tells nothing."""
        ...

    def cancel(self, job_id: str) -> Job:
        """Stop a job; what it has trained so far may be billed."""
        ...

    def ask(self, model: str, turns: Sequence[Mapping[str, Json]], *, max_tokens: int) -> Answer:
        """Give a model's answer to a conversation, at temperature 0."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Kind(NamedTuple):
    """One platform: how it is reached, and what it takes."""

    name: str
    """As in the ids of targets: `together` of `together/up-to-9b`."""
    title: str
    key: str
    """Environment variable with the key."""
    address: str
    """Environment variable with another address."""
    open: Callable[[Access], Platform]
    model_of: Callable[[Target], str | None]
    """The model that a target's id means, as the platform calls it; None: the target stands for many, `--model` says which."""
    methods: frozenset[Method]
    variables: tuple[str, ...] = ()
    """More environment variables without which it cannot be opened."""
    refuses: Callable[[Order], str | None] = lambda _: None
    """Why an order cannot be sent there, as a sentence with its cure; asked before anything is uploaded."""
    hint: str = ""
    """What to do with a tuned model before it answers, where it does not at once: one sentence."""
