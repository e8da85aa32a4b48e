"""Text for people: findings grouped by code, each with its place, then a summary one can act on."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from pipeline.core.finding import Finding, Severity
from pipeline.core.wording import counted
from pipeline.report.checked import Checked, CheckSummary
from pipeline.report.findings.face import Face, Show

COLOURS: Final = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
NAMES: Final = {"error": "error", "warning": "warning", "info": "note"}


def write(checked: Checked, show: Show) -> Iterator[str]:
    """Give the findings, the gravest and most frequent code first, then the summary."""
    counts = checked.counts
    order = {one.code: index for index, one in enumerate(checked.summary.counts)}
    ordered = sorted(checked.findings, key=lambda one: order[one.code])
    for code, group in groupby(ordered, key=lambda one: one.code):
        found = list(group)
        shown = found if show.places is None else found[: show.places]
        yield from (_line(finding, show) for finding in shown)
        if counts[code] > len(shown):
            yield _styled(
                f"    ... and {counts[code] - len(shown):,} more {code} ({_more(found, counts[code])})\n", "2", show
            )
    if checked.findings:
        yield "\n"
    yield from _summary(checked.summary, show)


def _more(found: list[Finding], count: int) -> str:
    return "--all shows them" if count >= len(found) else "counted only"


def _line(finding: Finding, show: Show) -> str:
    code = _styled(finding.code, COLOURS[finding.severity], show)
    place = f"  {finding.where}" if finding.where else ""
    line = f"{_styled(finding.name, '1', show)}  {code}{place}  {finding.message}\n"
    excerpt = show.excerpts.get(finding)
    return line if excerpt is None else f"{line}    {excerpt}\n"


def _summary(summary: CheckSummary, show: Show) -> Iterator[str]:
    yield _verdict(summary, show)
    tokens = summary.tokens
    if tokens:
        about = "about " if tokens.is_estimate else ""
        over = (
            f"; {tokens.over_limit:,} over the limit of {tokens.limit:,}" if tokens.limit and tokens.over_limit else ""
        )
        yield f"  {about}{tokens.total:,} tokens in {tokens.encoding}, {tokens.trained:,} of them trained{over}\n"
    if summary.cost and summary.cost.usd:
        epochs = f" for {summary.cost.epochs} epoch{'s' * (summary.cost.epochs != '1')}" if summary.cost.epochs else ""
        as_of = f", price of {summary.cost.as_of}" if summary.cost.as_of else ""
        yield f"  costs {summary.cost.usd}{epochs} on {summary.target}{as_of}\n"
    if summary.findings_hidden:
        yield f"  {summary.findings_hidden:,} old findings hidden by the baseline\n"
    if seen := summary.moderation:
        told = f"{seen.to_review:,} of {counted(seen.screened, 'example')} to review"
        yield f"  moderation: screened offline (weak) by {seen.backend}, not verified; {told}\n"
    if summary.not_asked:
        yield f"  not asked: {', '.join(summary.not_asked)}\n"
    yield from _next_steps(summary)


def _verdict(summary: CheckSummary, show: Show) -> str:
    by_level = {level: sum(one.count for one in summary.counts if one.severity == level) for level in NAMES}
    told = [counted(count, NAMES[level]) for level, count in by_level.items() if count]
    colour = {"errors": "31", "warnings": "33"}.get(summary.verdict, "32")
    where = f"{counted(summary.examples, 'example')} in {counted(len(summary.files), 'file')}"
    head = f"{where} for {summary.target} ({summary.method}): "
    return head + _styled(", ".join(told) or "clean", colour, show) + "\n"


def _next_steps(summary: CheckSummary) -> Iterator[str]:
    codes = [one.code for one in summary.counts if one.severity != "info"]
    if codes:
        yield f"  tuneset explain {' '.join(codes[:3])}\n"


def _styled(text: str, code: str, show: Show) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if show.colour else text


FACE = Face("text", write)
