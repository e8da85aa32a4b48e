"""One JSON object, as schemas/check.schema.json describes it."""

from collections.abc import Iterator
from typing import Any

import msgspec

from pipeline.core.described import described
from pipeline.report.checked import Checked, CheckReport
from pipeline.report.findings.face import Face, Show


def write(checked: Checked, _show: Show) -> Iterator[str]:
    """Give the object, a finding a line."""
    head = msgspec.json.encode(checked.summary.model_dump(mode="json")).decode()
    yield head.removesuffix("}") + ',"findings":['
    for index, finding in enumerate(checked.findings):
        line = msgspec.json.encode({**finding._asdict(), "severity": str(finding.severity)}).decode()
        yield (",\n" if index else "\n") + line
    yield "\n]}\n"


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of what this face prints, as `schemas/check.schema.json` holds it."""
    schema = described(CheckReport).model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Result of tuneset check"
    return schema


FACE = Face("json", write)
