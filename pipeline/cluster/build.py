"""The build on many machines, step by step; the embedded one is `pipeline.run`, and both give the same bytes."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import read
from pipeline.account import Elsewhere
from pipeline.check import gravest_first, survey
from pipeline.cluster import components, files, kin, measured, pinned, sides, stars, twins
from pipeline.cluster.engine import Engine
from pipeline.cluster.files import Finished
from pipeline.cluster.job import PART_BITS, Job
from pipeline.cluster.store import Numbers, Store
from pipeline.cluster.surveyed import conflicts_of_all, survey_keys
from pipeline.core.errors import PlanError
from pipeline.core.finding import Finding
from pipeline.core.piece import Piece
from pipeline.core.settings import CheckSettings
from pipeline.core.store import Store as Cache
from pipeline.fates import held_codes
from pipeline.frame import Outcome, begun, ended, masked_kinds
from pipeline.onepass import OnePass
from pipeline.plan import Plan
from pipeline.portrayed import portrayed
from pipeline.read.source import streams
from pipeline.remember.version import version
from pipeline.rows import Job as Order
from pipeline.rows import asked, asks, demand_columns, said_of, stages_of
from pipeline.setting import Setting
from pipeline.write import BOM, Written, findings_lines

PART_ROWS: Final = 20_000
"""Rows of a part, about: a worker holds their texts a few times."""
BUCKET_PARTS: Final = 4
"""Parts for each bucket: what a bucket holds is thin beside what a part holds."""


class Layout(NamedTuple):
    """Where a distributed build keeps what its steps tell each other, and how it is divided."""

    store: Store
    """Storage that every node sees; emptied before and after."""
    buckets: int | None = None
    """Shares of the keys; None: one for every four parts."""
    part_rows: int = PART_ROWS
    remembered: Store | None = None
    """Where what was worked out of the sources is kept between builds, for all machines."""


def build(plan: Plan, setting: Setting, *, engine: Engine, layout: Layout) -> Outcome:
    """Build what the plan describes on the engine, and publish it in the plan's folder."""
    with ExitStack() as stack:
        order, account = begun(plan, setting, stack)
        _demand_distinct(order.sources)
        layout.store.clear()
        stack.callback(layout.store.clear)
        job = _divided(order, layout)
        parts = _steps(job, engine, order)
        built = order.work / "built"
        built.mkdir()
        with setting.progress.stage("write", unit="rows", total=None):
            findings = _survey(job, engine, order.checks, parts)
            written = _join(job, built, parts, findings)
        with setting.progress.stage("report", unit="rows", total=None):
            elsewhere = Elsewhere(_lineage(job, parts), conflicts_of_all(job, engine))
            table = job.whole("done")
            demand_columns(table)
            portrait = portrayed(table, partial(_payloads, job), plan, spoken=job.whole("spoken"))
            report = account.write(
                built, table=table, written=written, findings=findings, portrait=portrait, elsewhere=elsewhere
            )
        return ended(order, built, report, findings)


def _payloads(job: Job, rows: Numbers) -> list[str]:
    """Give the payloads of a few rows of the table of all parts, in the order of their numbers."""
    found: list[str] = []
    starts = np.cumsum([0, *(len(job.store.load(f"done/{part:07}", columns=["fate"])) for part in range(job.parts))])
    parts = np.searchsorted(starts, rows, side="right") - 1
    for part in np.unique(parts).tolist():
        texts = job.store.load(f"rows/{part:07}", columns=["payload"])["payload"]
        found += texts.take(pa.array(rows[parts == part] - starts[part])).to_pylist()
    return found


def _divided(order: Order, layout: Layout) -> Job:
    """Cut the sources into parts, and give what every step knows."""
    parts = _cut(order, layout)
    is_asked = asks(order.plan, order.setting)
    stages = stages_of(order.plan, order.target, order.checks, order.setting, asks=is_asked)
    nowhere = Cache(Path())  # what is kept lies where every machine sees it
    work = OnePass(tuple(stages), nowhere, version=version(), forgotten=order.forgotten)
    if layout.remembered is not None:
        _forget(layout.remembered, work.erased)
    return Job(
        store=layout.store,
        parts=parts,
        buckets=layout.buckets or -(-parts // BUCKET_PARTS),
        plan=order.plan,
        work=work,
        asks=is_asked,
        held_codes=held_codes(order.plan),
        mask=masked_kinds(order.plan),
        remembered=layout.remembered,
        encodings={stream.address: stream.encoding.name for source in order.sources for stream in streams(source)},
    )


def _forget(remembered: Store, erased: bytes) -> None:
    """Remove what is kept where a new request for erasure is obeyed: those rows may be in it."""
    name = f"erased/{erased.hex()}"
    if erased and not remembered.has(name):
        remembered.clear()
        remembered.keep(name, value=None)


def _demand_distinct(sources: Sequence[read.SourceFiles]) -> None:
    """Raise PlanError where two sources read one file: its rows would have no place of their own in the order of names."""
    seen: dict[str, str] = {}
    for source in sources:
        for _, address in source.files:
            if address in seen:
                raise PlanError(
                    f"{address}: read by source `{seen[address]}` and by `{source.name}`; the distributed engine reads a "
                    "file once. Copy the file, or put both recipes into one source."
                )
            seen[address] = source.name


def _cut(order: Order, layout: Layout) -> int:
    """Save what is to be read by whom, in the order read, no part over two files; gives the number of parts."""
    number = 0
    with order.setting.progress.stage("cut", unit="parts", total=None) as advance:
        for pieces in _parts(order, layout.part_rows):
            layout.store.keep(f"read/{number:07}", pieces)
            advance(1)
            number += 1
    if number == 0:
        layout.store.keep(f"read/{0:07}", [])
    return max(1, number)


def _parts(order: Order, rows: int) -> Iterator[list[Piece]]:
    """Give the pieces of each file, so many at a time as make a part."""
    wanted = read.Wanted(min(rows, order.setting.batch_rows))
    for source in order.sources:
        for file in source.files:
            pieces = iter(read.pieces_of([source._replace(files=(file,))], wanted))
            while part := list(islice(pieces, max(1, rows // wanted.rows))):
                yield part


def _rows(job: Job, engine: Engine, order: Order) -> None:
    """Save every row with all that can be said of it alone, and tell the buckets what it says."""
    parts, setting = range(job.parts), order.setting
    with setting.progress.stage("rows", unit="rows", total=None) as advance:
        careful = partial(measured.measure_part, job, is_careful=True)
        rows = sum(engine.each(partial(measured.measure_part, job), parts, careful=careful))
        advance(rows)
    if job.asks:
        _ask(job, order, rows)
        with setting.progress.stage("check", unit="rows", total=rows) as advance:
            check = partial(measured.check_part, job, checks=order.checks)
            advance(sum(engine.each(check, parts, careful=partial(check, is_careful=True))))
    if job.plan.split.pinned:
        engine.each(partial(pinned.ask_prompts, job), parts)
        engine.each(partial(pinned.tell_conflicts, job, rows=rows), range(job.buckets))
        engine.each(partial(pinned.warn, job), parts)


def _ask(job: Job, order: Order, rows: int) -> None:
    """Ask the provider about every row, from here: its limits are those of one account, however many machines there are."""

    def told() -> Iterator[tuple[bytes, str]]:
        for part in range(job.parts):
            texts = job.store.load(f"measured/{part:07}", columns=["digest", "payload"])
            composed = texts.filter(pc.is_valid(texts["digest"]))
            yield from zip(composed["digest"].to_pylist(), composed["payload"].to_pylist(), strict=True)

    with asked(order, told(), total=rows) as moderated:
        for part in range(job.parts):
            digests = job.store.load(f"measured/{part:07}", columns=["digest"])["digest"]
            job.store.save(f"said/{part:07}", [pa.table({"moderation": said_of(digests, moderated)})])


def _steps(job: Job, engine: Engine, order: Order) -> list[Finished]:
    """Run every step on the engine; gives what the whole needs to know of each part."""
    parts, buckets, setting = range(job.parts), range(job.buckets), order.setting
    _rows(job, engine, order)
    with setting.progress.stage("group", unit="rows", total=None):
        contents = sum(engine.each(partial(twins.meet, job), buckets))
        engine.each(partial(twins.pair, job, contents=contents), buckets)
        for step in (twins.carry, twins.sift, twins.compare):
            engine.each(partial(step, job), parts)
        stars.settle_stars(engine, job.from_parts("edges"))
        for within in (twins.gather_groups, twins.name_groups, twins.answer):
            engine.each(partial(within, job), buckets)
    with setting.progress.stage("split", unit="rows", total=None):
        composed = sum(engine.each(partial(kin.decide_part, job), parts))
        engine.each(partial(kin.link, job, composed=composed), buckets)
        components.tie(engine, job.store, job.buckets)
        engine.each(partial(kin.tell_kin, job), buckets)
        cut = _cuts(job, engine)
    with setting.progress.stage("finish", unit="rows", total=None):
        finished = engine.each(partial(files.finish_part, job, cut=cut), parts)
        is_by_part = job.plan.write.order == "source"
        pieces = [one.lines for one in finished] if is_by_part else engine.each(partial(files.sort_lines, job), buckets)
        lines = np.array(pieces, np.int64).reshape(-1, len(files.SHIPPED))
        before = np.cumsum(lines, axis=0) - lines
        if is_by_part:  # pieces follow each other in the order of names
            named = files.in_order(finished)
            before[named] = np.cumsum(lines[named], axis=0) - lines[named]
        starts = {name: before[:, column].tolist() for column, name in enumerate(files.SHIPPED)}
        engine.each(partial(files.trace_part, job, starts=starts), parts)
    return finished


def _survey(job: Job, engine: Engine, checks: CheckSettings, parts: Sequence[Finished]) -> list[Finding]:
    """Give the findings about the dataset: those that count from numbers alone, the others from buckets."""
    counted = survey(job.whole("facts"), checks, within=None)
    asked_rows = sum(one.asked_rows for one in parts)
    return gravest_first([*counted, *survey_keys(job, engine, checks, asked_rows=asked_rows)])


def _lineage(job: Job, parts: Sequence[Finished]) -> Iterator[pa.Table]:
    for part in files.in_order(parts):
        yield job.store.load(f"lineage/{part:07}")


def _cuts(job: Job, engine: Engine) -> sides.Cuts:
    """Find where each file is full; where a validation set is pinned nothing is to be filled."""
    shipped = sum(engine.each(partial(sides.count_kin, job), range(job.parts)))
    if job.plan.split.pinned:
        return sides.Cuts(0.0, {})
    bins: sides.Bins = sum(engine.each(partial(sides.tally, job), range(job.buckets)), sides.Bins())
    full = sides.full_bins(bins, job.plan.split)
    wanted = frozenset((stratum, one.spot) for stratum, one in full.items())
    lines = engine.each(partial(sides.look, job, wanted=wanted), range(job.buckets)) if wanted else []
    return sides.cuts(full, [line for some in lines for line in some], job.plan.split, shipped)


def _join(job: Job, built: Path, parts: Sequence[Finished], findings: Sequence[Finding]) -> Written:
    """Put the pieces together; gives the rows of the training files as places in the table of all parts."""
    by_name = files.in_order(parts)
    shipped = by_name if job.plan.write.order == "source" else list(range(job.buckets))
    for name in files.SHIPPED:
        with (built / name).open("wb") as file:
            file.write(BOM if job.plan.write.bom else b"")
            files.join(job, name, shipped, file)
    for name in files.FROM_PARTS:
        with (built / name).open("wb") as file:
            if name == "findings.jsonl":
                file.writelines(findings_lines(findings))
            files.join(job, name, by_name, file)
    starts = _starts(job)
    return Written(*(_places(files.order_of(job, side, shipped), starts) for side in files.SHIPPED))


def _starts(job: Job) -> Numbers:
    """Give the place of each part's first row in the table of all parts."""
    sizes = [len(job.store.load(f"related/{part:07}")) for part in range(job.parts)]
    return np.cumsum([0, *sizes[:-1]])


def _places(rows: Numbers, starts: Numbers) -> Numbers:
    places: Numbers = starts[rows >> PART_BITS] + (rows & ((1 << PART_BITS) - 1))
    return places
