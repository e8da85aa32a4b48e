"""report.md: what came out and what to do next, then the tables, for people and for pull requests."""

from collections.abc import Iterable, Iterator, Sequence

from pipeline.report.advice import next_steps, verdict
from pipeline.report.cost import TargetCost
from pipeline.report.counts import TokenFacts
from pipeline.report.drift import DriftFacts
from pipeline.report.figures import count, effort, plural, share, size
from pipeline.report.model import WHOLE, Place, Report
from pipeline.report.words import PARTS, epochs, first_sentence, read_as

Row = Sequence[object]


def markdown(report: Report) -> str:
    """Give the report as CommonMark with tables."""
    title = f"# {_cell(report.name)}: dataset report"
    judged = verdict(report)
    opening = f"**{judged.title}.** {judged.sentence}"
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(next_steps(report), 1))
    return "\n\n".join([title, opening, f"## What to do next\n\n{steps}", *_sections(report), _end(report)]) + "\n"


def _sections(report: Report) -> Iterator[str]:
    yield f"## Rows\n\n{_fates(report)}"
    yield f"## Training files\n\n{_counted_in(report)}\n\n{_sides(report)}"
    if report.cost is not None:
        yield f"## Cost\n\n{_cost(report)}"
    facts = report.tokens.shipped or report.tokens.composed
    if facts is not None:
        yield f"## Lengths\n\n{_counted_in(report)}\n\n{_lengths(report, facts)}"
    yield f"## Findings\n\n{_findings(report)}"
    if report.expectations is not None:
        yield f"## Expectations\n\n{_expectations(report)}"
    if report.drift is not None:
        yield f"## Drift\n\n{_drift(report.drift)}"
    yield f"## Duplicates and conflicts\n\n{_twins(report)}"
    if report.strata:
        yield f"## Balance\n\n{_strata(report)}"
    yield f"## Moderation\n\n{_moderation(report)}"
    yield f"## Sources\n\n{_sources(report)}"
    if report.files:
        yield f"## Files written\n\n{_files(report)}"
    if report.notes:
        yield "## Notes\n\n" + "\n".join(f"- {note}" for note in report.notes)


def _fates(report: Report) -> str:
    whole = report.rows_read
    rows = [(fate, rows, share(rows / whole if whole else None)) for fate, rows in report.fates]
    return _table(("Fate", "Rows", "Share"), [*rows, ("**read**", whole, "")])


def _counted_in(report: Report) -> str:
    tokens = report.tokens
    estimate = " The model has another tokeniser, so every count is an estimate." if tokens.is_estimate else ""
    return f"Tokens are counted in `{tokens.encoding}`: {tokens.formula}.{estimate}"


def _sides(report: Report) -> str:
    rows = ((f"`{name}`", side.examples, side.tokens, side.trained_tokens) for name, side in report.sides.files())
    asked = report.sides.asked_share
    came = f"Share of validation: {share(report.sides.share)}" + (
        f", asked {share(asked)}." if asked is not None else "."
    )
    return _table(("File", "Examples", "Tokens of one epoch", "of which trained"), rows) + f"\n\n{came}"


def _cost(report: Report) -> str:
    cost = report.cost
    assert cost is not None, "asked only of a report with a cost"
    head = ("Target", "Training", "Epochs", "Tokens of one", "Price", "New jobs")
    table = _table(head, (_target(priced) for priced in (cost.chosen, *cost.compared)))
    chosen = cost.chosen
    lines = [
        f"US dollars as of {cost.as_of}; {chosen.epochs_basis} for the epochs.",
        f"Validation: {chosen.validation}.",
        f"Cut at the window: {count(chosen.cut_tokens)} tokens of {plural(chosen.cut_examples, 'example')}.",
        f"Saved on duplicates: {chosen.wasted}, {count(chosen.wasted_tokens)} tokens an epoch.",
        *(f"Moderation: {effort(e)} ({e.basis})." for e in (cost.moderation,) if e),
        *(f"Review: {effort(e)} ({e.basis})." for e in (cost.review,) if e),
        *chosen.notes,
    ]
    return table + "\n\n" + "\n".join(f"- {line}" for line in lines)


def _target(priced: TargetCost) -> Row:
    price = priced.rate or "not documented"
    return f"`{priced.target}`", priced.training, epochs(priced), priced.tokens, price, priced.lifetime


def _lengths(report: Report, facts: TokenFacts) -> str:
    spreads = {words: spread for part, words in PARTS.items() if (spread := getattr(facts, part)) and spread.max}
    rows = ((words, d.sum, d.min, d.median, d.mean, d.p95, d.max) for words, d in spreads.items())
    table = _table(("Part", "Sum", "Least", "Median", "Mean", "95%", "Most"), rows)
    lines = [
        *([_over(report)] if report.tokens.limit else []),
        f"Saved on duplicates: {count(report.tokens.wasted_on_duplicates or 0)} tokens an epoch.",
        *(f"Without {role} turn: {plural(number, 'example')}." for role, number in facts.without.items() if number),
    ]
    return table + "\n\n" + "\n".join(f"- {line}" for line in lines)


def _over(report: Report) -> str:
    facts = report.tokens.composed
    assert facts is not None, "asked only of a report with tokens"
    longer = (
        f"{plural(facts.over_limit, 'composed example')} longer than the limit of {count(report.tokens.limit or 0)}"
    )
    return f"{longer}; {count(facts.cut)} tokens beyond it."


def _findings(report: Report) -> str:
    if not report.codes:
        return "None."
    rows = (
        (
            f"`{code.code}`",
            code.severity,
            code.rows or "dataset",
            code.count,
            "<br>".join(_place(place) for place in code.first),
            first_sentence(code.reason),
        )
        for code in report.codes
    )
    table = _table(("Code", "Severity", "Rows", "Findings", "First places", "Why"), rows)
    mended = ", ".join(f"{repair} in {plural(rows, 'row')}" for repair, rows in report.mended.items())
    return f"{table}\n\nRepaired on the way: {mended}." if mended else table


def _place(place: Place) -> str:
    return place.message if place.name == WHOLE else f"`{place.name}` {place.message}"


def _expectations(report: Report) -> str:
    words = {True: "met", False: "**not met**", None: "not judged"}
    rows = ((words[e.passed], e.severity, e.sentence, e.why) for e in report.expectations or ())
    return _table(("", "Severity", "Found", "Why"), rows)


def _drift(drift: DriftFacts) -> str:
    words = {True: "within", False: "**out of bounds**", None: "not asked"}
    rows = ((words[f.passed], f.severity, f.sentence, f.why if f.passed is False else "") for f in drift.figures)
    opening = f"Held against version `{drift.against}`; the bounds stand in the plan's table `[drift]`."
    return f"{opening}\n\n" + _table(("", "Severity", "Found", "Why"), rows)


def _twins(report: Report) -> str:
    twins, conflicts = report.duplicates, report.conflicts
    groups = f"{count(twins.exact_groups)} exact and {count(twins.near_groups)} near groups"
    lines = [
        f"{plural(twins.rows, 'row')} repeat another, in {groups}.",
        f"{plural(conflicts.prompts, 'prompt')} with several answers, in {plural(conflicts.examples, 'example')}.",
        *(f"Least alike: `{p.name}` and `{p.twin}`, likeness {p.likeness:.2f}." for p in twins.least_alike),
        *(f"Several answers: {', '.join(f'`{name}`' for name in names)}." for names in conflicts.first),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _moderation(report: Report) -> str:
    m = report.moderation
    lines = [
        f"State: {m.words}.",
        f"{count(m.verified)} verified, {count(m.screened)} screened offline, {count(m.held)} held, {count(m.not_asked)} not asked.",
        *([f"{plural(m.flagged, 'example')} flagged."] if m.verified or m.held else []),
        *(f"{category}: {plural(rows, 'example')}." for category, rows in m.categories.items()),
        *([f"{plural(m.to_review, 'example')} to review: `moderation.screened`."] if m.screened else []),
        *(f"Suspected of {category}: {plural(rows, 'example')}." for category, rows in m.suspected.items()),
        *m.not_covered,
        m.guarantee,
    ]
    return "\n".join(f"- {line}" for line in lines)


def _sources(report: Report) -> str:
    rows = (
        (s.name, "<br>".join(read_as(r) for r in s.read_as), size(s.bytes), s.rows, *(rows for _, rows in s.fates))
        for s in report.sources
    )
    return _table(("Source", "Read as", "Size", "Rows", "Kept", "Rejected", "Duplicate", "Held"), rows)


def _strata(report: Report) -> str:
    return _table(("Label", "Train", "Validation"), ((s.name, s.train, s.validation) for s in report.strata))


def _files(report: Report) -> str:
    rows = ((f"`{f.name}`", f.lines, size(f.bytes), f"`{f.sha256[:16]}`") for f in report.written)
    return _table(("File", "Lines", "Size", "SHA-256 begins"), rows)


def _end(report: Report) -> str:
    return f"tuneset {report.tuneset}; plan `{report.plan_sha256[:16]}`. The same numbers for machines: `report.json`."


def _table(head: Sequence[str], rows: Iterable[Row]) -> str:
    """Give a table; columns of which every cell is a number are set to the right."""
    body = [list(row) for row in rows]
    columns = list(zip(*body, strict=True)) if body else [()] * len(head)
    rule = ["---:" if c and all(isinstance(v, int | float) or v is None for v in c) else "---" for c in columns]
    lines: list[Row] = [head, rule, *body]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(value: object) -> str:
    """Write a value so that it stays in its cell."""
    if value is None:
        return ""
    words = count(value) if isinstance(value, int | float) else str(value)
    return words.replace("|", "\\|").replace("\n", " ")
