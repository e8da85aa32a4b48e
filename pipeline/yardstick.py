"""The version that a build is held against: found on disk, read, and found fit to compare with."""

from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from pipeline.core.settings import DriftSettings
from pipeline.publish import VERSIONS, linked
from pipeline.report.bounds import is_comparable
from pipeline.report.model import Report


class Yardstick(NamedTuple):
    """An accepted (or the published) version and what its report says."""

    version: str
    report: Report


def yardstick(folder: Path, settings: DriftSettings) -> Yardstick | None:
    """Give the version that the plan compares with; None: there is none yet, or an older tuneset made it."""
    version = linked(folder, settings.against) if settings.enabled else ""
    if not version:
        return None
    try:
        report = Report.model_validate_json((folder / VERSIONS / version / "report.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return Yardstick(version, report) if is_comparable(report) else None
