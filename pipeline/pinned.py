"""The validation set that a plan pins: its examples are validation, and nothing that repeats one of them is trained on."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.core.finding import Severity
from pipeline.core.flaws import with_flaws
from pipeline.group import bound_prompts
from pipeline.plan import PINNED

CODE: Final = "split.pinned"

Mask = npt.NDArray[np.bool_]


def pinned_rows(table: pa.Table) -> Mask:
    """Say which rows are of the pinned file; `table` has source."""
    sources = table["source"].combine_chunks().dictionary_encode()
    is_pinned = np.array([name == PINNED for name in sources.dictionary.to_pylist()], dtype=bool)
    return is_pinned[sources.indices.to_numpy()] if len(is_pinned) else np.zeros(len(table), dtype=bool)


def without_answers_to(table: pa.Table, pinned: Mask) -> pa.Table:
    """Give the table with a finding for each row that asks what a pinned row asks and answers otherwise.

    `table` has name, prompt, content and findings; `pinned` are the sound rows of the pinned file. Rows that repeat one
    altogether are twins, and `group` finds them. An open task (`group.kin`) is asked by too many to tell anything.
    """
    known, prompts = bound_prompts(table)
    asked = pinned[known]
    first = np.full(int(prompts.max(initial=-1)) + 1, -1, np.int64)
    first[prompts[asked][::-1]] = known[asked][::-1]
    contents = table["content"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    repeats = np.isin(contents[known], contents[pinned])
    rows = np.flatnonzero((first[prompts] >= 0) & ~asked & ~repeats)
    return with_conflicts(table, known[rows], table["name"].take(pa.array(first[prompts[rows]])))


def with_conflicts(table: pa.Table, rows: npt.NDArray[np.int64], names: pa.ChunkedArray) -> pa.Table:
    """Give the table with a finding for each of these rows, which asks what the pinned row of this name asks."""
    messages = [
        f"Asks what {name} of the pinned validation set asks; no row on both sides." for name in names.to_pylist()
    ]
    return with_flaws(table, rows, CODE, Severity.ERROR, messages)
