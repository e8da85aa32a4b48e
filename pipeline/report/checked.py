"""What a check found, as values: the summary that is written as JSON, and the findings that go with it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from pydantic import Field, NonNegativeInt

from pipeline.core.finding import Finding, Severity
from pipeline.core.target import Settings

if TYPE_CHECKING:
    from pipeline.report.cost import TargetCost

Verdict = Literal["clean", "notes", "warnings", "errors"]
Level = Literal["info", "warning", "error"]
FORMAT_VERSION: Final = 1


class CheckedFile(Settings):
    """One file that was checked."""

    name: str
    """As it was given; `<stdin>` for standard input."""
    side: Literal["train", "validation"]
    form: str
    """What it was recognised as: `messages`, `preference`, `a JSON array`, ..."""
    bytes: NonNegativeInt
    lines: NonNegativeInt
    examples: NonNegativeInt
    """Lines that were judged as examples; 0 for a file of another shape."""


class CheckedTokens(Settings):
    """Tokens of all examples of one side or of all, in the target's encoding."""

    encoding: str
    is_estimate: bool
    """Whether the model has another tokeniser, so that every count is an estimate."""
    total: NonNegativeInt
    trained: NonNegativeInt
    """What the loss sees: assistant turns of weight 1."""
    longest: NonNegativeInt
    """Tokens of the longest example."""
    limit: int | None = None
    """Tokens of one example above which the platform cuts; None: not documented."""
    over_limit: NonNegativeInt = 0
    """Examples longer than the limit."""
    billable: NonNegativeInt = 0
    """Tokens of one epoch of the training files when every example is cut at the limit."""


class CheckedCost(Settings):
    """What one training run costs at the target's dated price; None: not documented, so not estimated."""

    epochs: str | None = None
    """Passes over the data: one number, or the ends of an interval."""
    usd: str | None = None
    """US dollars: one amount, or the ends of an interval."""
    as_of: str | None = None
    """When the price was read."""


class CheckedModeration(Settings):
    """What the offline screen looked at; a check never asks the Moderation API, so nothing here is verified."""

    state: Literal["screened offline, not verified"] = "screened offline, not verified"
    backend: str
    screened: NonNegativeInt
    not_screened: NonNegativeInt
    """Examples without English text."""
    to_review: NonNegativeInt
    """Examples that a person should read: `moderation.screened`."""


class CodeCount(Settings):
    """How often one code was found."""

    code: str
    severity: Level
    count: NonNegativeInt


class FindingLine(Settings):
    """One flaw at one place; it never quotes the data."""

    name: str
    """`file:line` of the row, or the name of the dataset or file for a finding about the whole."""
    code: str
    severity: Level
    where: str
    """JSON pointer into the line; empty for the whole row."""
    message: str


class CheckSummary(Settings):
    """Everything about a check but its single findings."""

    version: Literal[1] = 1
    """Of this format; it grows when a key changes its meaning."""
    target: str
    """`platform/model` that the files were held against."""
    method: Literal["sft", "dpo", "rft"]
    verdict: Verdict
    """The gravest finding: errors, warnings, notes (info), or clean when there is none."""
    files: tuple[CheckedFile, ...] = ()
    examples: NonNegativeInt = 0
    clean_examples: NonNegativeInt = 0
    """Examples without an error or a warning of their own."""
    tokens: CheckedTokens | None = None
    """None: not counted."""
    cost: CheckedCost | None = None
    """None: nothing was counted, so nothing is estimated."""
    counts: tuple[CodeCount, ...] = ()
    """Every code that was found, the gravest and most frequent first; complete even where `findings` is not."""
    findings_left_out: NonNegativeInt = 0
    """Findings counted above but not listed, because there are too many of their code."""
    findings_hidden: NonNegativeInt = 0
    """Old findings that the baseline hides; counted nowhere else."""
    moderation: CheckedModeration | None = None
    """None: nobody looked."""
    not_asked: tuple[str, ...] = ()
    """What was not looked at, such as moderation: a clean verdict says nothing about it."""


class CheckReport(CheckSummary):
    """What `tuneset check --format json` prints."""

    findings: tuple[FindingLine, ...] = Field(default=())
    """In the order of the files and lines, those about the whole first."""


class Checked(NamedTuple):
    """The result of a check."""

    summary: CheckSummary
    findings: tuple[Finding, ...]
    """Those about the whole first, then by file and line; at most so many of one code as was asked for."""
    keys: frozenset[int] = frozenset()
    """What each of these findings is known by in a baseline."""
    priced: "TargetCost | None" = None
    """The price in numbers; None: not estimated."""

    @property
    def verdict(self) -> Verdict:
        """The gravest finding, or clean."""
        return self.summary.verdict

    @property
    def examples(self) -> int:
        """Examples that were judged."""
        return self.summary.examples

    @property
    def tokens(self) -> CheckedTokens | None:
        """Token counts; None: not counted."""
        return self.summary.tokens

    @property
    def cost(self) -> CheckedCost | None:
        """The price of one training run; None: not estimated."""
        return self.summary.cost

    @property
    def counts(self) -> dict[str, int]:
        """Code → how often it was found, listed or not."""
        return {one.code: one.count for one in self.summary.counts}

    @property
    def is_clean(self) -> bool:
        """Say whether there is no error and no warning."""
        return self.verdict in ("clean", "notes")

    def reaches(self, severity: Severity) -> bool:
        """Say whether anything of this severity or a graver one was found."""
        return any(Severity.named(one.severity) >= severity and one.count for one in self.summary.counts)


def verdict_of(severities: Iterable[Severity]) -> Verdict:
    """Give the verdict for the severities that were found."""
    names: dict[int, Verdict] = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.INFO: "notes"}
    return names[max(severities)] if (severities := list(severities)) else "clean"
