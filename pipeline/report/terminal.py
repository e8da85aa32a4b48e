"""The closing summary on the terminal: what came out, what is wrong, what it costs, what to do next."""

import io
from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.report.advice import next_steps, verdict
from pipeline.report.cost import TargetCost
from pipeline.report.drift import DriftFacts
from pipeline.report.figures import count, plural, size
from pipeline.report.model import CodeFacts, ExpectationFacts, Report
from pipeline.report.words import epochs

CODES: Final = 6
"""Codes shown; report.md has all."""
STEPS: Final = 4
FAILURES: Final = 3
SEVERITIES: Final = ("error", "warning", "info")
STYLES: Final = {
    "ready": "bold green",
    "look": "bold yellow",
    "stop": "bold red",
    "error": "red",
    "warning": "yellow",
    "info": "dim",
    "kept": "green",
    "rejected": "red",
    "duplicate": "dim",
    "held": "yellow",
}


def closing(report: Report, *, folder: str) -> RenderableType:
    """Give the summary for a rich console: at most 40 lines of 100 columns."""
    judged = verdict(report)
    table = _grid(2)
    for label, content in _rows(report, folder):
        table.add_row(Text(label, "bold"), content)
    title = Text.assemble((judged.title, STYLES[judged.state]), f": {report.name}, for {report.target.title}")
    return Group(Text(), title, Text(), table)


def closing_text(report: Report, *, folder: str, width: int = 100) -> str:
    """Give the summary as plain lines, for logs and pipes."""
    sheet = io.StringIO()
    Console(file=sheet, width=width, no_color=True, force_terminal=False).print(closing(report, folder=folder))
    return "".join(f"{line.rstrip()}\n" for line in sheet.getvalue().splitlines())


def _rows(report: Report, folder: str) -> Iterator[tuple[str, RenderableType]]:
    """Give each topic with its label; an empty label stands before a new thought."""
    yield "Rows", _fates(report)
    yield "Examples", _sides(report)
    if report.codes:
        yield "", Text()
        yield "Findings", _findings(report.codes)
    if report.expectations is not None:
        yield "", Text()
        yield "Gate", _gate(report.expectations)
    if report.drift is not None:
        yield "Drift", _drift(report.drift)
    yield "", Text()
    if report.cost is not None:
        yield "Cost", _cost(report.cost.chosen)
    yield "Moderation", Text(_moderation(report))
    yield "Written", Text(_written(report, folder))
    yield "", Text()
    yield "Next", _next(next_steps(report))


def _fates(report: Report) -> Text:
    words = Text(f"{count(report.rows_read)} read = ")
    for number, (fate, rows) in enumerate(report.fates):
        words.append(" + " if number else "").append(f"{count(rows)} {fate}", style=STYLES[fate] if rows else "dim")
    return words


def _sides(report: Report) -> Table:
    table = _grid(4, right=(1, 2))
    for name, side in report.sides.files():
        tokens = "not counted" if side.tokens is None else count(side.tokens)
        unit = Text(f"tokens ({report.tokens.encoding})", "dim")
        table.add_row(Text(name), Text(plural(side.examples, "example")), Text(tokens), unit)
    return table


def _findings(codes: Sequence[CodeFacts]) -> Text:
    """Give one line a code; what is too long for the terminal loses its end, the last of the places."""
    rows = [plural(code.rows, "row") if code.rows else "dataset" for code in codes]
    widths = max(len(code.code) for code in codes), max(map(len, rows))
    lines = [_finding(code, number, widths) for code, number in zip(codes[:CODES], rows, strict=False)]
    if codes[CODES:]:
        lines.append(Text(f"{'':9}{len(codes) - CODES} more in report.md", "dim"))
    return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)


def _finding(code: CodeFacts, rows: str, widths: tuple[int, int]) -> Text:
    severity = (f"{code.severity:9}", STYLES[code.severity])
    return Text.assemble(severity, f"{code.code:{widths[0]}}  {rows:>{widths[1]}}  ", (_places(code), "dim"))


def _places(code: CodeFacts) -> str:
    """Name the first places, the file only once where it is the same."""
    if not code.rows:
        return code.first[0].message
    named, last = [], ""
    for place in code.first:
        file, colon, line = place.name.rpartition(":")
        named.append(f":{line}" if colon and file == last else place.name)
        last = file
    return ", ".join(named)


def _gate(expectations: Sequence[ExpectationFacts]) -> RenderableType:
    """Give one line about all expectations, and one for each of the first that are not met."""
    answers = [e.passed for e in expectations]
    unjudged = f", {answers.count(None)} not judged" if None in answers else ""
    met = Text(f"{plural(answers.count(True), 'expectation')} met, {answers.count(False)} not met{unjudged}")
    missed = sorted((e for e in expectations if e.passed is False), key=lambda e: SEVERITIES.index(e.severity))
    table = _grid(2)
    for e in missed[:FAILURES]:
        table.add_row(Text(e.severity, STYLES[e.severity]), Text(e.sentence))
    return Group(met, table) if missed else met


def _drift(drift: DriftFacts) -> RenderableType:
    """Give one line about the comparison, and one for each of the first figures out of bounds."""
    judged = [figure for figure in drift.figures if figure.passed is not None]
    beyond = [figure for figure in judged if figure.passed is False]
    head = Text(f"{plural(len(judged), 'figure')} held against version {drift.against}, {len(beyond)} out of bounds")
    table = _grid(2)
    for figure in beyond[:FAILURES]:
        table.add_row(Text(figure.severity, STYLES[figure.severity]), Text(figure.sentence))
    return Group(head, table) if beyond else head


def _cost(chosen: TargetCost) -> Text:
    passes = f"{epochs(chosen)} epochs, {chosen.epochs_basis}"
    basis = f"{chosen.rate or 'price not documented'}; {chosen.lifetime}"
    return Text.assemble((str(chosen.training), "bold"), f" to train on {chosen.target} ({passes})\n", (basis, "dim"))


def _moderation(report: Report) -> str:
    asked = report.moderation
    if asked.state == "not asked":
        return "not asked; set OPENAI_API_KEY to ask"
    return f"{asked.words}; {asked.outcome}"


def _written(report: Report, folder: str) -> str:
    files = ", ".join(f"{file.name} ({size(file.bytes)})" for file in report.written)
    return f"{folder}/report.html to read, beside {files}" if files else folder


def _next(steps: Sequence[str]) -> Table:
    table = _grid(2)
    for number, step in enumerate(steps[:STEPS], 1):
        table.add_row(Text(f"{number}."), Text(step.replace("`", "")))
    return table


def _grid(columns: int, *, right: tuple[int, ...] = ()) -> Table:
    """Give columns without lines, of which only the last may be broken into lines."""
    table = Table.grid(padding=(0, 2, 0, 0), collapse_padding=True)
    for number in range(columns):
        justify: JustifyMethod = "right" if number in right else "left"
        table.add_column(justify=justify, no_wrap=number < columns - 1, overflow="fold")
    return table
