"""Every file that is written from code: schemas/ and pages of docs/. A test compares each with what is on disk."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from pipeline.core.rulebook import rules_page
from pipeline.diff.model import diff_schema
from pipeline.generated.plan_page import plan_page
from pipeline.plan import json_schema as plan_schema
from pipeline.report.findings.json import json_schema as check_schema
from pipeline.report.manifest import manifest_schema
from pipeline.report.model import json_schema as report_schema
from pipeline.submit.ledger import ledger_schema


def _as_json(schema: Callable[[], dict[str, Any]]) -> Callable[[], str]:
    return lambda: json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


FILES: Final[Mapping[str, Callable[[], str]]] = {
    "docs/plan.md": plan_page,
    "docs/rules.md": rules_page,
    "schemas/check.schema.json": _as_json(check_schema),
    "schemas/diff.schema.json": _as_json(diff_schema),
    "schemas/jobs.schema.json": _as_json(ledger_schema),
    "schemas/manifest.schema.json": _as_json(manifest_schema),
    "schemas/plan.schema.json": _as_json(plan_schema),
    "schemas/report.schema.json": _as_json(report_schema),
}
"""Path from the root of the repository → what gives its text."""
