"""What came out of a review: one result for each example and rubric, and the counts that tell the states apart."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from pydantic import Field

from pipeline.core.finding import Finding, Severity
from pipeline.core.target import Settings
from pipeline.review.agreement import Agreement
from pipeline.review.rubric import CANNOT_TELL, Rubric
from pipeline.review.verdict import Verdict

State: TypeAlias = Literal["passed", "failed", "not-applicable", "held", "not-asked"]
"""`held`: the reviewer failed, not the example; never counted as passed. `not-asked`: nothing is known."""

FORMAT_VERSION: Final = 1


class Result(NamedTuple):
    """One example by one rubric."""

    name: str
    digest: str
    """SHA-256 of the line's payload, shortened as everywhere; hexadecimal."""
    rubric: str
    state: State
    label: str | None = None
    why: str | None = None
    """Why it is held or was not asked."""
    reason: str | None = None
    """The reviewer's own words. They may quote the example: written beside the data, never printed."""
    severity: Severity | None = None
    """Of the finding, where it failed."""
    model: str | None = None

    def line(self) -> dict[str, object]:
        """Give the result as a line of review.jsonl."""
        told = {**self._asdict(), "severity": str(self.severity) if self.severity else None}
        return {name: value for name, value in told.items() if value is not None}


def judged(name: str, digest: bytes, rubric: Rubric, verdict: Verdict) -> Result:
    """Give the result of a verdict."""
    told = Result(name, digest.hex(), rubric.name, "held", verdict.label, None, verdict.reason, None, verdict.model)
    step = rubric.step(verdict.label)
    if verdict.label == CANNOT_TELL or step is None:
        return told._replace(why="the reviewer could not tell")
    if step.fails:
        return told._replace(state="failed", severity=rubric.severity_of(step))
    if verdict.addressed:
        return told._replace(why="the example addresses its reviewer")
    return told._replace(state="passed" if step.applies else "not-applicable")


class RubricCount(Settings):
    """One rubric's results, all states told apart."""

    rubric: str
    passed: int = 0
    failed: int = 0
    not_applicable: int = 0
    held: int = 0
    not_asked: int = 0
    labels: dict[str, int] = Field(default_factory=dict)
    """Label → examples, most first."""
    held_because: dict[str, int] = Field(default_factory=dict)
    not_asked_because: dict[str, int] = Field(default_factory=dict)


class Cost(Settings):
    """Money in US dollars as text, exact."""

    expected_usd: str
    """Before: the questions that the cache could not answer, with answers of ordinary length."""
    most_usd: str
    """Before: the same with the most tokens that their bytes and answers can have."""
    budget_usd: str | None
    spent_usd: str
    """After: by the usage that the provider told; includes `unsure_usd`."""
    unsure_usd: str
    """Sent, and no usage came back: counted at its highest price."""
    set_aside_usd: str
    """For batches that are open: what they can cost at most. The budget covers it."""
    input_tokens: int
    output_tokens: int


class Review(Settings):
    """One run of the reviewer."""

    format_version: int = FORMAT_VERSION
    tuneset: str
    model: str
    backend: str
    """Who judged: `openai/MODEL`, with the host where it is not OpenAI's."""
    files: tuple[str, ...]
    examples: int = 0
    """In the files, each line counted."""
    unreadable: int = 0
    """Lines that are no JSON object: `tuneset check` tells why."""
    chosen: int = 0
    """Examples that were to be reviewed: the sample, all, or those with a person's label."""
    rubrics: tuple[RubricCount, ...]
    asked: int
    """Questions answered in this run."""
    from_cache: int
    """Questions that needed no request: answered before, or the same example twice."""
    requests: int
    """Sent in this run, whatever became of them."""
    cost: Cost
    agreement: tuple[Agreement, ...] = ()
    unfinished: str | None = None
    """Why questions are left that another run would ask; None: the review is whole."""
    output: str | None = None
    """Where the results lie."""


def counts(results: Iterable[Result], rubrics: Iterable[Rubric]) -> tuple[RubricCount, ...]:
    """Count results by rubric and state."""
    by_rubric: dict[str, list[Result]] = {rubric.name: [] for rubric in rubrics}
    for result in results:
        by_rubric[result.rubric].append(result)
    return tuple(_count(name, some) for name, some in by_rubric.items())


def _count(name: str, some: list[Result]) -> RubricCount:
    states = Counter(result.state.replace("-", "_") for result in some)
    return RubricCount(
        rubric=name,
        **states,
        labels=_ranked(Counter(result.label for result in some if result.label)),
        held_because=_ranked(Counter(result.why for result in some if result.state == "held" and result.why)),
        not_asked_because=_ranked(Counter(result.why for result in some if result.state == "not-asked" and result.why)),
    )


def _ranked(counter: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def findings(results: Iterable[Result]) -> list[Finding]:
    """Give the findings, gravest first: place, code and label, never the reason, which may quote the data."""
    found = [
        Finding(one.name, f"review.{one.rubric}", one.severity, "", f"The reviewer's verdict is {one.label}.")
        for one in results
        if one.state == "failed" and one.severity
    ]
    return sorted(found, key=lambda one: -one.severity)
