"""The whole build on one screen: sources become a published dataset and its report."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Final

import pyarrow as pa

from pipeline import forget, read, unchanged
from pipeline.check import survey
from pipeline.core.example import Method
from pipeline.core.facts import facts_of, with_lengths
from pipeline.core.place import is_url
from pipeline.engines.spool import Spool
from pipeline.fates import with_fates
from pipeline.frame import Outcome, begun, ended, masked_kinds
from pipeline.measure.language import Payloads, heard, sampled
from pipeline.plan import Plan
from pipeline.portrayed import portrayed
from pipeline.report.manifest import MANIFEST
from pipeline.rows import rows
from pipeline.setting import Setting
from pipeline.targets.catalogue import load
from pipeline.write import later, write

MOST_BESIDE: Final = 500_000
"""Rows up to which workers help to write. Of a million they hold half a gigabyte, and all together then had 2.05."""

__all__ = ["Outcome", "Setting", "build"]


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
            table = with_fates(table, spool, job)
            spool.release()  # keys and sketches, a quarter of a gigabyte for a million rows, are not asked for again
            pa.default_memory_pool().release_unused()  # what grouping let go of
            if len(table) > MOST_BESIDE:
                setting.engine.dismiss()

        built = job.work / "built"
        built.mkdir()
        with setting.progress.stage("write", unit="rows", total=None):
            shelf = spool.shelf()
            begin = setting.engine.beside if shelf else later
            said = begin(_listening(table, shelf or spool.payloads, method=plan.target.method))
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
                lines=shelf.lines if shelf else None,
                begin=begin,
            )
            languages = said()
            setting.engine.dismiss()  # the gate needs the memory now
        with setting.progress.stage("report", unit="rows", total=None):
            account.begin(table)
            portrait = portrayed(table, spool.payloads, plan, spoken=languages)
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


def _listening(table: pa.Table, payloads: Payloads, *, method: Method) -> Callable[[], pa.Table]:
    """Give what finds out the languages of a sample: small to send."""
    rows = sampled(table)
    return partial(heard, table["digest"].take(pa.array(rows, pa.int64())), rows, payloads, method=method)


def _facts(table: pa.Table, spool: Spool, *, method: Method) -> pa.Table:
    """Give the facts of every row for the survey; the texts stay where they are mapped."""
    rows = table.append_column("payload", spool.columns(["payload"])["payload"])
    return with_lengths(facts_of(rows), rows["payload"], method=method)
