"""manifest.json: from what and by what a dataset was made, and the digest of every file beside it."""

from typing import Any, Final

from pydantic import Field

from pipeline.core.target import Settings
from pipeline.report.model import FileFacts

MANIFEST: Final = "manifest.json"


class ManifestSource(Settings):
    """One file that was read."""

    source: str
    """The plan's name of the source it belongs to."""
    path: str
    """Relative to the plan, as in every `file:line`."""
    bytes: int
    sha256: str


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
    lineage: str = "lineage.parquet"
    """One row for each row read: its fate, and the file and line where it went."""


def manifest_schema() -> dict[str, Any]:
    """Give the JSON Schema of manifest.json, as `schemas/manifest.schema.json` holds it."""
    schema = Manifest.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "tuneset manifest"}
