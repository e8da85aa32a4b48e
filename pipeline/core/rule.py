"""What a rule is: one function that explains a flaw, with its code, its severity, its samples and its suspects."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from inspect import getdoc
from pkgutil import iter_modules
from typing import NamedTuple, TypeAlias

import pyarrow as pa

from pipeline.core.example import Example, Method, transcript
from pipeline.core.finding import Severity
from pipeline.core.target import Limits

Sample: TypeAlias = str | dict[str, object] | Example
"""A transcript, a payload as an object, or a whole example."""


class Flaw(NamedTuple):
    """What a rule says about one place of one example; `check` adds the row and the code."""

    where: str
    message: str


class RowFlaw(NamedTuple):
    """What a dataset rule says: about one row, or, without a name, about the whole."""

    name: str | None
    where: str
    message: str


Look: TypeAlias = Callable[[Example, Limits], Iterable[Flaw]]
Suspects: TypeAlias = Callable[[pa.Table, Limits], pa.Array | pa.ChunkedArray]
"""Facts (payload, roles, bits, ..., tokens as flat columns) → a boolean a row; null counts as true."""
Survey: TypeAlias = Callable[[pa.Table, Limits], Iterable[RowFlaw]]


@dataclass(frozen=True)
class Rule:
    """One entry of the catalogue. Exactly one of `look` (a row) and `survey` (the dataset) is given."""

    code: str
    severity: Severity
    methods: frozenset[Method]
    reason: str
    """The docstring: the reason, and the cure."""
    good: tuple[Sample, ...] = ()
    bad: tuple[Sample, ...] = ()
    look: Look | None = None
    suspects: Suspects | None = None
    """None: every row is looked at."""
    survey: Survey | None = None
    within: str | None = None
    """Column whose equal values a survey must see together, and nothing else: None where it only counts."""
    limits: Limits = field(default_factory=Limits)
    """What the samples are judged by, where the default limits would not show the flaw."""

    def examples(self, samples: Iterable[Sample]) -> Iterator[Example]:
        """Give samples as examples of a method that the rule judges: sft where it can."""
        method: Method = "sft" if "sft" in self.methods else min(self.methods)
        for sample in samples:
            example = sample if isinstance(sample, Example) else _written(sample)
            yield example if example.method == method else replace(example, method=method)


def _written(sample: str | dict[str, object]) -> Example:
    return transcript(sample) if isinstance(sample, str) else Example.parse(json.dumps(sample, ensure_ascii=False))


_RULES: dict[str, Rule] = {}
ALL_METHODS: frozenset[Method] = frozenset({"sft", "dpo", "rft"})


def rule(
    code: str,
    *,
    severity: Severity = Severity.ERROR,
    methods: Iterable[Method] = ALL_METHODS,
    suspects: Suspects | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    good: tuple[Sample, ...],
    bad: tuple[Sample, ...],
) -> Callable[[Look], Look]:
    """Enter a row rule into the catalogue; gives the function back untouched."""

    def enter(look: Look) -> Look:
        reason = getdoc(look) or ""
        entry = Rule(code, severity, frozenset(methods), reason, good, bad, look, suspects, limits=limits)
        _enter(entry)
        return look

    return enter


def dataset_rule(
    code: str,
    *,
    severity: Severity = Severity.ERROR,
    methods: Iterable[Method] = ALL_METHODS,
    within: str | None = None,
) -> Callable[[Survey], Survey]:
    """Enter a rule about the whole dataset into the catalogue; gives the function back untouched.

    `within` names a column: the rule looks at each group of rows with an equal value by itself, so that the dataset may
    be surveyed in shares of it, each with `core.facts.asked_of_all` rows of the whole.
    """

    def enter(survey: Survey) -> Survey:
        _enter(Rule(code, severity, frozenset(methods), getdoc(survey) or "", survey=survey, within=within))
        return survey

    return enter


def _enter(entry: Rule) -> None:
    if entry.code in _RULES:
        raise ValueError(f"two rules are named {entry.code}")
    _RULES[entry.code] = entry


@cache
def catalogue() -> dict[str, Rule]:
    """Give every rule by code, sorted, from the files of pipeline/rules/."""
    folder = import_module("pipeline.rules")
    for module in iter_modules(folder.__path__):
        import_module(f"pipeline.rules.{module.name}")
    return dict(sorted(_RULES.items()))
