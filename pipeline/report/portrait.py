"""The portrait of a dataset: what a later build is compared with. Counts and quantiles, no text but the labels' names."""

from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipeline.core.target import Settings

LabelsAre = Literal["the label column", "the sources", "the answers"]
SHARES: Final = (*(step / 40 for step in range(40)), 0.98, 0.985, 0.99, 0.995, 0.999, 1.0)
"""Where quantiles are kept: every 2.5 %, and closer where lengths have their long tail. Enough to say how far chance
moves a median or a 95 % quantile."""
MOST_LABELS: Final = 1_000
MOST_ANSWERS: Final = 200
ROWS_AN_ANSWER: Final = 10
"""Rows for each different answer, on average, from which short answers are counted as labels."""
SHORT: Final = 3
"""Tokens below which an answer is hardly one, where answers are no labels."""


class Quantiles(Settings):
    """Tokens of the kept examples at the shares of `SHARES`, from the smallest to the largest."""

    tokens: tuple[float, ...]
    """Of the whole example."""
    prompt_tokens: tuple[float, ...]
    """Of its user turns."""
    answer_tokens: tuple[float, ...]
    """Of its assistant turns."""


class Portrait(Settings):
    """What a build leaves to be compared with the next."""

    examples: int
    quantiles: Quantiles | None = None
    """None: nothing was kept, or nothing was counted."""
    short_answers: int = 0
    """Kept examples whose assistant turns have fewer than three tokens."""
    labels: dict[str, int] | None = None
    """Label → kept examples. None: there are no labels, or too many different answers to call them so."""
    labels_are: LabelsAre | None = None
    languages: dict[str, int] = Field(default_factory=dict)
    """Language → examples of a sample of at most 2,000 kept ones."""


def portrait(
    table: pa.Table,
    *,
    labels: dict[str, int] | None,
    labels_are: LabelsAre | None,
    languages: dict[str, int],
) -> Portrait:
    """Give the portrait of the kept rows; `table` has fate and tokens."""
    kept = table.select(["tokens"]).filter(pc.equal(table["fate"], "kept"))
    counted = kept.filter(pc.is_valid(kept["tokens"]))
    answers = _numbers(counted, "assistant")
    return Portrait(
        examples=len(kept),
        quantiles=Quantiles(
            tokens=_quantiles(_numbers(counted, "total")),
            prompt_tokens=_quantiles(_numbers(counted, "user")),
            answer_tokens=_quantiles(answers),
        )
        if len(counted)
        else None,
        short_answers=int((answers < SHORT).sum()),
        labels=labels,
        labels_are=labels_are,
        languages=languages,
    )


def _quantiles(counts: npt.NDArray[np.int64]) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in np.quantile(np.sort(counts), SHARES))


def _numbers(rows: pa.Table, part: str) -> npt.NDArray[np.int64]:
    return np.asarray(pc.fill_null(pc.struct_field(rows["tokens"], part), 0), dtype=np.int64)
