"""What becomes of each row: what needs all rows at once, and none of their texts but those of likely twins."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.grouping import Groupings
from pipeline.core.store import Store
from pipeline.core.verdicts import PairVerdicts
from pipeline.decide import Pinned, decide, judge
from pipeline.engines.local import Local
from pipeline.engines.spool import Shelf, Spool
from pipeline.group import group, spokesmen
from pipeline.group.part import Part
from pipeline.group.stars import Likenesses
from pipeline.group.verify import Compare
from pipeline.pinned import pinned_rows, without_answers_to
from pipeline.plan import Plan
from pipeline.remember.groupings import KeptGroupings
from pipeline.remember.pairs import KeptVerdicts
from pipeline.remember.version import version
from pipeline.rows import Job
from pipeline.split import split

HELD: Final = ("moderation.held", "moderation.flagged")
"""Findings that hold a row: a check that could not answer and, where the plan's policy is `hold`, a flag."""


def with_fates(table: pa.Table, spool: Spool, job: Job) -> pa.Table:
    """Add group, kin, likeness, side, fate and twin; pairs that an earlier build compared are not compared again."""
    compare = _spread(spool, job.setting.engine)
    if job.setting.remembered is None:
        return _with_fates(table, spool, job.plan, compare=compare)
    store = Store(job.work / "pairs", job.setting.remembered)
    verdicts = KeptVerdicts(store, dataset=job.dataset, version=version())
    memory = KeptGroupings(store, dataset=job.dataset, version=version(), is_believed=not verdicts.is_overgrown)
    table = _with_fates(table, spool, job.plan, compare=compare, verdicts=verdicts, memory=memory)
    verdicts.save(is_whole=memory.is_whole)
    return table


def _spread(spool: Spool, engine: Local) -> Compare | None:
    """Give what compares pairs over all workers; None where there is one, or no other can open the payloads."""
    shelf = spool.shelf() if engine.workers > 1 else None
    if shelf is None:
        return None

    def compare(parts: Iterable[Part]) -> Iterator[Likenesses]:
        for answer in engine.map(parts, partial(_compared, shelf=shelf)):
            yield answer.compared(spool.payloads) if isinstance(answer, Part) else answer

    return compare


def _compared(part: Part, shelf: Shelf) -> Likenesses | Part:
    """Compare in a worker; give the part back where another run removed from the cache what this process needs."""
    try:
        return part.compared(shelf)
    except OSError:
        return part


def held_codes(plan: Plan) -> tuple[str, ...]:
    """Give the codes of findings that hold a row."""
    return HELD if plan.moderation.policy == "hold" else HELD[:1]


def _with_fates(
    table: pa.Table,
    spool: Spool,
    plan: Plan,
    *,
    compare: Compare | None,
    verdicts: PairVerdicts | None = None,
    memory: Groupings | None = None,
) -> pa.Table:
    held = held_codes(plan)
    pinned = judge(table, held_codes=held).sound & pinned_rows(table) if plan.split.pinned else None
    if pinned is not None:
        table = without_answers_to(table, pinned).append_column("is_pinned", pa.array(pinned))
    verdict = judge(table, held_codes=held)
    table = table.append_column("is_sound", pa.array(verdict.sound))
    method = plan.target.method
    groups = group(table, spool.payloads, plan.dedupe, method=method, verdicts=verdicts, memory=memory, compare=compare)
    table = _with(table, groups)
    spokesman = spokesmen(table, table["group"])
    keep_all = plan.dedupe.keep == "all"
    stays = None if pinned is None else Pinned(pinned, pinned[spokesman] & (spokesman >= 0))
    fates = decide(verdict, spokesman=spokesman, names=table["name"], keep_all=keep_all, pinned=stays)
    ships = np.asarray(pc.equal(fates["fate"], "kept").to_numpy(zero_copy_only=False), dtype=bool)
    sides = split(table, ships=ships, settings=plan.split, seed=plan.seed, pinned=pinned)
    return _with(table.append_column("side", sides), fates)


def _with(table: pa.Table, more: pa.Table) -> pa.Table:
    for name in more.column_names:
        table = table.append_column(name, more[name])
    return table
