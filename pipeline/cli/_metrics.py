"""The metrics file: what is published and how the run ended, replaced in one step."""

import json
import os
from pathlib import Path
from typing import Any


def write_metrics(
    file: Path,
    *,
    dataset: str,
    folder: Path | None,
    now: float,
    seconds: float,
    exit_code: int,
    is_new: bool,
) -> None:
    """Write the file anew; the time of the last success is taken over from the old one where this run failed.

    `folder` is the dataset's, None where no plan could be read. Raises OSError where it cannot be written.
    """
    from pipeline.publish import versions, waiting
    from pipeline.report.metrics import Run, exposition, last_success

    run = Run(
        dataset=dataset,
        ended=now,
        seconds=seconds,
        exit_code=exit_code,
        is_success=exit_code == 0,
        is_new=is_new,
        is_held=folder is not None and waiting(versions(folder)) is not None,
        last_success=last_success(_text(file)),
    )
    fresh = file.with_name(f".{file.name}.{os.getpid()}")  # node_exporter reads what ends in .prom
    fresh.write_text(exposition(run, _report(folder)), encoding="utf-8", newline="\n")
    fresh.chmod(0o644)  # read by another user
    fresh.replace(file)


def _report(folder: Path | None) -> Any:
    """Give the published report; None where there is none that can be read."""
    try:
        return json.loads((folder / "report.json").read_bytes()) if folder else None
    except (OSError, ValueError):
        return None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
