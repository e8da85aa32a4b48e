"""The examples of a dataset belong together."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.facts import shipped
from pipeline.core.finding import Severity
from pipeline.core.rule import RowFlaw, dataset_rule
from pipeline.core.target import Limits

ENOUGH: Final = 20
"""Rows below which shares say little."""
ODD_SHARE: Final = 0.05
"""Share below which the odd ones out are few enough to name."""
LABELS: Final = 100
"""Most different answers that are called labels; each is given twenty times on average, or more."""
ONE_ANSWER: Final = 0.5
UNEVEN: Final = 20
"""Examples of the commonest label for one of the rarest."""


@dataset_rule("dataset.mixed-system", severity=Severity.WARNING, methods=("sft", "dpo"))
def mixed_system(facts: pa.Table, _limits: Limits) -> Iterator[RowFlaw]:
    """Some examples begin with a system prompt and some do not, so the model learns two manners of being asked.

    Give all the same system prompt that you will use later, or none.
    """
    rows = shipped(facts, "roles")
    guided = pc.sum(pc.match_substring_regex(rows["roles"], "^[sd]")).as_py() or 0
    if 0 < guided < rows.num_rows:
        yield RowFlaw(
            None, "", f"{guided:,} of {rows.num_rows:,} examples begin with a system prompt; expected all or none."
        )


@dataset_rule("dataset.mixed-formats")
def mixed_formats(facts: pa.Table, _limits: Limits) -> Iterator[RowFlaw]:
    """One file holds examples of several formats; trainers take the first line's format and fail on the others.

    Sort the lines into files by format, and build each by its own recipe. Needs `findings`.
    """
    if "findings" in facts.column_names:
        codes = pc.struct_field(pc.list_flatten(facts["findings"]), "code")
        strange = pc.sum(pc.is_in(codes, pa.array(["format.not-chat", "format.not-a-pair"]))).as_py() or 0
        chats = pc.sum(pc.greater(facts["turns"], 0)).as_py() or 0
        if strange and chats:
            yield RowFlaw(
                None, "", f"{strange:,} of {strange + chats:,} rows are in another format; expected one format."
            )


@dataset_rule("dataset.one-answer", severity=Severity.WARNING, methods=("sft",))
def one_answer(facts: pa.Table, _limits: Limits) -> Iterator[RowFlaw]:
    """Most examples have one and the same answer: the model learns to give it whatever is asked.

    Drop most of them, or add examples with other answers. Needs `answer`.
    """
    counts = _answers(facts)
    total = counts.sum()
    if total >= ENOUGH and len(counts) > 1 and counts[0] > ONE_ANSWER * total:
        yield RowFlaw(None, "", f"{counts[0]:,} of {total:,} examples have the same answer.")


@dataset_rule("dataset.label-imbalance", severity=Severity.INFO, methods=("sft",))
def label_imbalance(facts: pa.Table, _limits: Limits) -> Iterator[RowFlaw]:
    """The answers are labels, and some are so much rarer than others that the model will hardly give them.

    Add examples of the rare labels, or thin out the common ones. Needs `answer`.
    """
    counts = _answers(facts)
    is_labels = 1 < len(counts) <= min(LABELS, counts.sum() // ENOUGH)
    if is_labels and counts[0] >= UNEVEN * counts[-1]:
        yield RowFlaw(
            None, "", f"{len(counts)} labels: the commonest has {counts[0]:,} examples, the rarest {counts[-1]:,}."
        )


def _answers(facts: pa.Table) -> npt.NDArray[np.int64]:
    """Give how often each answer is given, the commonest first."""
    if "answer" not in facts.column_names:
        return np.zeros(0, np.int64)
    _, counts = np.unique(shipped(facts, "answer")["answer"].drop_null().to_numpy(), return_counts=True)
    return np.sort(counts)[::-1]


@dataset_rule("dataset.nothing-trained", methods=("sft",))
def nothing_trained(facts: pa.Table, _limits: Limits) -> Iterator[RowFlaw]:
    """No token of the whole dataset is learned: every answer has weight 0 or is empty.

    Give the answers that shall be learned weight 1. Needs `trained_tokens`.
    """
    rows = shipped(facts, "trained_tokens")
    if rows.num_rows and pc.sum(rows["trained_tokens"]).as_py() == 0:
        yield RowFlaw(None, "", f"0 trained tokens in {rows.num_rows:,} examples; expected some.")
