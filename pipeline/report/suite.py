"""A Great Expectations suite on disk: read, and every mistake in it named before the run begins."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from pipeline.core.errors import PlanError
from pipeline.core.resources import schemas
from pipeline.report.drift import DRIFT
from pipeline.report.drift import PARAMETERS as DRIFT_PARAMETERS
from pipeline.report.facts import DATASET, EXAMPLES

TABLES: Final = {"examples": EXAMPLES, "dataset": DATASET, "drift": DRIFT}
SEVERITIES: Final = ("info", "warning", "error")
PARAMETERS: Final = ("max_tokens", "min_examples", "max_examples", "validation_share")
"""Names that `{"$PARAMETER": ...}` may use: limits of the target and settings of the plan."""


@dataclass(frozen=True)
class Expectation:
    """One line of a suite."""

    type: str
    """Great Expectations' name, `expect_column_values_to_be_between`."""
    kwargs: dict[str, Any]
    table: str
    severity: str
    why: str

    @property
    def column(self) -> str | None:
        """The column that it is about; None where it is about the table or several columns."""
        column = self.kwargs.get("column")
        return column if isinstance(column, str) else None

    def columns(self) -> Iterator[str]:
        """Give every column that it names."""
        for key, value in self.kwargs.items():
            if key.startswith("column"):
                yield from value if isinstance(value, list) else [value]

    def parameters(self) -> Iterator[str]:
        """Give the names in its `$PARAMETER`s, which may be sums and products of names and numbers."""
        for value in self.kwargs.values():
            if isinstance(value, dict) and "$PARAMETER" in value:
                yield from re.findall(r"[A-Za-z_]\w*", str(value["$PARAMETER"]))


def default_suite() -> Path:
    """Give the suite that comes with tuneset."""
    return schemas() / "expectations" / "default.json"


def drift_suite() -> Path:
    """Give the suite that compares a build with the accepted version."""
    return schemas() / "expectations" / "drift.json"


def load_suite(path: Path, *, parameters: tuple[str, ...] = PARAMETERS) -> tuple[Expectation, ...]:
    """Read a suite; a PlanError names every line that cannot be judged, and the nearest right name."""
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise PlanError(f"{path}: no such suite. Leave `expect.suite` out to use the default one.") from None
    except (OSError, ValueError) as error:
        raise PlanError(f"{path}: not a suite in JSON: {error}.") from None
    lines = values.get("expectations") if isinstance(values, dict) else None
    if not isinstance(lines, list):
        raise PlanError(f"{path}: no list of `expectations`; a suite is {{'name': ..., 'expectations': [...]}}.")
    mistakes = [f"{path}: expectation {n}: {m}" for n, line in enumerate(lines, 1) for m in _mistakes(line, parameters)]
    if mistakes:
        raise PlanError("\n".join(mistakes))
    return tuple(_expectation(line) for line in lines)


def _expectation(line: dict[str, Any]) -> Expectation:
    meta = line.get("meta") or {}
    return Expectation(
        type=line["type"],
        kwargs=line.get("kwargs") or {},
        table=meta.get("table", "examples"),
        severity=meta.get("severity", "error"),
        why=meta.get("why", ""),
    )


def _mistakes(line: Any, parameters: tuple[str, ...]) -> Iterator[str]:
    """Say what is wrong with one line, as far as it can be known without loading Great Expectations."""
    if not isinstance(line, dict) or not isinstance(line.get("type"), str):
        yield "no `type`; expected the name of an expectation, such as `expect_column_max_to_be_between`."
        return
    if not all(isinstance(line.get(key) or {}, dict) for key in ("kwargs", "meta")):
        yield "`kwargs` and `meta` are objects."
        return
    expectation = _expectation(line)
    if expectation.type not in known_types():
        yield f"unknown expectation `{expectation.type}`.{_nearest(expectation.type, known_types())}"
    if expectation.severity not in SEVERITIES:
        yield f"`meta.severity` is one of {', '.join(SEVERITIES)}."
    if expectation.table not in TABLES:
        yield f"`meta.table` is one of {', '.join(TABLES)}."
        return
    for column in expectation.columns():
        if column not in TABLES[expectation.table]:
            yield f"the table `{expectation.table}` has no column `{column}`.{_nearest(str(column), TABLES[expectation.table])}"
    known = (*parameters, *(DRIFT_PARAMETERS if expectation.table == "drift" else ()))
    for name in expectation.parameters():
        if name not in known:
            yield f"unknown parameter `{name}`.{_nearest(name, known)}"


def known_types() -> frozenset[str]:
    """Give the expectations that the installed Great Expectations brings, without importing it."""
    package = find_spec("great_expectations")
    if package is None or package.origin is None:
        return frozenset()
    core = Path(package.origin).parent / "expectations" / "core"
    return frozenset(path.stem for path in core.glob("expect_*.py")) | {"unexpected_rows_expectation"}


def _nearest(wrong: str, known: Any) -> str:
    near = get_close_matches(wrong, sorted(known), n=1, cutoff=0.6)
    return f" Did you mean `{near[0]}`?" if near else f" Known: {', '.join(sorted(known))}."
