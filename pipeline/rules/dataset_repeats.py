"""Examples are there once, on one side, and do not contradict each other."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.columns import SIDES
from pipeline.core.facts import Groups, asked, asked_of_all, numbers_in, repeated, shipped, side
from pipeline.core.finding import Severity
from pipeline.core.rule import RowFlaw, dataset_rule
from pipeline.core.target import Limits
from pipeline.core.wording import counted

OPEN_SHARE: Final = 0.2
"""Share of all examples from which one prompt is an open task (*write a story*), and its answers no contradiction."""
ASKED: Final = ("name", "side", "roles", "prompt", "content", "group")
"""Columns that rules about prompts look at."""
MANY: Final = 5
"""Answers to one prompt below which it is not called open."""


@dataset_rule("duplicates.exact", severity=Severity.WARNING, within="content")
def exact(facts: pa.Table, _limits: Limits) -> Iterator[RowFlaw]:
    """Rows that say the same (but for case and white space) are paid for again and learned too well.

    `tuneset build` keeps one of each; to repeat on purpose, raise the epochs. Needs `content`.
    """
    yield from _twins(facts, "content", "exact", frozenset())


@dataset_rule("duplicates.near", severity=Severity.WARNING, within="group")
def near(facts: pa.Table, _limits: Limits) -> Iterator[RowFlaw]:
    """Rows that differ in a few words only weigh as much as one in what is learned, and as many in what is paid.

    `tuneset build` keeps one of each; lower `dedupe.threshold` or raise it to see more or fewer. Needs `group`.
    """
    yield from _twins(facts, "group", "near", frozenset({"content"}))


def _twins(facts: pa.Table, key: str, kind: str, apart: frozenset[str]) -> Iterator[RowFlaw]:
    """Give one flaw a group, at its first row; groups that are equal by the keys of `apart` are left out.

    Where the sides are the user's own, what repeats across them is a leak, which another rule reports.
    """
    if not {key, *apart} <= set(facts.column_names):
        return
    is_given = "side" in facts.column_names and "fate" not in facts.column_names
    for part in [side(facts, name) for name in ("train", "validation")] if is_given else [facts]:
        told_apart = [numbers_in(part[name]) for name in apart]
        groups = repeated(part, key)
        others = np.minimum.reduce([groups.sizes, *(groups.distinct(keys) for keys in told_apart)]) - 1
        some = others > 0
        for name, count in zip(_names(part, groups.first[some]), others[some].tolist(), strict=True):
            yield RowFlaw(name, "", f"{counted(count, f'{kind} duplicate')} of this row.")


@dataset_rule("duplicates.leak", within="content")
def leak(facts: pa.Table, _limits: Limits) -> Iterator[RowFlaw]:
    """The same example is in train and validation, so the validation loss measures memory, not skill.

    *The same data should not be present in both train and validation files.* Delete one. Needs `content`, `side`.
    """
    if {"content", "side"} <= set(facts.column_names) and _is_validated(facts):
        rows = shipped(facts, "name", "side", "content")
        yield from _across(rows, repeated(rows, "content"), "This example is also in train; expected on one side.")


@dataset_rule("duplicates.prompt-leak", severity=Severity.WARNING, within="prompt")
def prompt_leak(facts: pa.Table, _limits: Limits) -> Iterator[RowFlaw]:
    """A prompt of the validation file is also in train with another answer: the model has seen the question.

    Keep all answers to one prompt on one side; `tuneset build` does. Needs `prompt`, `content`, `side`.
    """
    if {"prompt", "content", "side"} <= set(facts.column_names) and _is_validated(facts):
        rows = asked(shipped(facts, *ASKED))
        groups = repeated(rows, "prompt")
        is_closed = groups.sizes < OPEN_SHARE * asked_of_all(rows)
        groups = groups.of(is_closed & (groups.distinct(numbers_in(rows["content"])) > 1))
        yield from _across(rows, groups, "This prompt is also in train; expected on one side.")


def _is_validated(facts: pa.Table) -> bool:
    """Say whether there is another side at all: without one nothing leaks, and no group need be looked for."""
    return bool(pc.any(pc.equal(facts["side"], "validation")).as_py())


def _names(rows: pa.Table, these: npt.NDArray[np.int64]) -> list[str]:
    found: list[str] = rows["name"].take(pa.array(these)).to_pylist()
    return found


def _across(rows: pa.Table, groups: Groups, message: str) -> Iterator[RowFlaw]:
    """Give one flaw a group that is on both sides, at its first row in validation."""
    trained, validated = (np.asarray(pc.fill_null(pc.equal(rows["side"], name), fill_value=False)) for name in SIDES)
    torn = groups.of(groups.has(trained) & groups.has(validated))
    for name in _names(rows, np.array([group[validated[group]][0] for group in torn], np.int64)):
        yield RowFlaw(name, "", message)


@dataset_rule("answers.contradict", severity=Severity.WARNING, methods=("sft",), within="prompt")
def contradict(facts: pa.Table, _limits: Limits) -> Iterator[RowFlaw]:
    """One prompt has several different answers, so the model learns a blend of them, or a coin toss.

    Keep the right one; keep several where each is right and variety is wanted. Needs `prompt`, `content`.
    """
    if {"prompt", "content"} <= set(facts.column_names):
        rows = asked(shipped(facts, *ASKED))
        apart = "group" if "group" in rows.column_names and not rows["group"].null_count else "content"
        groups = repeated(rows, "prompt")
        answers = groups.distinct(numbers_in(rows[apart]))
        is_open = (answers >= MANY) & (answers >= OPEN_SHARE * asked_of_all(rows))
        some = (answers > 1) & ~is_open
        for name, count in zip(_names(rows, groups.first[some]), answers[some].tolist(), strict=True):
            yield RowFlaw(name, "", f"{count:,} different answers to this prompt.")


@dataset_rule("answers.one-prompt", severity=Severity.INFO, methods=("sft",), within="prompt")
def one_prompt(facts: pa.Table, _limits: Limits) -> Iterator[RowFlaw]:
    """A large part of the dataset answers one and the same prompt: fine for a style, poor for following orders.

    Vary the prompt (`instructions` in the plan takes several), or write what makes each answer different into it.
    """
    if {"prompt", "content"} <= set(facts.column_names):
        rows = asked(shipped(facts, *ASKED))
        groups = repeated(rows, "prompt")
        some = (groups.sizes >= MANY) & (groups.sizes >= OPEN_SHARE * asked_of_all(rows))
        for name, count in zip(_names(rows, groups.first[some]), groups.sizes[some].tolist(), strict=True):
            yield RowFlaw(name, "", f"{count:,} of {asked_of_all(rows):,} examples share this prompt.")
