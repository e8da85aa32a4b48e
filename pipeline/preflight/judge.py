"""The whole check on one screen: lines, measure, check, group, survey, verdict."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, NamedTuple

import pyarrow as pa

from pipeline.check import Check, survey
from pipeline.core.example import Method
from pipeline.core.finding import Finding
from pipeline.core.settings import CostSettings, PrivacySettings, RuleSettings
from pipeline.core.stage import Stage
from pipeline.core.target import Target
from pipeline.engines.local import Local
from pipeline.preflight import WORKERS, flaws, summary
from pipeline.preflight.aim import DEFAULT_TARGET, Aim, aim
from pipeline.preflight.lines import Ends, lines
from pipeline.preflight.measured import measure
from pipeline.preflight.recognise import Kind, recognise
from pipeline.preflight.rows import AsIs, Thin, Unmeasured
from pipeline.preflight.source import Source, opened
from pipeline.preflight.taken import format_name
from pipeline.preflight.tally import KEPT, Tally, codes_only
from pipeline.preflight.twins import grouped
from pipeline.report.checked import Checked
from pipeline.targets.catalogue import load

if TYPE_CHECKING:
    from pipeline.engines.ready import Ready
    from pipeline.report.expectations import Gate

NEAR_MOST: Final = 50_000
"""Examples up to which near twins are sought unasked: beyond, comparing them takes longer than all other checks and
more memory than a laptop has to spare. Exact twins, leaks and contradictions are always found."""


@dataclass(frozen=True)
class Ask:
    """What a check is asked."""

    target: Target | str = DEFAULT_TARGET
    method: Method | None = None
    """None: recognised from the first rows of the first file."""
    rules: RuleSettings = field(default_factory=RuleSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    offline: Literal["route", "report", "off"] = "off"
    """What the offline screen does; see `ModerationSettings`. Off unasked: it takes a third of the whole check's time."""
    max_tokens: int | None = None
    """Instead of the target's window."""
    workers: int = WORKERS
    ready: "Ready | None" = None
    """Workers that are there already, as many."""
    keep: int | None = KEPT
    """Findings of one code that are kept; None: all."""
    on: date | None = None
    """The day for dates of targets and prices; None: nothing is said that depends on it."""
    costs: CostSettings = field(default_factory=CostSettings)
    """Passes over the data and a price of one's own, where the cost is asked for."""
    hidden: frozenset[int] = frozenset()
    """Keys of old findings, as a baseline holds them."""
    folders: tuple[str, ...] = ()
    """Where more tokenizer vocabularies may lie."""
    suite: Path | None = None
    """A Great Expectations suite about the whole."""
    near: bool | None = None
    """Whether near twins are sought; None: in files of about NEAR_MOST examples or fewer."""


class File(NamedTuple):
    """One file on its way through the check."""

    source: Source
    side: str
    kind: Kind | None
    form: str | None
    """Format under pipeline/targets/formats that reads its lines; None: it holds no examples for the target."""
    ends: Ends


def check_named(
    train: Sequence[str],
    *,
    validation: Sequence[str] = (),
    ask: Ask,
    stdin: BinaryIO | None = None,
    root: str | None = None,
    when_judged: Callable[[], None] = lambda: None,
) -> Checked:
    """Check files by name; `-` is standard input. Findings leave `root` out of the names of files below it.

    `when_judged` is called when no more rows are looked at and only the whole is: workers are not needed any more.
    """
    with ExitStack() as stack:
        named = [(name, side) for side, names in (("train", train), ("validation", validation)) for name in names]
        sources = [(stack.enter_context(opened(name, stdin=stdin)), side) for name, side in named]
        if root is not None:
            sources = [(one._replace(address=str(Path(one.address).relative_to(root))), side) for one, side in sources]
        return check_sources(sources, ask=ask, when_judged=when_judged)


def check_sources(
    sources: Sequence[tuple[Source, str]], *, ask: Ask, when_judged: Callable[[], None] = lambda: None
) -> Checked:
    """Check opened files, each with its side."""
    kinds = [recognise(source, method=ask.method) for source, _ in sources]
    goal = _goal(kinds, ask)
    files = [
        File(source, side, kind, format_name(kind, goal), Ends())
        for (source, side), kind in zip(sources, kinds, strict=True)
    ]
    tally, thin = Tally(keep=ask.keep, hidden=ask.hidden), []
    with _gate(ask.suite) as gate:
        near = ask.near if ask.near is not None else sum(map(_about_examples, files)) <= NEAR_MOST
        for table in _through(files, goal, ask, near=near):
            tally.add_rows(table)
            thin.append(codes_only(table))
        when_judged()
        whole = [finding for file in files for finding in _about(file, goal)]
        facts = grouped(pa.concat_tables(thin), *_addresses(files), goal, near=near) if thin else None
        pa.default_memory_pool().release_unused()  # what grouping let go of
        if facts is not None and any(file.form for file in files):
            whole += [*flaws.of_target(goal.target, ask.on, goal.settings), *survey(facts, goal.settings)]
            whole += _unmet(gate, facts, goal, tally)
    tally.add_first(whole)
    return summary.checked(tally, files, facts, goal, costs=ask.costs, on=ask.on, near=near)


def _about_examples(file: File) -> int:
    """Estimate the number of lines from the length of the first ones."""
    lines_seen = file.source.head.count(file.source.line_end) or 1
    return file.source.size * lines_seen // max(len(file.source.head), 1)


def _gate(suite: Path | None) -> "AbstractContextManager[Gate | None]":
    """Start the gate beside the check, where a suite is given: it takes seconds to load."""
    if suite is None:
        return nullcontext()
    from pipeline.report.expectations import warm

    return warm(suite)


def _unmet(gate: "Gate | None", facts: pa.Table, goal: Aim, tally: Tally) -> list[Finding]:
    if gate is None:
        return []
    from pipeline.preflight.expected import unmet

    return list(unmet(gate, facts, goal, error_rows=tally.error_rows))


def goal_of(source: Source, ask: Ask) -> Aim:
    """Give what one file is held against."""
    return _goal([recognise(source, method=ask.method)], ask)


def _goal(kinds: Sequence[Kind | None], ask: Ask) -> Aim:
    """Take the method that was given, else what the first file looks like where the target trains by it."""
    target = load(ask.target) if isinstance(ask.target, str) else ask.target
    seen = next((kind.method for kind in kinds if kind and kind.is_lines), target.methods[0])
    method = ask.method or (seen if seen in target.methods else target.methods[0])
    return aim(target, method, ask.rules, max_tokens=ask.max_tokens, privacy=ask.privacy)


def _addresses(files: Iterable[File]) -> tuple[dict[str, Source], dict[str, str]]:
    """Give sources and formats by address."""
    return {one.source.address: one.source for one in files}, {
        one.source.address: one.form for one in files if one.form
    }


def _through(files: Sequence[File], goal: Aim, ask: Ask, *, near: bool) -> Iterator[pa.Table]:
    """Give the thin tables of all files in order; lines of another shape are only asked whether they are JSON."""
    engine = Local(ask.workers, ask.ready)
    stages: list[Stage] = [
        AsIs(_addresses(files)[1]),
        measure(goal, ask.folders, near=near),
        *_screen(goal, ask),
        Check(goal.settings),
        Thin(goal.method, near=near),
    ]
    examples = [file for file in files if file.form]
    yield from engine.run((batch for file in examples for batch in _lines(file)), stages)
    others = [file for file in files if not file.form and file.kind and file.kind.is_lines]
    only_json = goal.settings.model_copy(update={"rules": _only_json(goal.settings.rules)})
    shallow: list[Stage] = [AsIs(), Unmeasured(), Check(only_json), Thin(goal.method, near=near)]
    for table in engine.run((batch for file in others for batch in _lines(file)), shallow):
        index = table.schema.get_field_index("ships")
        yield table.set_column(index, "ships", pa.repeat(pa.scalar(value=False), table.num_rows))


def _screen(goal: Aim, ask: Ask) -> list[Stage]:
    if ask.offline == "off":
        return []
    from pipeline.measure.screen import Screen

    return [Screen(method=goal.method, routes=ask.offline == "route")]


def _only_json(rules: RuleSettings) -> RuleSettings:
    return rules.model_copy(update={"select": ("json.invalid", "json.not-object")})


def _lines(file: File) -> Iterator[pa.RecordBatch]:
    return lines(file.source, side=file.side, ends=file.ends)


def _about(file: File, goal: Aim) -> Iterator[Finding]:
    yield from flaws.of_bytes(file.source, goal.settings)
    if not file.form:
        yield from flaws.of_shape(file.source, file.kind, goal.settings)
    yield from flaws.of_lines(file.source, file.ends, goal.settings)
