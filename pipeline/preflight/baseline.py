"""Old findings that are known and accepted: written once, hidden from then on; or the rates of an accepted dataset."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.core.errors import PlanError
from pipeline.core.example import Json
from pipeline.core.finding import Finding, Severity
from pipeline.report.checked import Checked, CodeCount, verdict_of

KIND: Final = "tuneset baseline"
TOLERANCE: Final = 0.005
"""How much a rate may grow: half a per cent of the examples, so that one line in a small set does not shut the gate."""


class Rates(NamedTuple):
    """What an accepted dataset was like, as shares of its examples; None: not known."""

    findings: dict[str, float]
    """Code → findings per example."""
    clean: float | None
    """Examples without an error or a warning."""
    over_limit: float | None
    """Examples longer than the limit."""


class Baseline(NamedTuple):
    """What a baseline file holds: keys of old findings, or rates."""

    hidden: frozenset[int] = frozenset()
    rates: Rates | None = None


def load(path: Path) -> Baseline:
    """Read either kind; a PlanError says what is wrong with another file."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"{path}: {error.strerror}. Write a baseline with `--write-baseline {path}`.") from None
    except ValueError as error:
        raise PlanError(f"{path}: not JSON: {error}.") from None
    if isinstance(value, dict) and value.get("kind") == KIND:
        return Baseline(hidden=frozenset(int(one, 16) for one in value.get("findings", ()) if isinstance(one, str)))
    rates = _rates(value) if isinstance(value, dict) else None
    if rates is None:
        raise PlanError(
            f"{path}: neither a baseline nor a report. Expected --write-baseline's file, report.json, or --format json."
        )
    return Baseline(rates=rates)


def written(keys: Iterable[int]) -> str:
    """Give the text of a baseline file: sorted keys, so that a change of it is readable in a review."""
    findings = [f"{one:016x}" for one in sorted(keys)]
    return json.dumps({"kind": KIND, "version": 1, "findings": findings}, indent=1) + "\n"


def _rates(value: dict[str, Json]) -> Rates | None:
    try:
        return _rates_of_check(value) if "clean_examples" in value else _rates_of_report(value)
    except (KeyError, TypeError, ZeroDivisionError):
        return None


def _rates_of_check(value: dict[str, Json]) -> Rates:
    examples = value["examples"]
    tokens = value["tokens"]
    found = {one["code"]: one["count"] / examples for one in value["counts"]}
    return Rates(found, value["clean_examples"] / examples, tokens["over_limit"] / examples if tokens else None)


def _rates_of_report(value: dict[str, Json]) -> Rates:
    """Take the rates of what a build read, as its report.json tells them."""
    kept = value["fates"]["kept"]
    shipped = value["tokens"].get("shipped")
    graver = [one for one in value["findings"] if one["severity"] == "warning"]
    found = {one["code"]: one["count"] / kept for one in graver}
    over = shipped["over_limit"] / kept if shipped else None
    return Rates(found, None, over)


def regressions(checked: Checked, accepted: Rates) -> Iterator[Finding]:
    """Give what became worse than in the accepted dataset."""
    examples = checked.summary.examples
    if not examples:
        return
    for one in checked.summary.counts:
        before, now = accepted.findings.get(one.code, 0.0), one.count / examples
        if now > before + TOLERANCE and one.severity != "info":
            yield _worse(f"{one.code}: {now:.2%} of the examples; the accepted dataset has {before:.2%}.")
    clean = checked.summary.clean_examples / examples
    if accepted.clean is not None and clean < accepted.clean - TOLERANCE:
        yield _worse(f"{clean:.2%} of the examples are clean; in the accepted dataset {accepted.clean:.2%} are.")
    tokens = checked.summary.tokens
    if accepted.over_limit is not None and tokens and tokens.over_limit / examples > accepted.over_limit + TOLERANCE:
        yield _worse(
            f"{tokens.over_limit / examples:.2%} are over the token limit; accepted are {accepted.over_limit:.2%}."
        )


def compared(checked: Checked, accepted: Rates) -> Checked:
    """Give the result as a gate on rates: only what became worse is an error, every other finding a note."""
    worse = list(regressions(checked, accepted))
    noted = tuple(one._replace(severity=Severity.INFO) for one in checked.findings)
    counts = tuple(one.model_copy(update={"severity": "info"}) for one in checked.summary.counts)
    if worse:
        counts = (CodeCount(code=worse[0].code, severity="error", count=len(worse)), *counts)
    verdict = verdict_of([Severity.ERROR] if worse else [Severity.INFO] if counts else [])
    summary = checked.summary.model_copy(update={"counts": counts, "verdict": verdict})
    return checked._replace(summary=summary, findings=(*worse, *noted))


def _worse(sentence: str) -> Finding:
    return Finding("dataset", "baseline.worse", Severity.ERROR, "", sentence)
