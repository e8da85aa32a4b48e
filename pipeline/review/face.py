"""A review as lines for people: counts and places, money before and after; never a word of the data."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from pipeline.core.finding import Finding
from pipeline.core.money import show_usd
from pipeline.review.agreement import FEW, Agreement
from pipeline.review.result import Review, RubricCount

SHOWN: Final = 20
"""Findings listed; all are counted, and stand in review.jsonl."""


def text(review: Review, findings: Sequence[Finding], *, shown: int | None = SHOWN) -> str:
    """Give the review as plain text."""
    return "\n".join([*_lines(review, findings, shown)])


def _lines(review: Review, findings: Sequence[Finding], shown: int | None) -> Iterator[str]:
    yield from (str(one) for one in findings[:shown])
    if len(findings) > len(findings[:shown]):
        yield f"... and {len(findings) - len(findings[:shown]):,} more."
    yield ""
    yield f"Reviewed by {review.backend}: {review.chosen:,} of {review.examples:,} examples."
    if review.unreadable:
        yield f"{review.unreadable:,} lines are no JSON object and were not reviewed; `tuneset check` says why."
    yield from (line for count in review.rubrics for line in _count(count))
    yield _money(review)
    yield from (_agreement(one) for one in review.agreement)
    if review.output:
        yield f"Verdicts with their reasons, which may quote the data: {review.output}"
    if review.unfinished:
        yield f"Not finished. {review.unfinished}"
    else:
        yield "A model's opinion: it routes examples to a person, and guarantees no platform's acceptance."


def _count(count: RubricCount) -> Iterator[str]:
    states = {
        "failed": count.failed,
        "held": count.held,
        "not asked": count.not_asked,
        "not applicable": count.not_applicable,
    }
    others = "".join(f", {number:,} {name}" for name, number in states.items() if number)
    labels = ", ".join(f"{label} {number:,}" for label, number in count.labels.items())
    yield f"  {count.rubric:<12} {count.passed:,} passed{others}{f'  ({labels})' if labels else ''}"
    for name, reasons in (("held", count.held_because), ("not asked", count.not_asked_because)):
        yield from (f"  {'':<12} {number:,} {name}: {why}" for why, number in reasons.items())


def _money(review: Review) -> str:
    cost = review.cost
    unsure, aside = Decimal(cost.unsure_usd), Decimal(cost.set_aside_usd)
    parts = [f"Cost: {show_usd(Decimal(cost.spent_usd))}"]
    parts += [f"of it {show_usd(unsure)} for requests that brought no usage back"] if unsure else []
    parts += [f"{show_usd(aside)} set aside for open batches"] if aside else []
    parts += [f"estimated {show_usd(Decimal(cost.expected_usd))}"]
    parts += [f"budget {show_usd(Decimal(cost.budget_usd))}"] if cost.budget_usd is not None else []
    asked = f"{review.asked:,} questions answered in {review.requests:,} requests, {review.from_cache:,} from the cache"
    return f"{', '.join(parts)}. {asked}."


def _agreement(one: Agreement) -> str:
    if one.agreement is None:
        return f"Agreement on {one.rubric}: none of {one.unjudged:,} labelled examples was judged."
    few = f"; {FEW} or more would make this less uncertain" if one.examples < FEW else ""
    return (
        f"Agreement on {one.rubric}: {one.agreement:.0%} of {one.examples:,}, kappa {_two(one.kappa)}, "
        f"pass or fail {_two(one.pass_kappa)}; missed {one.missed:,}, false alarms {one.false_alarms:,}, "
        f"not judged {one.unjudged:,}{few}."
    )


def _two(number: float | None) -> str:
    return "undefined" if number is None else f"{number:.2f}"
