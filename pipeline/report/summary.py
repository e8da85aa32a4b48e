"""The table of facts, summed up into a report. It sees numbers, digests and names, never the text."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.columns import FATES, SIDES
from pipeline.core.finding import Finding
from pipeline.core.settings import ModerationSettings
from pipeline.report.flaws import by_code, of_dataset
from pipeline.report.model import Fates, ReadAs, Report, SideFacts, Sides, SourceFacts, Stratum, TargetFacts
from pipeline.report.screening import screening
from pipeline.report.twins import conflicts, duplicates
from pipeline.report.weight import total_of, weigh

COLUMNS: Final = (
    *("name", "source", "digest", "tokens", "shape", "mended", "stratum", "trouble", "findings"),
    *("content", "prompt", "moderation", "twin", "likeness", "side", "fate"),
)
"""What `summarise` reads of the table; moderation, shape and trouble may be absent."""
STRATA: Final = 50
"""Labels listed; the rest is summed up in one line."""


class SourceFile(NamedTuple):
    """A file that was read; `path` is relative to the plan."""

    source: str
    path: str
    sha256: str
    bytes: int
    format: str
    encoding: str | None = None
    delimiter: str | None = None
    etag: str | None = None
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class About:
    """What the table itself does not know."""

    version: str
    name: str
    plan_sha256: str
    target: TargetFacts
    sources: Sequence[SourceFile]
    asked_share: float | None = None
    dataset_findings: Sequence[Finding] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Code → why it matters and the cure."""
    moderation: ModerationSettings = field(default_factory=ModerationSettings)
    """The plan's limits, by which rows count as flagged."""
    not_covered: tuple[str, ...] = ()
    """What no moderation backend looked at: one sentence each."""
    notes: tuple[str, ...] = ()


def summarise(facts: pa.Table, *, about: About) -> Report:
    """Give the report without cost, expectations and files, which come later; see `COLUMNS` for what it reads."""
    return Report(
        tuneset=about.version,
        name=about.name,
        plan_sha256=about.plan_sha256,
        target=about.target,
        rows_read=len(facts),
        fates=_fates(facts),
        sides=_sides(facts, asked_share=about.asked_share),
        tokens=weigh(facts, target=about.target),
        findings=by_code(facts, reasons=about.reasons),
        dataset_findings=of_dataset(about.dataset_findings, reasons=about.reasons),
        duplicates=duplicates(facts),
        conflicts=conflicts(facts),
        mended=_mended(facts["mended"]),
        strata=_strata(facts),
        moderation=screening(facts, settings=about.moderation, not_covered=about.not_covered),
        sources=_sources(facts, about.sources),
        notes=about.notes,
    )


def _fates(facts: pa.Table) -> Fates:
    return Fates(**{fate: pc.sum(pc.equal(facts["fate"], fate)).as_py() or 0 for fate in FATES})


def _sides(facts: pa.Table, *, asked_share: float | None) -> Sides:
    kept = facts.select(["side", "tokens"]).filter(pc.equal(facts["fate"], "kept"))
    sides = {side: _side(kept.filter(pc.equal(kept["side"], side))) for side in SIDES}
    share = sides["validation"].examples / len(kept) if len(kept) else None
    return Sides(**sides, asked_share=asked_share, share=share)


def _side(rows: pa.Table) -> SideFacts:
    if rows["tokens"].null_count:
        return SideFacts(examples=len(rows))
    return SideFacts(examples=len(rows), tokens=total_of(rows, "total"), trained_tokens=total_of(rows, "trained"))


def _mended(column: pa.ChunkedArray) -> dict[str, int]:
    counts = pc.value_counts(pc.list_flatten(column.combine_chunks())).to_pylist()
    return {c["values"]: c["counts"] for c in sorted(counts, key=lambda c: (-c["counts"], c["values"]))}


def _strata(facts: pa.Table) -> tuple[Stratum, ...]:
    """Count the kept examples of each stratum by side; none where the plan names no label."""
    labelled = pc.and_(pc.equal(facts["fate"], "kept"), pc.is_valid(facts["stratum"]))
    kept = facts.select(["stratum", "side"]).filter(labelled)
    counts: dict[str, dict[str, int]] = {}
    sizes = kept.group_by(["stratum", "side"], use_threads=False).aggregate([([], "count_all")])
    for row in sizes.to_pylist():
        counts.setdefault(row["stratum"], dict.fromkeys(SIDES, 0))[row["side"]] = row["count_all"]
    strata = [Stratum(name=name, **sides) for name, sides in counts.items()]
    strata.sort(key=lambda stratum: (-stratum.train - stratum.validation, stratum.name))
    rest = strata[STRATA:]
    if not rest:
        return tuple(strata)
    train, validation = sum(s.train for s in rest), sum(s.validation for s in rest)
    return (*strata[:STRATA], Stratum(name=f"{len(rest):,} more", train=train, validation=validation))


def _sources(facts: pa.Table, files: Sequence[SourceFile]) -> tuple[SourceFacts, ...]:
    """Sum up each source in the order of their names."""
    names = sorted({file.source for file in files} | set(pc.unique(facts["source"]).to_pylist()))
    return tuple(
        _source(
            name, [f for f in files if f.source == name], facts.select(["fate"]).filter(pc.equal(facts["source"], name))
        )
        for name in names
    )


def _source(name: str, files: Sequence[SourceFile], rows: pa.Table) -> SourceFacts:
    files = sorted(files, key=lambda file: file.path)
    alike: dict[tuple[str, str | None, str | None], list[SourceFile]] = {}
    for file in files:
        alike.setdefault((file.format, file.encoding, file.delimiter), []).append(file)
    return SourceFacts(
        name=name,
        files=len(files),
        bytes=sum(file.bytes for file in files),
        sha256=_digest(files),
        read_as=tuple(
            ReadAs(format=how[0], encoding=how[1], delimiter=how[2], files=len(same), first=same[0].path)
            for how, same in alike.items()
        ),
        rows=len(rows),
        fates=_fates(rows),
    )


def _digest(files: Sequence[SourceFile]) -> str:
    if len(files) == 1:
        return files[0].sha256
    return hashlib.sha256("".join(f"{f.sha256}  {f.path}\n" for f in files).encode()).hexdigest()
