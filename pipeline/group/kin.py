"""Kin: rows that must not be parted by the split. Twins, rows with one prompt, rows of one family."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.group.order import codes

Indices = npt.NDArray[np.int64]

OPEN_SHARE: Final = 0.2
OPEN_ANSWERS: Final = 5
"""A prompt of at least this share of all rows, with at least so many answers, is an open task (*write a story*):
its answers are no conflict, and it does not bind rows to one side."""


def kin(rows: pa.Table, centre: Indices, content: Indices) -> Indices:
    """Give components over groups, prompts (open tasks apart) and families; rows that stand alone have their own."""
    everyone = np.arange(len(centre))
    links, hubs, size = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], len(everyone)
    for known, numbers in (
        (everyone, centre),
        _bound(rows["prompt"], content),
        _known(rows["family"]),
    ):
        shared = np.bincount(numbers)[numbers] > 1 if len(numbers) else np.zeros(0, dtype=bool)
        links.append(known[shared])
        hubs.append(size + numbers[shared])
        size += int(numbers.max(initial=-1)) + 1
    here, there = np.concatenate(links), np.concatenate(hubs)
    if len(here) == 0:  # everyone is alone: scipy need not be imported, half of a small check's time
        return everyone
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ends, places = np.unique(np.concatenate([here, there]), return_inverse=True)
    graph = coo_matrix((np.ones(len(here), np.int8), np.split(places, 2)), shape=(len(ends), len(ends))).tocsr()
    _, labels = connected_components(graph, directed=False)
    found = everyone.copy()
    found[here] = len(everyone) + labels[places[: len(here)]]
    return found


def conflicts(facts: pa.Table) -> list[Indices]:
    """Give the row numbers of each prompt that has several answers (several contents), open tasks apart.

    `facts` has prompt and content; groups come in the order of their first row.
    """
    known, prompt = _known(facts["prompt"])
    content = codes(facts["content"].take(pa.array(known)))
    torn = _torn(prompt, content)
    torn &= ~_is_open(prompt, content, facts.num_rows)
    order = np.argsort(prompt, kind="stable")
    order = order[torn[prompt[order]]]
    cuts = np.flatnonzero(np.diff(prompt[order])) + 1
    found = [known[part] for part in np.split(order, cuts) if len(part)]
    return sorted(found, key=lambda part: int(part[0]))


def _known(column: pa.ChunkedArray) -> tuple[Indices, Indices]:
    """Give the rows that have a value, and its number."""
    known = np.flatnonzero(column.is_valid().to_numpy())
    return known, codes(column.take(pa.array(known)) if len(known) < len(column) else column)


def _bound(prompts: pa.ChunkedArray, content: Indices) -> tuple[Indices, Indices]:
    known, prompt = _known(prompts)
    bound = ~_is_open(prompt, content[known], len(prompts))[prompt]
    return known[bound], prompt[bound]


def _torn(prompt: Indices, content: Indices) -> npt.NDArray[np.bool_]:
    """Say of each prompt whether it has more than one content."""
    count = int(prompt.max(initial=-1)) + 1
    least, most = np.full(count, np.iinfo(np.int64).max), np.full(count, -1, np.int64)
    np.minimum.at(least, prompt, content)
    np.maximum.at(most, prompt, content)
    torn: npt.NDArray[np.bool_] = least < most
    return torn


def _is_open(prompt: Indices, content: Indices, rows: int) -> npt.NDArray[np.bool_]:
    """Say of each prompt whether it is an open task."""
    shared = np.bincount(prompt, minlength=int(prompt.max(initial=-1)) + 1)
    is_open: npt.NDArray[np.bool_] = shared >= OPEN_SHARE * rows
    for number in np.flatnonzero(is_open):  # at most five
        is_open[number] = len(np.unique(content[prompt == number])) >= OPEN_ANSWERS
    return is_open
