"""Where and when a build runs: what comes from outside, handed in by the command line or a test."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pipeline.core.progress import Progress
from pipeline.core.watch import Watch
from pipeline.engines.local import Local
from pipeline.plan import Plan
from pipeline.report.gate_process import GateProcess


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where and when a build runs: everything that is no part of plan or data."""

    root: Path
    """Folder of the plan; every path of the plan is relative to it."""
    today: date
    stamp: str
    """Name of the version that is published."""
    cache: Path
    """Folder of what is kept between runs: answers of the Moderation API."""
    remembered: Path | None = None
    """Folder where what was worked out of the rows is kept between runs. None: each run begins anew."""
    vocabularies: tuple[str, ...] = ()
    """Folders in which unpacked token vocabularies may lie, the last to be written to."""
    engine: Local
    batch_rows: int = 2_000
    """Rows that travel together: enough to spread the cost of a batch, few enough to hold some in memory."""
    api_key: str | None = None
    base_url: str | None = None
    salt: str | None = field(default=None, repr=False)
    """Secret from which fakes of private data are derived; written nowhere."""
    wait_seconds: float = 0.0
    """How long to wait for another run that builds the same dataset."""
    accepted_by: str | None = None
    """Who lets the build pass even if it drifted; None: nobody does."""
    progress: Progress
    folder: Path | None = None
    """Where the dataset's folder lies; None: where the plan says, below the root."""
    watch: Watch = field(default_factory=Watch)
    """Where workers write down what their work costs; nowhere unless a profile is asked for."""

    gate: GateProcess | None = None
    """The process that will hold the dataset against expectations, where it has begun already."""

    def dataset(self, plan: Plan) -> Path:
        """Give the dataset's folder."""
        return self.folder or self.root / plan.write.folder
