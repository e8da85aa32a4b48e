"""The whole build on one screen: sources become a published dataset and its report."""

import os
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import forget, read, unchanged
from pipeline.account import Account, accounting
from pipeline.check import survey
from pipeline.core.example import Method
from pipeline.core.facts import facts_of, with_answers
from pipeline.core.finding import Finding, Severity
from pipeline.core.place import is_url
from pipeline.core.settings import CheckSettings, PrivateKind, RuleSettings
from pipeline.core.store import Store
from pipeline.core.target import Limits, Target
from pipeline.core.verdicts import PairVerdicts
from pipeline.decide import decide, judge
from pipeline.engines.spool import Spool
from pipeline.group import group, spokesmen
from pipeline.measure.language import spoken
from pipeline.pinned import pinned_rows, without_answers_to
from pipeline.plan import Plan
from pipeline.portrayed import portrayed
from pipeline.publish import WORK, Acceptance, Published, publish, workplace
from pipeline.remember.pairs import KeptVerdicts
from pipeline.remember.version import version
from pipeline.report.manifest import MANIFEST, essence
from pipeline.report.model import Report
from pipeline.rows import Job, rows
from pipeline.setting import Setting
from pipeline.split import split
from pipeline.targets.catalogue import limits_of, load
from pipeline.write import write
from pipeline.yardstick import yardstick

__all__ = ["Outcome", "Setting", "build"]

HELD: Final = ("moderation.held", "moderation.flagged")
"""Findings that hold a row: a check that could not answer and, where the plan's policy is `hold`, a flag."""


class Outcome(NamedTuple):
    """What a build gave."""

    report: Report
    findings: list[Finding]
    """About the dataset as a whole."""
    folder: Path
    published: Published

    def fails(self, at_least: str) -> bool:
        """Say whether it was held back, or is flawed as a whole at or above a severity; `never` asks for no flaws."""
        if self.published.held:
            return True
        if at_least == "never":
            return False
        least = Severity.named(at_least)
        gate = [Severity.named(e.severity) for e in self.report.expectations or () if e.passed is False]
        return any(severity >= least for severity in [*gate, *(finding.severity for finding in self.findings)])


def build(plan: Plan, setting: Setting) -> Outcome:
    """Read, compose, measure, check, group, split, decide, write, report, publish; see docs/architecture.md."""
    now = _inputs(plan, setting)
    if (known := unchanged.same(plan, setting, now)) is not None:
        report, findings, published = known
        return Outcome(report, findings, setting.dataset(plan), published)
    with ExitStack() as stack:
        job, account = begun(plan, setting, stack)
        table, spool = rows(job, stack)
        with setting.progress.stage("group", unit="rows", total=None):
            verdicts = None
            if setting.remembered is not None:
                store = Store(job.work / "pairs", setting.remembered)
                verdicts = KeptVerdicts(store, dataset=setting.root / plan.write.folder, version=version())
            table = _with_fates(table, spool, plan, verdicts)
            if verdicts is not None:
                verdicts.save()

        built = job.work / "built"
        built.mkdir()
        with setting.progress.stage("write", unit="rows", total=None):
            facts = _facts(table, spool, method=plan.target.method)
            findings = survey(facts, job.checks)
            written = write(
                table,
                spool.texts,
                folder=built,
                findings=findings,
                settings=plan.write,
                seed=plan.seed,
                mask=masked_kinds(plan),
                encoding_of=partial(read.encoding_of, sources=job.sources),
            )
        with setting.progress.stage("report", unit="rows", total=None):
            said = spoken(table, spool.payloads, method=plan.target.method)
            portrait = portrayed(table, facts, spool.payloads, plan, spoken=said)
            report = account.write(built, table=table, written=written, findings=findings, portrait=portrait)
        outcome = ended(job, built, report, findings)
        unchanged.note(plan, setting, now, outcome.published, findings)
        return outcome


def _inputs(plan: Plan, setting: Setting) -> unchanged.Inputs | None:
    """Give what goes into the build; None where a URL is among it, or more than the dataset is asked for."""
    is_more = setting.accepted_by or setting.watch.folder or is_url(plan.write.folder)
    if setting.remembered is None or is_more or any(is_url(source.path) for source in plan.source):
        return None
    load(plan.target.id)  # a mistake in the plan is told before a missing file
    sources = [read.find(s.name, s.path, root=setting.root, read=s.read) for s in plan.source]
    published = setting.dataset(plan) / MANIFEST
    forgotten = forget.load(setting.root / plan.forget.file, secret=setting.salt, published=published)
    return unchanged.inputs(plan, setting, sources, forgotten)


def begun(plan: Plan, setting: Setting, stack: ExitStack) -> tuple[Job, Account]:
    """Give what a run works on and its account, with the place to build in locked; `stack` lets go of it."""
    target = load(plan.target.id)
    limits = _limits(plan, target)
    folder = setting.dataset(plan)
    blocks = folder / WORK / "blocks"
    sources = [read.find(s.name, s.path, root=setting.root, read=s.read, blocks=blocks) for s in plan.source]
    work = stack.enter_context(_workplace(folder, setting))
    # after a wait that may have been long: what was asked for in the meantime counts
    forgotten = forget.load(setting.root / plan.forget.file, secret=setting.salt, published=folder / MANIFEST)
    account = stack.enter_context(
        accounting(
            plan,
            target=target,
            limits=limits,
            sources=sources,
            yardstick=yardstick(folder, plan.drift),
            root=setting.root,
            today=setting.today,
            forgotten=forgotten.ids,
        )
    )
    checks = CheckSettings(limits=limits, rules=_rules(plan), moderation=plan.moderation, privacy=plan.privacy)
    return Job(plan, target, checks, setting, sources, work, forgotten), account


def ended(job: Job, built: Path, report: Report, findings: list[Finding]) -> Outcome:
    """Publish the finished files, and give what the run gave."""
    plan, setting = job.plan, job.setting
    folder = setting.dataset(plan)
    with setting.progress.stage("publish", unit="files", total=None):
        published = publish(
            built,
            folder=folder,
            stamp=setting.stamp,
            keep=plan.write.keep_versions,
            essence=essence,
            drifted=report.drift.sentences if report.drift else (),
            acceptance=Acceptance(by=setting.accepted_by, at=setting.stamp) if setting.accepted_by else None,
        )
    return Outcome(report, findings, folder, published)


def _workplace(folder: Path, setting: Setting) -> AbstractContextManager[Path]:
    """Give the place to build in, or wait for it as long as the setting allows."""
    holder = f"process {os.getpid()}, begun {setting.stamp}"
    return workplace(folder, holder=holder, wait_seconds=setting.wait_seconds, waits=setting.progress.note)


def _facts(table: pa.Table, spool: Spool, *, method: Method) -> pa.Table:
    """Give the facts of every row for the survey; the texts are asked batch by batch and not held."""
    parts, start = [], 0
    for batch in spool.batches():
        rows = table.slice(start, batch.num_rows).append_column("payload", pa.chunked_array([batch["payload"]]))
        parts.append(with_answers(facts_of(rows), rows["payload"], method=method))
        start += batch.num_rows
    return pa.concat_tables(parts) if parts else facts_of(table)


def _with_fates(table: pa.Table, spool: Spool, plan: Plan, verdicts: PairVerdicts | None = None) -> pa.Table:
    """Add group, kin, likeness, side, fate and twin: what needs all rows at once, and none of their texts."""
    held = held_codes(plan)
    pinned = judge(table, held_codes=held).sound & pinned_rows(table) if plan.split.pinned else None
    if pinned is not None:
        table = without_answers_to(table, pinned).append_column("is_pinned", pa.array(pinned))
    verdict = judge(table, held_codes=held)
    table = table.append_column("is_sound", pa.array(verdict.sound))
    table = _with(table, group(table, spool.payloads, plan.dedupe, method=plan.target.method, verdicts=verdicts))
    spokesman = spokesmen(table, table["group"])
    keep_all = plan.dedupe.keep == "all"
    fates = decide(verdict, spokesman=spokesman, names=table["name"], keep_all=keep_all, pinned=pinned)
    ships = np.asarray(pc.equal(fates["fate"], "kept").to_numpy(zero_copy_only=False), dtype=bool)
    sides = split(table, ships=ships, settings=plan.split, seed=plan.seed, pinned=pinned)
    return _with(table.append_column("side", sides), fates)


def held_codes(plan: Plan) -> tuple[str, ...]:
    """Give the codes of findings that hold a row."""
    return HELD if plan.moderation.policy == "hold" else HELD[:1]


def _rules(plan: Plan) -> RuleSettings:
    """Give the plan's rules; by the policy `report` a flag is a warning, unless the plan says otherwise of that code."""
    if plan.moderation.policy != "report":
        return plan.rules
    return plan.rules.model_copy(update={"severity": {HELD[1]: "warning", **plan.rules.severity}})


def _limits(plan: Plan, target: Target) -> Limits:
    limits = limits_of(target, plan.target.method)
    own = plan.target.max_tokens
    return limits if own is None else limits.model_copy(update={"max_tokens": own})


def masked_kinds(plan: Plan) -> frozenset[PrivateKind]:
    """Give the kinds that rejected.jsonl only names."""
    if plan.privacy.originals == "keep":
        return frozenset()
    return frozenset(kind for kind, action in plan.privacy.actions.items() if action != "off")


def _with(table: pa.Table, more: pa.Table) -> pa.Table:
    for name in more.column_names:
        table = table.append_column(name, more[name])
    return table
