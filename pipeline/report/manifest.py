"""manifest.json: from what and by what a dataset was made, and the digest of every file beside it."""

import json
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from pipeline.core.described import described
from pipeline.core.target import Settings
from pipeline.report.model import FileFacts

MANIFEST: Final = "manifest.json"
DAY: Final = "prices_as_of"
"""Key of `measured_by` for the day by which prices were looked up."""


class ManifestSource(Settings):
    """One file that was read."""

    source: str
    """The plan's name of the source it belongs to."""
    path: str
    """Relative to the plan, as in every `file:line`."""
    bytes: int
    sha256: str
    etag: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """The server's mark of the content, of a source behind a URL; left out where there is none."""
    version: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """The server's name of the version, of a source behind a URL; left out where there is none."""


class Manifest(Settings):
    """The whole of manifest.json; each line of the training files is traced by the table that `lineage` names."""

    tuneset: str
    """Version that wrote it."""
    plan: dict[str, Any]
    """The plan with every default filled in."""
    plan_sha256: str
    sources: tuple[ManifestSource, ...]
    measured_by: dict[str, str] = Field(default_factory=dict)
    """What a fact depends on besides the data: encoding, formula, moderation model and date."""
    files: tuple[FileFacts, ...]
    """Every file of the dataset but this one."""
    forgotten: tuple[str, ...] = ()
    """Requests for erasure that were obeyed, by their ids in the tombstone file."""
    lineage: str = "lineage.parquet"
    """One row for each row read: its fate, and the file and line where it went."""


def essence(folder: Path) -> object:
    """Give what makes a dataset another one: all that its manifest says but the report's bytes and the day of the prices.

    A report also tells of prices, which change with the day, and of the version it was compared with. None: no manifest.
    """
    try:
        values = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return None
    files = [file for file in values["files"] if not file["name"].startswith("report.")]
    measured_by = {key: value for key, value in values["measured_by"].items() if key != DAY}
    return {**values, "files": files, "measured_by": measured_by}


def manifest_schema() -> dict[str, Any]:
    """Give the JSON Schema of manifest.json, as `schemas/manifest.schema.json` holds it."""
    schema = described(Manifest).model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "tuneset manifest"}
