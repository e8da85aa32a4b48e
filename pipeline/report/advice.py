"""What the numbers mean for the reader: may this be trained on, and what to do next."""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from pipeline.report.figures import plural
from pipeline.report.model import CodeFacts, ExpectationFacts, Report

State = Literal["ready", "look", "stop"]

TITLES: Final[dict[State, str]] = {
    "ready": "Ready to train on",
    "look": "Ready, with something to look at",
    "stop": "Not ready to train on",
}


DRIFTED: Final = "Drifted from the accepted version"


class Verdict(NamedTuple):
    """May this dataset be trained on: a state, its title, and what came out in one sentence."""

    state: State
    title: str
    sentence: str


def verdict(report: Report) -> Verdict:
    """Judge the dataset by its gate, its findings as a whole and its held rows; rejected rows alone stop nothing."""
    state: State = "ready"
    if any(_warnings(report)) or report.fates.held or report.moderation.state == "held":
        state = "look"
    if any(_stoppers(report)) or not report.fates.kept:
        state = "stop"
    title = DRIFTED if report.drift and report.drift.missed else TITLES[state]
    return Verdict(state, title, outcome(report))


def outcome(report: Report) -> str:
    """Say how many rows became examples, and on which side they are."""
    kept, sides = report.fates.kept, report.sides
    if not kept:
        return f"None of {plural(report.rows_read, 'row')} became an example."
    train, validation = f"{sides.train.examples:,} to train on", f"{sides.validation.examples:,} to validate with"
    return f"{kept:,} of {plural(report.rows_read, 'row')} became examples: {train}, {validation}."


def next_steps(report: Report) -> tuple[str, ...]:
    """Say what to do, the most pressing first; there is always one line."""
    steps = (*_stoppers(report), *_warnings(report), *_rows(report), *_screening(report), *_closing(report))
    return tuple(dict.fromkeys(steps)) or (
        "Nothing stands in the way: train.jsonl and validation.jsonl can be uploaded.",
    )


def not_met(report: Report, severity: str) -> tuple[ExpectationFacts, ...]:
    """Give the expectations of one severity that the dataset does not meet."""
    return tuple(e for e in report.expectations or () if e.passed is False and e.severity == severity)


def _stoppers(report: Report) -> Iterator[str]:
    if report.drift and report.drift.missed:
        first, *more = report.drift.sentences
        rest = f" {plural(len(more), 'more figure is', 'more figures are')} out of bounds." if more else ""
        yield (
            f"{first}{rest} Compare with `tuneset diff accepted held`; "
            "if this is what you want, `tuneset accept` publishes it."
        )
    yield from (f"{e.sentence} {e.why}".strip() for e in not_met(report, "error"))
    yield from (_dataset(code) for code in report.dataset_findings if code.severity == "error" and not code.rows)


def _warnings(report: Report) -> Iterator[str]:
    if report.cost is not None and not report.cost.chosen.can_train:
        chosen = report.cost.chosen
        yield f"No job can be created at `{chosen.target}` ({chosen.lifetime}). Choose another: `tuneset targets`."
    yield from (f"{e.sentence} {e.why}".strip() for e in not_met(report, "warning"))
    yield from (_dataset(code) for code in report.dataset_findings if code.severity == "warning" and not code.rows)


def _dataset(code: CodeFacts) -> str:
    return f"{code.first[0].message} Read on with `tuneset explain {code.code}`."


def _rows(report: Report) -> Iterator[str]:
    """Say what to do about rows that did not ship, and about prompts with several answers."""
    errors = [code for code in report.findings if code.severity == "error"]
    if report.fates.rejected and errors:
        yield (
            f"{plural(report.fates.rejected, 'row')} {_was(report.fates.rejected)} rejected, most often for "
            f"`{errors[0].code}`. See rejected.jsonl, and `tuneset explain {errors[0].code}`."
        )
    if report.fates.held and not any(e.passed is False and e.column == "share_held" for e in report.expectations or ()):
        yield f"{plural(report.fates.held, 'row')} {_was(report.fates.held)} held because a check could not answer. Run again to ask it again."
    if report.conflicts.prompts:
        yield (
            f"{plural(report.conflicts.prompts, 'prompt has', 'prompts have')} several answers. "
            "They are kept; make sure that none of the answers is wrong."
        )


def _closing(report: Report) -> Iterator[str]:
    if report.cost is not None and report.cost.chosen.state == "closing" and report.cost.chosen.can_train:
        yield f"Mind the dates of `{report.cost.chosen.target}`: {report.cost.chosen.lifetime}."


def _screening(report: Report) -> Iterator[str]:
    if report.moderation.state == "not asked":
        yield "Moderation was not asked. Set OPENAI_API_KEY and run again before you upload."
    elif report.moderation.screened:
        found = report.moderation.to_review
        read = f" Read the {plural(found, 'example')} of `moderation.screened`;" if found else ""
        yield (
            f"Moderation is not verified: only a weak offline screen looked.{read} "
            "set OPENAI_API_KEY and run again before you upload."
        ).replace("looked. set", "looked. Set")


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
