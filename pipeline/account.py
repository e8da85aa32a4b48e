"""The account of a run: report, manifest and lineage beside the data, and every number with its source."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.finding import Finding
from pipeline.core.place import Place, Remote
from pipeline.core.rule import catalogue
from pipeline.core.target import Limits, Target
from pipeline.core.trouble import CAUSES
from pipeline.measure.moderation import ONLY_AFTER_TRAINING
from pipeline.plan import Plan
from pipeline.read import SourceFiles
from pipeline.read.opening import open_file
from pipeline.read.records import settle
from pipeline.read.source import streams
from pipeline.report.bounds import Pair, categories, figures
from pipeline.report.card import FILE as CARD
from pipeline.report.card import card
from pipeline.report.cost import Cost, cost
from pipeline.report.croissant import FILE as CROISSANT
from pipeline.report.croissant import croissant
from pipeline.report.drift import SHOWN, DriftFacts
from pipeline.report.effort import moderation_effort
from pipeline.report.expectations import Gate, drifted, warm
from pipeline.report.faces import NAMES, faces
from pipeline.report.gate_process import GateProcess
from pipeline.report.lengths import Lengths
from pipeline.report.lineage import lineage, write_lineages
from pipeline.report.manifest import DAY, MANIFEST, Manifest, ManifestSource
from pipeline.report.model import ConflictFacts, FileFacts, Report, TargetFacts
from pipeline.report.portrait import Portrait
from pipeline.report.suite import default_suite, drift_suite
from pipeline.report.summary import About, SourceFile, summarise
from pipeline.rows import FALLBACK_ENCODING
from pipeline.targets.catalogue import load
from pipeline.write import Written
from pipeline.yardstick import Yardstick

FORMULA: Final = "3 a message, its role, its content, and 1 more with a name; tool definitions are an estimate"
"""What `measure/tokens` adds to the content's tokens, in words."""
CHUNK: Final = 1 << 20


class Elsewhere(NamedTuple):
    """What a distributed run found out where no table has all rows."""

    lineage: Iterable[pa.Table]
    """Of all rows in the order of their names, in pieces."""
    conflicts: ConflictFacts


@dataclass(frozen=True, kw_only=True)
class Account:
    """What is known of a run before its first row; `write` adds what came out."""

    plan: Plan
    target: Target
    limits: Limits
    sources: Sequence[SourceFiles]
    today: date
    gate: Gate | None
    """None: the plan switches the expectations off."""
    yardstick: Yardstick | None = None
    """The version that the build is compared with."""
    notes: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()
    """Requests for erasure that the run obeys, by id."""

    def begin(self, table: pa.Table) -> None:
        """Let the gate judge the rows beside us; `write` is given the same table, and asks for the rest."""
        if self.gate is not None:
            self.gate.begin(table, parameters=self._parameters())

    def write(
        self,
        folder: Path,
        *,
        table: pa.Table,
        written: Written,
        findings: Sequence[Finding],
        portrait: Portrait,
        elsewhere: Elsewhere | None = None,
    ) -> Report:
        """Write report, manifest and lineage into the folder of the built files, and give the report.

        With `elsewhere` the table needs neither prompts and contents, nor the names of rows without any finding.
        """
        lines = {f"{side}.jsonl": rows for side, rows in written._asdict().items()}
        write_lineages(folder, elsewhere.lineage if elsewhere else [lineage(table, lines=lines)])
        files = self._files()
        built = _facts_of(sorted(folder.iterdir()), lines)
        about = self._about(findings, files, notes=_split_notes(self.plan, written))
        report = summarise(table, about=about).with_(cost=self._cost(table, written), files=built, portrait=portrait)
        if elsewhere is not None:
            report = report.with_(conflicts=elsewhere.conflicts)
        report = self._judged(report, table)
        for name, content in faces(report).items():
            (folder / name).write_bytes(content)
        for name, content in self._cards(report, table, written).items():
            (folder / name).write_bytes(content)
        shown = _facts_of([folder / name for name in (*NAMES, CROISSANT, CARD)], lines)
        manifest = self._manifest(report, files, tuple(sorted((*built, *shown), key=lambda file: file.name)))
        (folder / MANIFEST).write_bytes(
            msgspec.json.format(msgspec.json.encode(manifest.model_dump(mode="json"))) + b"\n"
        )
        return report

    def _cards(self, report: Report, table: pa.Table, written: Written) -> dict[str, bytes]:
        """Give what describes the dataset to those who did not build it."""
        bits = pc.fill_null(pc.struct_field(table["shape"], "bits"), 0).to_numpy()
        seen = {side: int(np.bitwise_or.reduce(bits[rows], initial=0)) for side, rows in written._asdict().items()}
        settings = self.plan.card
        text = card(report, settings, privacy=self.plan.privacy, forgotten=len(self.forgotten))
        return {CROISSANT: croissant(report, settings, seen), CARD: text.encode()}

    def _judged(self, report: Report, table: pa.Table) -> Report:
        """Add what the gate says of the dataset, and of how far it is from the accepted version."""
        if self.gate is None:
            return report
        pair = Pair(self.yardstick.report, report, self.plan.drift) if self.yardstick else None
        held_against = figures(pair) if pair else ()
        judged = self.gate.judge(table, report=report, parameters=self._parameters(), figures=held_against)
        own = tuple(fact for fact in judged if fact.table != "drift")
        report = report.with_(expectations=own if self.plan.expect.enabled else None)
        if pair is None or self.yardstick is None:
            return report
        found = categories(pair)
        facts = tuple(drifted(judged, held_against, found))
        shown = tuple(c for n, c in enumerate(found) if n < SHOWN or not c.is_within)
        return report.with_(drift=DriftFacts(against=self.yardstick.version, figures=facts, categories=shown))

    def _parameters(self) -> dict[str, float | None]:
        return {
            "max_tokens": self.limits.max_tokens,
            "min_examples": self.limits.min_examples,
            "max_examples": self.limits.max_examples,
            "validation_share": self.plan.split.share,
        }

    def _about(self, findings: Sequence[Finding], files: Sequence[SourceFile], *, notes: tuple[str, ...]) -> About:
        return About(
            version=version("tuneset"),
            name=self.plan.name,
            plan_sha256=_plan_digest(self.plan),
            target=target_facts(self.target, self.limits),
            sources=files,
            asked_share=None if self.plan.split.pinned else self.plan.split.share,
            dataset_findings=findings,
            reasons=reasons(),
            moderation=self.plan.moderation,
            not_covered=_not_covered(self.target),
            notes=(*notes, *self.notes),
        )

    def _cost(self, table: pa.Table, written: Written) -> Cost:
        total = pc.fill_null(pc.struct_field(table["tokens"], "total"), 0).to_numpy()
        repeats = pc.equal(table["fate"], "duplicate").to_numpy(zero_copy_only=False)
        lengths = Lengths(total[written.train], total[written.validation], total[repeats])
        texts = int(pc.sum(pc.struct_field(table["shape"], "turns")).as_py() or 0)
        return cost(
            lengths,
            self.plan.cost,
            self.target,
            on=self.today,
            method=self.plan.target.method,
            compare=[load(name) for name in self.plan.cost.compare],
            moderation=moderation_effort(texts, int(total.sum()), self.plan.moderation),
        )

    def _files(self) -> list[SourceFile]:
        return [file for source in self.sources for file in files_of(source)]

    def _manifest(self, report: Report, files: Sequence[SourceFile], built: tuple[FileFacts, ...]) -> Manifest:
        return Manifest(
            tuneset=report.tuneset,
            plan=_plan_values(self.plan),
            plan_sha256=report.plan_sha256,
            sources=tuple(
                ManifestSource(
                    source=f.source, path=f.path, bytes=f.bytes, sha256=f.sha256, etag=f.etag, version=f.version
                )
                for f in sorted(files, key=lambda f: (f.source, f.path))
            ),
            measured_by={
                "encoding": report.target.encoding,
                "formula": report.target.formula,
                "moderation": ", ".join(report.moderation.backends) or report.moderation.state,
                DAY: self.today.isoformat(),
            },
            files=built,
            forgotten=self.forgotten,
        )


@contextmanager
def accounting(
    plan: Plan,
    *,
    target: Target,
    limits: Limits,
    sources: Sequence[SourceFiles],
    yardstick: Yardstick | None,
    root: Path,
    today: date,
    forgotten: tuple[str, ...] = (),
    process: GateProcess | None = None,
) -> Iterator[Account]:
    """Open the account of a run; the gate loads beside the work, perhaps in a process that has begun, and is let go at the end."""
    notes = tuple(str(note) for source in sources for note in _notes(source))
    account = partial(
        Account,
        plan=plan,
        target=target,
        limits=limits,
        sources=sources,
        today=today,
        yardstick=yardstick,
        notes=notes,
        forgotten=forgotten,
    )
    suites = _suites(plan, root, compares=yardstick is not None)
    if not suites:
        yield account(gate=None)
        return
    with warm(*suites, process=process) as gate:
        yield account(gate=gate)


def _suites(plan: Plan, root: Path, *, compares: bool) -> list[Path]:
    """Give the suites that the dataset will be held against."""
    own = [root / plan.expect.suite if plan.expect.suite else default_suite()] if plan.expect.enabled else []
    return own + ([root / plan.drift.suite if plan.drift.suite else drift_suite()] if compares else [])


def reasons() -> dict[str, str]:
    """Give the reason and the cure of every code, of rules and troubles."""
    return {code: rule.reason for code, rule in catalogue().items()} | CAUSES


def target_facts(target: Target, limits: Limits) -> TargetFacts:
    """Give what the report says of the target."""
    return TargetFacts(
        id=target.id,
        title=target.title,
        method=limits.method,
        encoding=target.encoding or FALLBACK_ENCODING,
        formula=FORMULA,
        is_estimate=target.encoding is None,
        max_tokens=limits.max_tokens,
    )


def _plan_values(plan: Plan) -> dict[str, Any]:
    """Give the plan with every default; its sources by name, because their order means nothing.

    What happens after a build, and what is kept for the next, is left out: it changes no dataset, and the commands may hold what nobody should read.
    """
    values = plan.model_dump(mode="json", exclude={"cache", "refresh"})
    return {**values, "source": sorted(values["source"], key=lambda source: str(source["name"]))}


def _plan_digest(plan: Plan) -> str:
    return hashlib.sha256(msgspec.json.encode(_plan_values(plan), order="sorted")).hexdigest()


def _split_notes(plan: Plan, written: Written) -> tuple[str, ...]:
    """Say why there is no validation file where the plan asks for one."""
    if not plan.split.share or len(written.validation) or not len(written.train):
        return ()
    least = plan.split.minimum
    few = f"No validation file: {len(written.train):,} examples are too few for one of at least {least}."
    return (f"{few} All are trained on; set `split.minimum` to split them all the same.",)


def _not_covered(target: Target) -> tuple[str, ...]:
    if target.platform not in ("openai", "azure"):
        return ()
    named = ", ".join(ONLY_AFTER_TRAINING)
    return (f"After training the platform judges the model by categories that no moderation API covers: {named}.",)


def _notes(source: SourceFiles) -> Iterator[object]:
    from pipeline.read import notes

    return notes(source)


def files_of(source: SourceFiles) -> Iterator[SourceFile]:
    """Give each file with its digest and how it is read."""
    for stream in streams(source):
        own = settle(stream, source.read).settings
        size, digest = _digest(stream.path)
        found = stream.path if isinstance(stream.path, Remote) else None
        yield SourceFile(
            source.name,
            stream.address,
            digest,
            size,
            own.format,
            getattr(own, "encoding", None),
            getattr(own, "delimiter", None),
            found.tag if found else None,
            found.version if found else None,
        )


def _facts_of(paths: Sequence[Path], lines: Mapping[str, Sequence[int]]) -> tuple[FileFacts, ...]:
    """Give name, size and digest of these files, in this order; a training file is large and is read once."""
    facts = []
    for path in paths:
        size, digest = _digest(path)
        facts.append(FileFacts(name=path.name, bytes=size, sha256=digest, lines=_count(path, lines)))
    return tuple(facts)


def _count(path: Path, lines: Mapping[str, Sequence[int]]) -> int | None:
    if path.name in lines:
        return len(lines[path.name])
    if path.suffix != ".jsonl":
        return None
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(CHUNK), b""))


def _digest(place: Place) -> tuple[int, str]:
    with open_file(place) as file:
        digest = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]  # any file will do
        return file.tell(), digest.hexdigest()
