"""The report as values: what was read, what became of it, what it weighs, what it costs. No clock, host or text of the data."""

from typing import Any, Final, Literal, Self

from pydantic import Field, NonNegativeInt, model_validator

from pipeline.core.described import described
from pipeline.core.target import Settings
from pipeline.report.cost import Cost
from pipeline.report.counts import Tokens
from pipeline.report.drift import DriftFacts
from pipeline.report.portrait import Portrait

Severity = Literal["info", "warning", "error"]
FIRST_PLACES: Final = 3
"""Places shown for each code: enough to see a pattern; findings.jsonl has all of them."""
WHOLE: Final = "dataset"
"""Name of a finding that is about no single row."""
NO_GUARANTEE: Final = (
    "A clean result does not guarantee acceptance: the platform screens every file again, by rules it does not publish."
)


class TargetFacts(Settings):
    """Where the model will be tuned, and how its tokens were counted."""

    id: str
    title: str
    method: str
    encoding: str
    """tiktoken encoding in which every token of this report was counted."""
    formula: str
    """What is added to the content's tokens, in words."""
    is_estimate: bool = False
    """Whether the model has another tokeniser, so that every count is an estimate."""
    max_tokens: int | None = None
    """Tokens of one example above which the platform cuts the end; None: not documented."""


class Fates(Settings):
    """Rows by what became of them; the four add up to the rows read."""

    kept: NonNegativeInt = 0
    rejected: NonNegativeInt = 0
    duplicate: NonNegativeInt = 0
    held: NonNegativeInt = 0

    @property
    def total(self) -> int:
        """Rows of all four fates."""
        return self.kept + self.rejected + self.duplicate + self.held


class ReadAs(Settings):
    """Files of one source that were read alike."""

    format: str
    encoding: str | None = None
    delimiter: str | None = None
    files: int
    first: str
    """Path of the first of them, relative to the plan."""


class SourceFacts(Settings):
    """One source of the plan: its files, how they were read, and what became of their rows."""

    name: str
    files: int
    bytes: int
    sha256: str
    """Of the only file, or of the sorted lines `sha256  path` of several."""
    read_as: tuple[ReadAs, ...] = ()
    rows: int
    fates: Fates


class SideFacts(Settings):
    """One of the two training files."""

    examples: int = 0
    tokens: int | None = None
    """As billed for one epoch, before any cut; None: not counted."""
    trained_tokens: int | None = None
    """What the loss sees: assistant turns of weight 1."""


class Sides(Settings):
    """How the kept examples were divided."""

    train: SideFacts = SideFacts()
    validation: SideFacts = SideFacts()
    asked_share: float | None = None
    """Share of validation that the plan asks for."""
    share: float | None = None
    """Share of validation that came out; None: nothing was kept."""

    def files(self) -> tuple[tuple[str, SideFacts], ...]:
        """Give both sides by the name of their file."""
        return ("train.jsonl", self.train), ("validation.jsonl", self.validation)


class Place(Settings):
    """Where a finding stands."""

    name: str
    where: str = ""
    message: str


class CodeFacts(Settings):
    """All findings of one code."""

    code: str
    severity: Severity
    count: int
    rows: int
    """Rows that have at least one; 0: it concerns the whole dataset."""
    first: tuple[Place, ...] = ()
    reason: str = ""
    """Why it matters, and the cure."""


class Pair(Settings):
    """A duplicate, the row it repeats, and how alike they are (1: the same words)."""

    name: str
    twin: str
    likeness: float


class TwinGroup(Settings):
    """The row that speaks for a group of duplicates, and the group's size."""

    spokesman: str
    rows: int


class DuplicateFacts(Settings):
    """Rows that say what another row says."""

    exact_groups: int = 0
    near_groups: int = 0
    rows: int = 0
    """Rows that repeat another one."""
    largest: tuple[TwinGroup, ...] = ()
    least_alike: tuple[Pair, ...] = ()
    """Pairs of the lowest likeness first: look here to judge the threshold."""


class ConflictFacts(Settings):
    """Prompts that have several different answers; they are kept, never split between the sides."""

    prompts: int = 0
    examples: int = 0
    first: tuple[tuple[str, ...], ...] = ()
    """Names of the rows of the first such prompts."""


class Stratum(Settings):
    """Kept examples of one label or source."""

    name: str
    train: int
    validation: int


class ModerationFacts(Settings):
    """What was screened, by whom, and what that does not say."""

    state: Literal["not asked", "verified", "screened", "held", "partly"] = "not asked"
    """held: a backend could not answer for some rows. partly: some rows were not asked, or by different means."""
    backends: tuple[str, ...] = ()
    verified: int = 0
    screened: int = 0
    """Looked at by the offline screen, which is weak: they count as not verified."""
    held: int = 0
    not_asked: int = 0
    flagged: int = 0
    """By the Moderation API; the offline screen flags nothing."""
    categories: dict[str, int] = Field(default_factory=dict)
    """Category → examples it flags; one example may be flagged by several."""
    to_review: int = 0
    """Examples that the offline screen would have a person read."""
    suspected: dict[str, int] = Field(default_factory=dict)
    """Category of the offline screen → such examples."""
    not_covered: tuple[str, ...] = ()
    """What no backend looked at: one sentence each."""
    guarantee: str = NO_GUARANTEE

    @property
    def words(self) -> str:
        """The state for people: what was done, and never more than it tells."""
        by = f" by {', '.join(self.backends)}" if self.backends else ""
        if self.state == "held":
            return f"held{by}: not every example was answered for, so nothing is clean"
        if self.state == "verified":
            return f"verified{by}"
        if self.screened and not self.verified:
            return f"{'partly ' * (self.state == 'partly')}screened offline (weak){by}, not verified"
        return f"partly verified{by}" if self.verified else "not asked"

    @property
    def outcome(self) -> str:
        """What came of it; empty where nobody was asked."""
        told = []
        if self.verified or self.held:
            told.append(f"{self.flagged:,} flagged")
        if self.screened:
            told.append(f"{self.to_review:,} to review")
        return ", ".join(told)


class ExpectationFacts(Settings):
    """One line of the suite and whether the dataset meets it."""

    expectation: str
    """Great Expectations' name of it."""
    table: Literal["examples", "dataset", "drift"]
    column: str | None = None
    severity: Severity
    passed: bool | None
    """None: it could not be judged."""
    sentence: str
    why: str = ""


class FileFacts(Settings):
    """A file that was written; `lines` is None where lines mean nothing."""

    name: str
    bytes: int
    sha256: str
    lines: int | None = None


class Report(Settings):
    """The whole of report.json. The same input, plan and version give the same bytes."""

    tuneset: str
    """Version that wrote it."""
    name: str
    """The dataset's name in the plan."""
    plan_sha256: str
    target: TargetFacts
    rows_read: NonNegativeInt
    fates: Fates
    sides: Sides
    tokens: Tokens
    cost: Cost | None = None
    """None: not asked for."""
    findings: tuple[CodeFacts, ...] = ()
    """About rows: errors first, then by count."""
    dataset_findings: tuple[CodeFacts, ...] = ()
    """About the dataset as a whole."""
    expectations: tuple[ExpectationFacts, ...] | None = None
    """None: the gate is switched off."""
    drift: DriftFacts | None = None
    """None: there is no accepted version to compare with, or drift is switched off."""
    portrait: Portrait | None = None
    """What later builds are compared with."""
    duplicates: DuplicateFacts = DuplicateFacts()
    conflicts: ConflictFacts = ConflictFacts()
    mended: dict[str, int] = Field(default_factory=dict)
    """Repair → rows in which it changed something."""
    strata: tuple[Stratum, ...] = ()
    """Labels (or sources) of the kept examples, the largest first."""
    moderation: ModerationFacts = ModerationFacts()
    sources: tuple[SourceFacts, ...] = ()
    files: tuple[FileFacts, ...] = ()
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _every_row_has_a_fate(self) -> Self:
        if self.fates.total != self.rows_read:
            raise ValueError(f"{self.rows_read:,} rows were read, but their fates add up to {self.fates.total:,}")
        return self

    @property
    def codes(self) -> tuple[CodeFacts, ...]:
        """All findings by code, the gravest first; those about the dataset stand before those about rows."""
        order = ("error", "warning", "info")
        return tuple(sorted((*self.dataset_findings, *self.findings), key=lambda code: order.index(code.severity)))

    @property
    def written(self) -> tuple[FileFacts, ...]:
        """The files, those that train and validate first."""
        first = [name for name, _ in self.sides.files()]
        return tuple(sorted(self.files, key=lambda f: (first.index(f.name) if f.name in first else len(first), f.name)))

    def with_(self, **changes: Any) -> "Report":
        """Give the report with these fields replaced, validated again."""
        return Report.model_validate({**dict(self), **changes})


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of report.json, as `schemas/report.schema.json` holds it."""
    schema = described(Report).model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "tuneset report"}
