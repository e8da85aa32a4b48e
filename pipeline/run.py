"""The whole build on one screen: sources become a published dataset and its report."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import read
from pipeline.account import FALLBACK_ENCODING, accounting
from pipeline.check import Check, survey
from pipeline.compose import Compose
from pipeline.core import columns
from pipeline.core.errors import PlanError
from pipeline.core.example import Method
from pipeline.core.facts import facts_of, with_answers
from pipeline.core.finding import Finding, Severity
from pipeline.core.progress import Advance, Progress
from pipeline.core.settings import CheckSettings, PrivateKind, RuleSettings
from pipeline.core.stage import Stage
from pipeline.core.target import Limits, Target
from pipeline.decide import decide, judge
from pipeline.engines.local import Local
from pipeline.engines.spool import Spool, spooled
from pipeline.group import group, spokesmen
from pipeline.measure.moderation import as_column, moderate
from pipeline.measure.screen import Screen
from pipeline.measure.stage import Measure
from pipeline.plan import Plan
from pipeline.publish import Published, publish, workplace
from pipeline.report.model import Report
from pipeline.split import split
from pipeline.targets.catalogue import limits_of, load
from pipeline.write import write

THIN: Final = (
    *("name", "source", "trouble", "mended", "family", "stratum", "digest", "tokens", "shape"),
    *("content", "prompt", "keys", "findings"),
)
"""What is held in memory of every row: never its text."""

MISSING_COLUMN: Final = "compose.missing-column"
HELD: Final = ("moderation.held", "moderation.flagged")
"""Findings that hold a row: a check that could not answer and, where the plan's policy is `hold`, a flag."""


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
    vocabularies: tuple[str, ...] = ()
    """Folders in which unpacked token vocabularies may lie, the last to be written to."""
    engine: Local
    batch_rows: int = 2_000
    """Rows that travel together: enough to spread the cost of a batch, few enough to hold some in memory."""
    api_key: str | None = None
    base_url: str | None = None
    salt: str | None = field(default=None, repr=False)
    """Secret from which fakes of private data are derived; written nowhere."""
    progress: Progress


class Outcome(NamedTuple):
    """What a build gave."""

    report: Report
    findings: list[Finding]
    """About the dataset as a whole."""
    folder: Path
    published: Published

    def fails(self, at_least: str) -> bool:
        """Say whether the dataset as a whole is flawed at or above a severity; `never` is never."""
        if at_least == "never":
            return False
        least = Severity.named(at_least)
        gate = [Severity.named(e.severity) for e in self.report.expectations or () if e.passed is False]
        return any(severity >= least for severity in [*gate, *(finding.severity for finding in self.findings)])


def build(plan: Plan, setting: Setting) -> Outcome:
    """Read, compose, measure, check, group, split, decide, write, report, publish; see docs/architecture.md."""
    target = load(plan.target.id)
    limits = _limits(plan, target)
    sources = [read.find(s.name, s.path, root=setting.root, read=s.read) for s in plan.source]
    folder = setting.root / plan.write.folder
    with ExitStack() as stack:
        account = stack.enter_context(
            accounting(plan, target=target, limits=limits, sources=sources, root=setting.root, today=setting.today)
        )
        work = stack.enter_context(workplace(folder))
        checks = CheckSettings(limits=limits, rules=_rules(plan), moderation=plan.moderation, privacy=plan.privacy)
        spool, said = _rows(plan, checks, setting, sources=sources, work=work, stack=stack)
        table = spool.columns([*THIN, *said])
        _demand_columns(table)
        with setting.progress.stage("group", unit="rows", total=None):
            table = _with_fates(table, spool, plan)

        built = work / "built"
        built.mkdir()
        with setting.progress.stage("write", unit="rows", total=None):
            findings = survey(_facts(table, spool, method=plan.target.method), checks)
            written = write(
                table,
                spool.texts,
                folder=built,
                findings=findings,
                settings=plan.write,
                seed=plan.seed,
                mask=_masked(plan),
            )
        with setting.progress.stage("report", unit="rows", total=None):
            report = account.write(built, table=table, written=written, findings=findings)
        published = publish(built, folder=folder, stamp=setting.stamp, keep=plan.write.keep_versions)
        return Outcome(report, findings, folder, published)


def _facts(table: pa.Table, spool: Spool, *, method: Method) -> pa.Table:
    """Give the facts of every row for the survey; the texts are asked batch by batch and not held."""
    parts, start = [], 0
    for batch in spool.batches():
        rows = table.slice(start, batch.num_rows).append_column("payload", pa.chunked_array([batch["payload"]]))
        parts.append(with_answers(facts_of(rows), rows["payload"], method=method))
        start += batch.num_rows
    return pa.concat_tables(parts) if parts else facts_of(table)


def _with_fates(table: pa.Table, spool: Spool, plan: Plan) -> pa.Table:
    """Add group, kin, likeness, side, fate and twin: what needs all rows at once, and none of their texts."""
    verdict = judge(table, held_codes=HELD if plan.moderation.policy == "hold" else HELD[:1])
    table = table.append_column("is_sound", pa.array(verdict.sound))
    table = _with(table, group(table, spool.payloads, plan.dedupe, method=plan.target.method))
    spokesman = spokesmen(table, table["group"])
    fates = decide(verdict, spokesman=spokesman, names=table["name"], keep_all=plan.dedupe.keep == "all")
    ships = np.asarray(pc.equal(fates["fate"], "kept").to_numpy(zero_copy_only=False), dtype=bool)
    sides = split(table, ships=ships, settings=plan.split, seed=plan.seed)
    return _with(table.append_column("side", sides), fates)


def _rows(
    plan: Plan,
    checks: CheckSettings,
    setting: Setting,
    *,
    sources: Sequence[read.SourceFiles],
    work: Path,
    stack: ExitStack,
) -> tuple[Spool, tuple[str, ...]]:
    """Give every row read, composed, measured and checked, and the names of columns that only some runs have."""
    stages: list[Stage] = [
        Compose(
            recipes={s.name: s.compose for s in plan.source},
            mend=plan.mend,
            method=plan.target.method,
            families={s.name: s.family for s in plan.source if s.family},
            labels={s.name: s.label for s in plan.source if s.label},
            stratify=plan.split.stratify,
            privacy=plan.privacy,
            salt=setting.salt,
        ),
        Measure(
            encoding=load(plan.target.id).encoding or FALLBACK_ENCODING,
            method=plan.target.method,
            near=plan.dedupe.near,
            folders=setting.vocabularies,
        ),
    ]
    asks = bool(setting.api_key) and plan.moderation.enabled
    offline = plan.moderation.offline if plan.moderation.enabled and not asks else "off"
    if offline != "off":
        stages.append(Screen(method=plan.target.method, routes=offline == "route"))
    if not asks:
        stages.append(Check(checks))
    schema = _schema(columns.READ, *(stage.adds for stage in stages))
    with setting.progress.stage("rows", unit="rows", total=None) as advance:
        tables = _counted(setting.engine.run(read.rows(sources, batch_rows=setting.batch_rows), stages), advance)
        spool = stack.enter_context(spooled(work / "rows.arrow", tables, schema))
    if not asks:
        return spool, ("moderation",) if offline != "off" else ()
    return _moderated(spool, plan, checks, setting, work=work, stack=stack), ("moderation",)


def _moderated(
    spool: Spool, plan: Plan, checks: CheckSettings, setting: Setting, *, work: Path, stack: ExitStack
) -> Spool:
    """Ask the Moderation API about every row, then check the rows with what it said."""
    with setting.progress.stage("moderate", unit="rows", total=len(spool)) as advance:
        moderated = stack.enter_context(
            moderate(
                spool.pairs("digest", "payload"),
                settings=plan.moderation,
                method=plan.target.method,
                api_key=setting.api_key,
                base_url=setting.base_url,
                cache_folder=setting.cache,
                progress=_shown(advance),
            )
        )
    asked = columns.MODERATION
    schema = _schema(spool.schema, pa.schema([pa.field("moderation", asked)]), columns.CHECK)

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in spool.batches():
            facts = [fact and as_column(fact) for fact in moderated.facts(batch["digest"].to_pylist())]
            yield batch.append_column("moderation", pa.array(facts, asked))

    with setting.progress.stage("check", unit="rows", total=len(spool)) as advance:
        tables = _counted(setting.engine.run(batches(), [Check(checks)]), advance)
        return stack.enter_context(spooled(work / "moderated.arrow", tables, schema))


def _demand_columns(table: pa.Table) -> None:
    """Raise PlanError for a source of which no row has the column that the plan names: a mistake there, not in the data."""
    lacks = pc.fill_null(pc.starts_with(table["trouble"], MISSING_COLUMN), fill_value=False)
    sizes = pc.value_counts(table["source"]).to_pylist()
    missing = table.filter(lacks)
    without = {entry["values"]: entry["counts"] for entry in pc.value_counts(missing["source"]).to_pylist()}
    for entry in sizes:
        if without.get(entry["values"]) == entry["counts"]:
            first = missing["trouble"][pc.index(missing["source"], entry["values"]).as_py()].as_py()
            raise PlanError(f"source `{entry['values']}`: {first.removeprefix(MISSING_COLUMN).strip()} No row has it.")


def _rules(plan: Plan) -> RuleSettings:
    """Give the plan's rules; by the policy `report` a flag is a warning, unless the plan says otherwise of that code."""
    if plan.moderation.policy != "report":
        return plan.rules
    return plan.rules.model_copy(update={"severity": {HELD[1]: "warning", **plan.rules.severity}})


def _limits(plan: Plan, target: Target) -> Limits:
    limits = limits_of(target, plan.target.method)
    own = plan.target.max_tokens
    return limits if own is None else limits.model_copy(update={"max_tokens": own})


def _masked(plan: Plan) -> frozenset[PrivateKind]:
    """Give the kinds that rejected.jsonl only names."""
    if plan.privacy.originals == "keep":
        return frozenset()
    return frozenset(kind for kind, action in plan.privacy.actions.items() if action != "off")


def _with(table: pa.Table, more: pa.Table) -> pa.Table:
    for name in more.column_names:
        table = table.append_column(name, more[name])
    return table


def _schema(*parts: pa.Schema) -> pa.Schema:
    return pa.schema([field for part in parts for field in part])


def _counted(tables: Iterator[pa.Table], advance: Advance) -> Iterator[pa.Table]:
    for table in tables:
        advance(len(table))
        yield table


def _shown(advance: Advance) -> Callable[[int, int, float | None], None]:
    """Turn counts so far into steps."""
    so_far = [0]

    def show(done: int, _total: int, _seconds_left: float | None) -> None:
        advance(done - so_far[0])
        so_far[0] = done

    return show
