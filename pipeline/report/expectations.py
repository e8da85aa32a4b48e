"""The gate of the whole dataset: a Great Expectations suite over the facts, each answer in one plain sentence."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, NamedTuple, Self

import pyarrow as pa

from pipeline.core.finding import Severity
from pipeline.report.drift import ENDS, Category, Figure, told
from pipeline.report.drift import PARAMETERS as DRIFT_PARAMETERS
from pipeline.report.facts import dataset_table, drift_table, examples_table
from pipeline.report.gate_process import GateProcess, gate_process
from pipeline.report.model import ExpectationFacts, Report
from pipeline.report.sentence import sentence
from pipeline.report.suite import PARAMETERS, Expectation, default_suite, load_suite

Parameters = Mapping[str, float | None]


class Gate:
    """A suite and the process that will judge it; start it first, ask it last, and close it in any case."""

    def __init__(self, suite: Sequence[Expectation], process: GateProcess | None = None) -> None:
        """Take the suite, and the process where it has begun already."""
        self._suite = tuple(suite)
        self._process = process or gate_process()
        self._begun: _Begun | None = None

    def begin(self, facts: pa.Table, *, parameters: Parameters) -> None:
        """Let it judge the rows already, beside us; `judge` asks for the rest, and is given the same rows and parameters."""
        table = self._examples(facts)
        asked = self._measured({"examples": table}, parameters)
        question = _question([self._suite[n] for n in asked], {"examples": table}, parameters, is_last=False)
        sending = Thread(target=self._send, args=(question,))
        sending.start()  # a gate that still loads reads no more than a pipe holds
        self._begun = _Begun(table, asked, sending)

    def judge(
        self, facts: pa.Table, *, report: Report, parameters: Parameters, figures: Sequence[Figure] = ()
    ) -> tuple[ExpectationFacts, ...]:
        """Hold the suite against the kept rows, the report and the figures of drift; it can be asked once.

        A parameter that is None (a limit that nobody documents) leaves its expectations unjudged, not passed.
        """
        tables = {
            "examples": self._begun.table if self._begun else self._examples(facts),
            "dataset": dataset_table(report),
            "drift": drift_table(figures),
        }
        return self.judge_tables(tables, parameters={**parameters, **_bounds(figures)})

    def judge_tables(self, tables: Mapping[str, pa.Table], *, parameters: Parameters) -> tuple[ExpectationFacts, ...]:
        """Hold the suite against tables of the columns in `facts.EXAMPLES` and `facts.DATASET`."""
        begun = self._begun.asked if self._begun else []
        asked = [*begun, *(n for n in self._measured(tables, parameters) if n not in begun)]
        later = [self._suite[n] for n in asked[len(begun) :]]
        left = {name: table for name, table in tables.items() if name != "examples" or not self._begun}
        answers = dict(zip(asked, self._ask(later, left, parameters) if asked else (), strict=True))
        return tuple(
            _fact(e, answers.get(n), _unmeasured(e, tables, parameters), tables[e.table])
            for n, e in enumerate(self._suite)
        )

    def _examples(self, facts: pa.Table) -> pa.Table:
        return examples_table(
            facts, columns={column for expectation in self._suite for column in expectation.columns()}
        )

    def _measured(self, tables: Mapping[str, pa.Table], parameters: Parameters) -> list[int]:
        """Give the numbers of the expectations of these tables that have something to look at."""
        here = [n for n, expectation in enumerate(self._suite) if expectation.table in tables]
        return [n for n in here if _unmeasured(self._suite[n], tables, parameters) is None]

    def _ask(self, suite: Sequence[Expectation], tables: Mapping[str, pa.Table], parameters: Parameters) -> list[Any]:
        """Ask the last question, and give the answers to all."""
        if self._begun:
            self._begun.sending.join()
        answers, log = self._process.communicate(_question(suite, tables, parameters, is_last=True))
        if self._process.returncode:
            raise RuntimeError(
                f"the expectation gate ended with code {self._process.returncode}: {log.decode()[-2000:]}"
            )
        return [answer for line in answers.splitlines() for answer in json.loads(line)]

    def _send(self, question: bytes) -> None:
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):  # it died, or was closed: whoever asks it is told
            self._process.stdin.write(question)
            self._process.stdin.flush()

    def close(self) -> None:
        """Let the process go, whether it was asked or not."""
        if self._process.poll() is None:
            self._process.kill()
        if self._begun:
            self._begun.sending.join()  # nobody reads what it sends
        self._process.communicate()

    def __enter__(self) -> Self:
        """Give the gate itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()


class _Begun(NamedTuple):
    """What the gate judges already."""

    table: pa.Table
    """Of the kept rows."""
    asked: list[int]
    """Numbers of the expectations."""
    sending: Thread


def warm(*suites: Path, parameters: tuple[str, ...] = PARAMETERS, process: GateProcess | None = None) -> Gate:
    """Start the gate on suites (none: the default one) and give it at once; it loads beside the caller's work.

    `process` is one that has begun already.

    Raises PlanError when a suite has mistakes.
    """
    chosen = suites or (default_suite(),)
    return Gate([line for suite in chosen for line in load_suite(suite, parameters=parameters)], process)


def failed(results: Iterable[ExpectationFacts], *, at_least: Severity = Severity.ERROR) -> tuple[ExpectationFacts, ...]:
    """Give the expectations that are not met (or have a mistake in them) at or above a severity."""
    return tuple(r for r in results if r.passed is False and Severity.named(r.severity) >= at_least)


def drifted(judged: Iterable[ExpectationFacts], figures: Sequence[Figure], found: Sequence[Category]) -> list[Figure]:
    """Give the figures with what the gate said of each; one that several expectations ask about passes all or none."""
    told_of: dict[str | None, list[ExpectationFacts]] = {}
    for fact in judged:
        if fact.table == "drift" and fact.passed is not None:
            told_of.setdefault(fact.column, []).append(fact)
    return [told(figure, tuple(found), **_said(told_of.get(figure.column, []))) for figure in figures]


def _said(facts: Sequence[ExpectationFacts]) -> dict[str, Any]:
    if not facts:
        return {}
    gravest = max(facts, key=lambda fact: (fact.passed is False, Severity.named(fact.severity)))
    return {"passed": gravest.passed, "severity": gravest.severity, "why": gravest.why}


def _bounds(figures: Sequence[Figure]) -> dict[str, float | None]:
    values = {
        f"{f.column}_{end}": value for f in figures for end, value in zip(ENDS, (f.old, f.least, f.most), strict=True)
    }
    return {**dict.fromkeys(DRIFT_PARAMETERS), **values}


def _unmeasured(expectation: Expectation, tables: Mapping[str, pa.Table], parameters: Parameters) -> str | None:
    """Say why an expectation has nothing to look at; None when it has."""
    for name in expectation.parameters():
        if parameters.get(name) is None:
            return f"`{name}` is not documented for this target"
    table = tables[expectation.table]
    for column in expectation.columns():
        if len(table) and table[column].null_count == len(table) and "null" not in expectation.type:
            return "it was not measured"
    return None


def _fact(expectation: Expectation, answer: Any, silent: str | None, table: pa.Table) -> ExpectationFacts:
    broken = answer["problem"] if answer else None
    value = table[expectation.column][0].as_py() if expectation.table != "examples" and expectation.column else None
    return ExpectationFacts(
        expectation=expectation.type,
        table=expectation.table,
        column=expectation.column,
        severity=expectation.severity,
        passed=None if silent else bool(answer["success"]),
        sentence=sentence(expectation, answer, silent or broken, value=value),
        why=expectation.why,
    )


def _question(
    suite: Sequence[Expectation], tables: Mapping[str, pa.Table], parameters: Parameters, *, is_last: bool
) -> bytes:
    streams = {name: _stream(table) for name, table in tables.items()}
    request = {
        "sizes": {name: len(stream) for name, stream in streams.items()},
        "expectations": [{"type": e.type, "kwargs": e.kwargs, "meta": {"table": e.table}} for e in suite],
        "parameters": {name: value for name, value in parameters.items() if value is not None},
        "is_last": is_last,
    }
    return b"".join([json.dumps(request).encode(), b"\n", *streams.values()])


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())
