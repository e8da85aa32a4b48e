"""How far the reviewer agrees with people who judged the same examples: share, kappa, and what was taken for what."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from pipeline.core.errors import PlanError
from pipeline.core.target import Settings
from pipeline.review.rubric import CANNOT_TELL, Rubric

COLUMNS: Final = ("name", "rubric", "label")
FEW: Final = 50
"""Fewer labelled examples than this leave kappa so uncertain that it says little."""


class Label(NamedTuple):
    """One person's judgement."""

    name: str
    """`train.jsonl:5`."""
    rubric: str
    label: str
    """Of the rubric's scale; `pass` and `fail` where the person judged no finer."""


class Agreement(Settings):
    """Reviewer and people over the examples that both judged, by one rubric."""

    rubric: str
    examples: int
    """Judged by both."""
    unjudged: int
    """Labelled by a person, without a verdict of the reviewer: held, or not asked."""
    agreement: float | None
    """Share of equal labels; None: nothing was judged by both."""
    kappa: float | None
    """Cohen's kappa of the labels: 0 is what chance gives, 1 is always equal. None: both gave one label only."""
    pass_kappa: float | None
    """The same of pass or fail."""
    missed: int
    """Failed by people, passed by the reviewer."""
    false_alarms: int
    """Passed by people, failed by the reviewer."""
    confusion: dict[str, dict[str, int]]
    """The person's label → the reviewer's → examples."""


def kappa(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Give Cohen's kappa of two judges; None where it is undefined, because both gave the same label throughout.

    (observed - chance) / (1 - chance), where chance is the agreement of two judges who keep their own shares of labels
    and know nothing: J. Cohen, A coefficient of agreement for nominal scales, 1960.
    """
    counts = Counter(pairs)
    total = counts.total()
    ours, theirs = Counter[str](), Counter[str]()
    for (one, other), count in counts.items():
        ours[one] += count
        theirs[other] += count
    observed = sum(count for (one, other), count in counts.items() if one == other) * total
    chance = sum(ours[label] * theirs[label] for label in ours)
    return None if total**2 == chance else (observed - chance) / (total**2 - chance)


def agreement(labels: Sequence[Label], verdicts: Mapping[tuple[str, str], str], rubric: Rubric) -> Agreement:
    """Compare labels with verdicts (by name and rubric); what the reviewer could not tell is not judged."""
    mine = [label for label in labels if label.rubric == rubric.name]
    both = [(label.label, verdicts[label.name, rubric.name]) for label in mine if (label.name, rubric.name) in verdicts]
    is_coarse = any(person in ("pass", "fail") for person, _ in both)
    coarse = [(_coarse(person, rubric), _coarse(model, rubric)) for person, model in both]
    fine = coarse if is_coarse else both
    confusion: dict[str, dict[str, int]] = {}
    for (person, model), count in sorted(Counter(fine).items()):
        confusion.setdefault(person, {})[model] = count
    return Agreement(
        rubric=rubric.name,
        examples=len(both),
        unjudged=len(mine) - len(both),
        agreement=sum(one == other for one, other in fine) / len(fine) if fine else None,
        kappa=kappa(fine),
        pass_kappa=kappa(coarse),
        missed=coarse.count(("fail", "pass")),
        false_alarms=coarse.count(("pass", "fail")),
        confusion=confusion,
    )


def read_labels(text: str, *, path: str, rubrics: Sequence[Rubric]) -> list[Label]:
    """Give the labels of a CSV with columns name (or line), rubric and label; rubrics not asked for are left out.

    `line` may be a bare number when one file is reviewed. Raises PlanError where a line cannot be used.
    """
    by_name = {rubric.name: rubric for rubric in rubrics}
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    head = [name.strip().lower() for name in reader.fieldnames or ()]
    reader.fieldnames = ["name" if name == "line" else name for name in head]
    if missing := [
        name for name in COLUMNS if name not in reader.fieldnames and (name != "rubric" or len(rubrics) != 1)
    ]:
        raise PlanError(f"{path}: no column {missing[0]!r}; expected {', '.join(COLUMNS)}.")
    found: dict[tuple[str, str], Label] = {}
    for number, row in enumerate(reader, 2):
        values = {name: (row.get(name) or "").strip() for name in COLUMNS}
        label = Label(values["name"], values["rubric"] or rubrics[0].name, values["label"].lower())
        if label.rubric in by_name:
            _check(label, by_name[label.rubric], f"{path}:{number}", found)
            found[label.name, label.rubric] = label
    return list(found.values())


def _check(label: Label, rubric: Rubric, place: str, found: Mapping[tuple[str, str], Label]) -> None:
    known = [*(name for name in rubric.labels if name != CANNOT_TELL), "pass", "fail"]
    if label.label not in known:
        raise PlanError(f"{place}: a label that rubric {rubric.name} has not; expected one of {', '.join(known)}.")
    other = found.get((label.name, label.rubric))
    if other is not None and other.label != label.label:
        raise PlanError(f"{place}: a second label for the same example and rubric. Settle on one first.")


def _coarse(label: str, rubric: Rubric) -> str:
    if label in ("pass", "fail"):
        return label
    step = rubric.step(label)
    return "fail" if step and step.fails else "pass"
