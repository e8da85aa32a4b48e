"""Whether a build would give what is published already: told from the digests of all that goes in, before any row is read."""

import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

import msgspec
import xxhash

from pipeline.core.finding import Finding, Severity
from pipeline.core.lifetime import status
from pipeline.core.tombstone import Tombstones
from pipeline.exams import exam_files
from pipeline.plan import Plan
from pipeline.publish import ACCEPTED, LATEST, Published
from pipeline.read import SourceFiles
from pipeline.remember.noted import note_place
from pipeline.remember.version import version
from pipeline.report.manifest import MANIFEST
from pipeline.report.model import Report
from pipeline.setting import Setting
from pipeline.targets.catalogue import load


class Inputs(msgspec.Struct, frozen=True):
    """All that goes into a build."""

    settings: str
    """Digest of the plan, the code, the libraries, the day's state of the targets, and what else is asked."""
    files: dict[str, str]
    """Source and address → SHA-256, of every file that is read."""


class _Last(msgspec.Struct, frozen=True):
    """What the last build was made of, and where it went."""

    inputs: Inputs
    version: str
    accepted: str
    """The version that it was compared with, or became."""
    findings: list[tuple[str, str, int, str, str]]


def inputs(plan: Plan, setting: Setting, sources: Sequence[SourceFiles], forgotten: Tombstones) -> Inputs | None:
    """Give what goes into this build; None where it cannot be told without reading: a source behind a URL.

    A provider's answers are kept by digest and count as input; the day counts by what it changes: whether a target is
    open. Costs a second per gigabyte of sources.
    """
    if setting.remembered is None or any(not isinstance(place, Path) for one in sources for place, _ in one.files):
        return None
    exams = exam_files(plan, setting.root)
    if exams is None:
        return None
    targets = [load(name) for name in (plan.target.id, *plan.cost.compare)]
    told = (
        plan.model_copy(update={"source": tuple(sorted(plan.source, key=lambda source: source.name))}).identity(
            "cache", "refresh"
        ),
        version().hex(),
        [status(target, setting.today).state for target in targets],
        bool(setting.api_key) and plan.moderation.enabled,
        setting.salt and hmac.new(setting.salt.encode(), b"tuneset: which salt", hashlib.sha256).hexdigest(),
        sorted(forgotten.ids),
        [(one.name, one.skipped) for one in sorted(sources, key=lambda one: one.name)],
    )
    others = [
        setting.root / name for name in (plan.expect.suite, plan.drift.suite, plan.forget.file) if name is not None
    ]
    read = {f"{one.name}\0{address}": Path(str(place)) for one in sources for place, address in one.files}
    found = read | {f"\0{path.name}": path for path in others if path.is_file()}
    found |= {f"\0exam\0{address}": path for address, path in exams.items()}
    digests = {name: _digest(path) for name, path in sorted(found.items())}
    return Inputs(xxhash.xxh3_128_hexdigest(repr(told).encode()), digests)


def same(plan: Plan, setting: Setting, now: Inputs | None) -> tuple[Report, list[Finding], Published] | None:
    """Give the report and findings of the published version, if it was built from the very same; None: build."""
    folder = setting.dataset(plan)
    if (
        now is None or setting.remembered is None or setting.accepted_by
    ):  # an acceptance is written down, even of the same
        return None
    try:
        last = msgspec.json.decode(note_place(setting.remembered, folder).read_bytes(), type=_Last)
        home = (folder / LATEST).resolve(strict=True)
        places = (last.version, last.accepted)
        if last.inputs != now or places != (home.name, _accepted(folder)) or not _is_whole(home):
            return None
        report = Report.model_validate_json((home / "report.json").read_bytes())
    except (
        OSError,
        ValueError,
    ):  # nothing known, or nothing that can be read; pydantic's and msgspec's errors among them
        return None
    findings = [Finding(name, code, Severity(grade), where, text) for name, code, grade, where, text in last.findings]
    return report, findings, Published(home.name, home, is_new=False)


def note(plan: Plan, setting: Setting, then: Inputs | None, published: Published, findings: Sequence[Finding]) -> None:
    """Keep what a version was made of; nothing where it was held back or its sources changed meanwhile."""
    if then is None or setting.remembered is None or published.held:
        return
    try:
        manifest = msgspec.json.decode((published.folder / MANIFEST).read_bytes())
        read = {f"{one['source']}\0{one['path']}": one["sha256"] for one in manifest["sources"]}
        if read != {name: digest for name, digest in then.files.items() if not name.startswith("\0")}:
            return
        plain = [(one.name, one.code, int(one.severity), one.where, one.message) for one in findings]
        folder = setting.dataset(plan)
        place = note_place(setting.remembered, folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(f".{place.name}.{setting.stamp}")
        fresh.write_bytes(msgspec.json.encode(_Last(then, published.version, _accepted(folder), plain)))
        fresh.replace(place)
    except OSError:  # a cache that cannot be written: the next run builds, and finds out the same
        return


def _accepted(folder: Path) -> str:
    return (folder / ACCEPTED).resolve().name


def _is_whole(home: Path) -> bool:
    """Say whether every file of a version is there and as long as its manifest says."""
    manifest = msgspec.json.decode((home / MANIFEST).read_bytes())
    return all((home / one["name"]).stat().st_size == one["bytes"] for one in manifest["files"])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
