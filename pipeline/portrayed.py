"""What a build leaves to be compared with the next: its portrait, with the languages and labels that only texts tell."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.passages import passages_of
from pipeline.core.private import masked
from pipeline.core.settings import PrivateKind
from pipeline.measure.language import languages
from pipeline.plan import Plan
from pipeline.report.portrait import MOST_ANSWERS, MOST_LABELS, ROWS_AN_ANSWER, LabelsAre, Portrait, portrait

NAME_CHARACTERS: Final = 60
"""Of the longest answer that may be a label."""
PRIVATE: Final[frozenset[PrivateKind]] = frozenset({"email", "phone", "ip", "iban", "card", "national", "secret"})

Payloads = Callable[[npt.NDArray[np.int64]], Sequence[str]]


def portrayed(table: pa.Table, payloads: Payloads, plan: Plan, *, spoken: pa.Table) -> Portrait:
    """Give the portrait of a build; `spoken` has the languages of a sample, as `measure.language.spoken` gives them."""
    labels = _strata(table)
    labels_are: LabelsAre | None = None
    if labels is not None:
        labels_are = "the sources" if plan.split.stratify == "source" else "the label column"
    elif plan.target.method == "sft":
        labels = _answers(table, payloads)
        labels_are = "the answers" if labels is not None else None
    return portrait(table, labels=labels, labels_are=labels_are, languages=languages(spoken))


def _strata(table: pa.Table) -> dict[str, int] | None:
    """Count the kept rows of each label; None where the plan names no label, or there are too many."""
    counts = pc.value_counts(table["stratum"].filter(pc.equal(table["fate"], "kept")).drop_null())
    if not 0 < len(counts) <= MOST_LABELS:
        return None
    return _sorted({entry["values"]: entry["counts"] for entry in counts.to_pylist()})


def _answers(table: pa.Table, payloads: Payloads) -> dict[str, int] | None:
    """Count the kept rows of each answer, where they are so few and so short that they are labels."""
    kept = np.flatnonzero(pc.equal(table["fate"], "kept").to_numpy(zero_copy_only=False))
    answers = np.asarray(pc.fill_null(table["answer"], 0))[kept]
    _, first, counts = np.unique(answers, return_index=True, return_counts=True)
    if not 1 < len(first) <= MOST_ANSWERS or len(kept) < ROWS_AN_ANSWER * len(first):
        return None
    rows = kept[first]
    texts = payloads(np.sort(rows))
    by_row = dict(zip(np.sort(rows).tolist(), map(_answer, texts), strict=True))
    found: Counter[str] = Counter()
    for row, count in zip(rows.tolist(), counts.tolist(), strict=True):
        found[by_row[row]] += count
    if any(len(name) > NAME_CHARACTERS for name in found):
        return None
    return _sorted(found)


def _answer(payload: str) -> str:
    """Give the last answer as the name of a label, with what is private masked."""
    found = passages_of(payload, method="sft")
    text = " ".join(" ".join(found.texts[found.answer_at :]).split()) if found.answer_at is not None else ""
    return text if len(text) > NAME_CHARACTERS else masked(text, PRIVATE)


def _sorted(counts: dict[str, int] | Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
