"""A run and its dataset as Prometheus metrics, in the text format that node_exporter's textfile collector reads.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format: UTF-8, LF, one HELP and TYPE a family.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

Sample = tuple[dict[str, str], float]
LAST_SUCCESS: Final = "tuneset_last_success_timestamp_seconds"


class Run(NamedTuple):
    """How a run ended."""

    dataset: str
    """The plan's name; the label of every metric."""
    ended: float
    """Unix time."""
    seconds: float
    exit_code: int
    is_success: bool
    is_new: bool
    """Whether a new version was published."""
    is_held: bool
    """Whether a version drifted and waits for `tuneset accept`."""
    last_success: float | None
    """Unix time of the last run that succeeded, before this one; None: not known."""


class Family(NamedTuple):
    """One metric with its samples."""

    name: str
    says: str
    samples: Sequence[Sample]


def exposition(run: Run, report: Mapping[str, Any] | None) -> str:
    """Give the whole file; `report` is the published report.json, None where nothing was ever published."""
    families = [*_of_run(run), *(_of_dataset(report) if report else ())]
    return "".join(_text(family, run.dataset) for family in families if family.samples)


def last_success(text: str) -> float | None:
    """Give the time of the last success that an earlier file tells of."""
    found = re.search(rf"^{LAST_SUCCESS}(?:{{.*}})? (\S+)$", text, re.MULTILINE)
    try:
        return float(found[1]) if found else None
    except ValueError:
        return None


def _of_run(run: Run) -> Iterator[Family]:
    success = run.ended if run.is_success else run.last_success
    yield _one("tuneset_last_run_timestamp_seconds", "When the last run ended, in Unix time.", run.ended)
    yield _one(LAST_SUCCESS, "When a run last ended with exit code 0, in Unix time.", success)
    yield _one("tuneset_last_run_duration_seconds", "How long the last run took.", run.seconds)
    yield _one("tuneset_last_run_exit_code", "Exit code of the last run; 0 is success.", run.exit_code)
    yield _one("tuneset_last_run_published", "Whether the last run published a new version.", run.is_new)
    yield _one("tuneset_held_back", "Whether a version drifted and waits for `tuneset accept`.", run.is_held)


def _of_dataset(report: Mapping[str, Any]) -> Iterator[Family]:
    sides: dict[str, Any] = {side: report["sides"][side] for side in ("train", "validation")}
    fates = [({"fate": fate}, float(rows)) for fate, rows in report["fates"].items()]
    yield Family("tuneset_rows", "Rows read for the published dataset, by what became of them.", fates)
    yield _by_side("tuneset_examples", "Lines of the published files.", sides, "examples")
    yield _by_side("tuneset_tokens", "Tokens of the published files, one epoch.", sides, "tokens")
    yield _by_side("tuneset_trained_tokens", "Tokens that the loss sees, one epoch.", sides, "trained_tokens")
    yield Family("tuneset_training_cost_usd", "Estimated price of one training run.", list(_cost(report)))
    findings = [
        ({"code": code["code"], "severity": code["severity"]}, float(code["count"]))
        for code in (*report["dataset_findings"], *report["findings"])
    ]
    yield Family("tuneset_findings", "Findings of the published dataset, by code.", findings)


def _cost(report: Mapping[str, Any]) -> Iterator[Sample]:
    training = ((report.get("cost") or {}).get("chosen") or {}).get("training") or {}
    for bound in ("low", "high"):
        if training.get(f"{bound}_usd") is not None:
            yield {"bound": bound}, float(training[f"{bound}_usd"])


def _by_side(name: str, says: str, sides: Mapping[str, Any], key: str) -> Family:
    return Family(
        name, says, [({"side": s}, float(facts[key])) for s, facts in sides.items() if facts[key] is not None]
    )


def _one(name: str, says: str, value: float | None) -> Family:
    return Family(name, says, [] if value is None else [({}, float(value))])


def _text(family: Family, dataset: str) -> str:
    lines = [f"# HELP {family.name} {family.says}", f"# TYPE {family.name} gauge"]
    for labels, value in family.samples:
        shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in {"dataset": dataset, **labels}.items())
        lines.append(f"{family.name}{{{shown}}} {value:.3f}".rstrip("0").rstrip("."))
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
