"""The schemas of report and manifest on disk are those of the models."""

import json
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from pipeline.core.resources import schema
from pipeline.report.manifest import Manifest, manifest_schema
from pipeline.report.model import FileFacts, json_schema


@pytest.mark.parametrize(("name", "made"), [("report", json_schema), ("manifest", manifest_schema)])
def test_the_schema_on_disk_is_the_models(name: str, made: Callable[[], dict[str, Any]]) -> None:
    assert schema(f"{name}.schema.json").decode() == json.dumps(made(), indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("made", [json_schema, manifest_schema])
def test_every_schema_is_one(made: Callable[[], dict[str, Any]]) -> None:
    jsonschema_rs.validator_for(made())


@pytest.mark.parametrize("made", [json_schema, manifest_schema])
def test_every_part_of_a_schema_says_what_it_is(made: Callable[[], dict[str, Any]]) -> None:
    values = made()

    assert all("description" in part for part in (values, *values["$defs"].values()))


def test_a_manifest_forbids_what_it_does_not_know() -> None:
    file = FileFacts(name="train.jsonl", bytes=1, sha256="ab" * 32, lines=1)
    known = {"tuneset": "0.1.0", "plan": {}, "plan_sha256": "ab" * 32, "sources": (), "files": (file,)}

    assert Manifest(**known).lineage == "lineage.parquet"
    with pytest.raises(ValidationError, match="host"):
        Manifest(**known, host="here")
