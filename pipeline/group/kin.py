"""Kin: rows that must not be parted by the split. Twins, rows with one prompt, rows of one family."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from pipeline.core.columns import DIGEST
from pipeline.core.verdicts import digest_lanes
from pipeline.core.word_hashes import Hashes
from pipeline.group.order import codes, first_rows

Indices = npt.NDArray[np.int64]

OPEN_SHARE: Final = 0.2
OPEN_ANSWERS: Final = 5
"""A prompt of at least this share of all rows, with at least so many answers, is an open task (*write a story*):
its answers are no conflict, and it does not bind rows to one side."""


def kin(rows: pa.Table, centre: Indices, content: Indices) -> pa.Array:
    """Give each row the name of its component over groups, prompts (open tasks apart) and families.

    The name is that of what binds it: the least family of its rows, else the least of their prompts, else the least
    digest. So a customer with one more ticket and a prompt with one more answer keep their name, and with it their side.
    """
    everyone = np.arange(len(centre))
    families, prompts = _known(rows["family"]), _bound(rows["prompt"], content)
    numbers = _components(len(centre), [(everyone, centre), prompts, families])
    anchors = digest_lanes(rows["digest"]).byteswap()
    kind = np.full(len(centre), 2, np.uint64)
    anchors[prompts[0]], kind[prompts[0]] = digest_lanes(rows["prompt"])[prompts[0]].byteswap(), 1
    anchors[families[0]], kind[families[0]] = _texts(rows["family"], *families), 0
    order = np.argsort(kind << np.uint64(62) | anchors[:, 0] >> np.uint64(2), kind="stable")
    names = np.ascontiguousarray(anchors[first_rows(numbers, order)[numbers]]).byteswap()
    return pa.Array.from_buffers(DIGEST, len(names), [None, pa.py_buffer(names.astype("<u8").tobytes())])


def _texts(column: pa.ChunkedArray, known: Indices, numbers: Indices) -> Hashes:
    """Give the digests of these values, numbered in the order of their first row, as numbers that sort as bytes do."""
    first = known[np.unique(numbers, return_index=True)[1]]
    digests = [xxhash.xxh3_128_digest(text.encode()) for text in column.take(pa.array(first)).to_pylist()]
    lanes: Hashes = np.frombuffer(b"".join(digests), ">u8").reshape(-1, 2).astype(np.uint64)
    return lanes[numbers]


def _components(count: int, bonds: Sequence[tuple[Indices, Indices]]) -> Indices:
    """Give each of `count` rows a number that it shares with all whom a bond ties to it: rows, and a number for each."""
    links, hubs, size = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], count
    for known, numbers in bonds:
        shared = np.bincount(numbers)[numbers] > 1 if len(numbers) else np.zeros(0, dtype=bool)
        links.append(known[shared])
        hubs.append(size + numbers[shared])
        size += int(numbers.max(initial=-1)) + 1
    here, there = np.concatenate(links), np.concatenate(hubs)
    found = np.arange(count)
    if len(here) == 0:  # everyone is alone: scipy need not be imported, half of a small check's time
        return found
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ends, places = np.unique(np.concatenate([here, there]), return_inverse=True)
    graph = coo_matrix((np.ones(len(here), np.int8), np.split(places, 2)), shape=(len(ends), len(ends))).tocsr()
    _, labels = connected_components(graph, directed=False)
    found[here] = count + labels[places[: len(here)]]
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
