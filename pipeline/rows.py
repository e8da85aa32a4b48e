"""Every row read, composed, measured and checked: what needs one row at a time, spilled to disk as it comes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import read
from pipeline.check import Check
from pipeline.compose import Compose
from pipeline.core import columns
from pipeline.core.errors import PlanError
from pipeline.core.progress import Advance
from pipeline.core.settings import CheckSettings
from pipeline.core.stage import Stage
from pipeline.core.store import Store
from pipeline.core.target import Target
from pipeline.core.tombstone import Tombstones
from pipeline.engines.spool import Spool, spooled
from pipeline.engines.watched import watched
from pipeline.exams import decontaminating
from pipeline.measure import Measure
from pipeline.measure.moderation import Moderated, as_column, moderate
from pipeline.measure.screen import Screen
from pipeline.onepass import PACKED, Done, OnePass, done
from pipeline.plan import Plan
from pipeline.remember import keeping
from pipeline.remember.cuts import KeptCuts
from pipeline.remember.keeping import Tally
from pipeline.remember.version import version
from pipeline.setting import Setting

FALLBACK_ENCODING: Final = "o200k_base"
"""Counts for models with a tokenizer of their own are an estimate in this one, and the report says so."""
THIN: Final = (
    *("name", "source", "trouble", "mended", "family", "stratum", "digest", "tokens", "shape"),
    *("content", "prompt", "answer", "keys", "sketch", "findings"),
)
"""What is held in memory of every row: never its text."""

MISSING_COLUMN: Final = "compose.missing-column"


class Job(NamedTuple):
    """What a run works on."""

    plan: Plan
    target: Target
    checks: CheckSettings
    setting: Setting
    sources: Sequence[read.SourceFiles]
    work: Path
    """Empty folder for what is spilled."""
    forgotten: Tombstones = Tombstones()
    """What somebody asked to have erased: it is dropped as soon as it is read."""

    @property
    def dataset(self) -> Path:
        """Give what names the dataset in the cache: where the plan has it, wherever this run builds it."""
        return self.setting.root / self.plan.write.folder


class Rows(NamedTuple):
    """All rows: what is thin in memory, everything on disk."""

    table: pa.Table
    spool: Spool


def rows(job: Job, stack: ExitStack) -> Rows:
    """Give every row after compose, measure, moderation and check, in the order read; `stack` closes the spool.

    Raises PlanError for a column that no row of a source has, ProviderGaveUp where moderation could not finish.
    """
    is_asked = asks(job.plan, job.setting)
    stages = stages_of(job.plan, job.target, job.checks, job.setting, asks=is_asked)
    with job.setting.progress.stage("rows", unit="rows", total=None) as advance:
        spool = stack.enter_context(_passed(job, stages, advance))
    if is_asked:
        spool = _moderated(spool, job, stack)
    said = [name for name in ("moderation",) if name in spool.schema.names]
    table = spool.columns([*THIN, *said])
    demand_columns(table)
    return Rows(table, spool)


def composing(plan: Plan, salt: str | None) -> Compose:
    """Give the stage that makes the plan's examples of records; `salt` is the secret of the fakes of private data."""
    return Compose(
        recipes={s.name: s.compose for s in plan.source},
        mend=plan.mend,
        method=plan.target.method,
        families={s.name: s.family for s in plan.source if s.family},
        labels={s.name: s.label for s in plan.source if s.label},
        stratify=plan.split.stratify,
        privacy=plan.privacy,
        salt=salt,
    )


def _passed(job: Job, stages: Sequence[Stage], advance: Advance) -> Spool:
    """Send every piece through the stages; what was worked out before is looked up."""
    folder = job.setting.remembered
    watch = job.setting.watch
    stages, store = tuple(watched(stages, watch)), Store(job.work / "rows", folder)
    work = OnePass(stages, store, version=version(), forgotten=job.forgotten, watch=watch)
    if folder is not None and (why := keeping.prepare(folder, work.erased)) is not None:
        job.setting.progress.note(why)
        folder, work = None, replace(work, store=Store(job.work / "rows"))
    parts: list[Done] = []
    made: list[int] = []
    used: set[Path] = set()
    cuts = KeptCuts(work.store, dataset=job.dataset, version=work.version) if folder else None
    pieces = read.pieces_of(job.sources, read.Wanted(job.setting.batch_rows), cuts)
    for worked in job.setting.engine.map(pieces, work, work.known):
        if (part := done(worked, work)) is not None:
            parts.append(part)
            made.append(worked.made)
            used.update(entry.path for entry in worked.entries)
            advance(part.num_rows)
    if folder is not None:
        _kept(job, folder, parts, made, used)
    return Spool(parts, work.schema, packed=PACKED)


def _kept(job: Job, folder: Path, parts: Sequence[Done], made: Sequence[int], used: set[Path]) -> None:
    """Say what did not fit, note what was found, and keep the cache within its bound."""
    if any(job.work in path.parents for path in used):
        job.setting.progress.note(f"{folder}: the cache could not be written (is the disk full?); the build goes on.")
    found = [part.num_rows for part, count in zip(parts, made, strict=True) if not count]
    keeping.write_tally(folder, Tally(len(parts), len(found), sum(part.num_rows for part in parts), sum(found)))
    keeping.trim(folder, most_bytes=int(job.plan.cache.max_gb * 10**9), keep=used)


def stages_of(plan: Plan, target: Target, checks: CheckSettings, setting: Setting, *, asks: bool) -> list[Stage]:
    """Give the stages of the one pass; with a key the check comes in a second one, after the answers."""
    stages: list[Stage] = [
        composing(plan, setting.salt),
        Measure(
            encoding=target.encoding or FALLBACK_ENCODING,
            method=plan.target.method,
            near=plan.dedupe.near,
            folders=setting.vocabularies,
        ),
    ]
    exams = decontaminating(plan, setting)
    if exams:
        stages.append(exams)
    if asks:
        return stages
    if plan.moderation.enabled and plan.moderation.offline != "off":
        stages.append(Screen(method=plan.target.method, routes=plan.moderation.offline == "route"))
    return [*stages, Check(checks)]


def _moderated(spool: Spool, job: Job, stack: ExitStack) -> Spool:
    """Ask the Moderation API about every row, then check the rows with what it said."""
    moderated = stack.enter_context(asked(job, spool.pairs("digest", "payload"), total=len(spool)))

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in spool.batches():
            yield batch.append_column("moderation", said_of(batch["digest"], moderated))

    with job.setting.progress.stage("check", unit="rows", total=len(spool)) as advance:
        tables = _counted(job.setting.engine.run(batches(), [Check(job.checks)]), advance)
        return stack.enter_context(spooled(job.work / "moderated.arrow", tables, moderated_schema(spool.schema)))


def asks(plan: Plan, setting: Setting) -> bool:
    """Say whether the Moderation API is asked about every row."""
    return bool(setting.api_key) and plan.moderation.enabled


def asked(job: Job, rows: Iterable[tuple[bytes, str]], *, total: int) -> Moderated:
    """Ask the Moderation API about these rows, each a digest and a payload; what it said of them is closed by the caller."""
    plan, setting = job.plan, job.setting
    with setting.progress.stage("moderate", unit="rows", total=total) as advance:
        return moderate(
            rows,
            settings=plan.moderation,
            method=plan.target.method,
            api_key=setting.api_key,
            base_url=setting.base_url,
            cache_folder=setting.cache,
            progress=_shown(advance),
        )


def said_of(digests: pa.Array | pa.ChunkedArray, moderated: Moderated) -> pa.Array:
    """Give what was said of rows by their digests; null where nothing was asked."""
    facts = [fact and as_column(fact) for fact in moderated.facts(digests.to_pylist())]
    return pa.array(facts, columns.MODERATION)


def moderated_schema(schema: pa.Schema) -> pa.Schema:
    """Give the columns of rows that were asked about and checked afterwards; `schema` has those of before."""
    return _schema(schema, pa.schema([pa.field("moderation", columns.MODERATION)]), columns.CHECK)


def demand_columns(table: pa.Table) -> None:
    """Raise PlanError for a source of which no row has the column that the plan names: a mistake there, not in the data."""
    lacks = pc.fill_null(pc.starts_with(table["trouble"], MISSING_COLUMN), fill_value=False)
    sizes = pc.value_counts(table["source"]).to_pylist()
    missing = table.filter(lacks)
    without = {entry["values"]: entry["counts"] for entry in pc.value_counts(missing["source"]).to_pylist()}
    for entry in sizes:
        if without.get(entry["values"]) == entry["counts"]:
            first = missing["trouble"][pc.index(missing["source"], entry["values"]).as_py()].as_py()
            raise PlanError(f"source `{entry['values']}`: {first.removeprefix(MISSING_COLUMN).strip()} No row has it.")


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
