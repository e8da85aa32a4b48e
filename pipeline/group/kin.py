"""Kin: rows that must not be parted by the split. Twins, rows with one prompt, rows of one family."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from pipeline.core.columns import DIGEST
from pipeline.core.verdicts import digest_lanes
from pipeline.group.order import codes, first_rows
from pipeline.group.ties import tied

Indices = npt.NDArray[np.int64]

OPEN_SHARE: Final = 0.2
OPEN_ANSWERS: Final = 5
"""A prompt of at least this share of all rows, with at least so many answers, is an open task (*write a story*):
its answers are no conflict, and it does not bind rows to one side."""


class Bond(IntEnum):
    """What binds a component: the least name is that of the strongest bond."""

    FAMILY = 0
    PROMPT = 1
    ALONE = 2
    """Nothing from outside: the least digest of the rows."""


def kin(rows: pa.Table, centre: Indices, content: Indices) -> pa.Array:
    """Give each row the name of its component over groups, prompts (open tasks apart) and families.

    The name is that of what binds it: the least family of its rows, else the least of their prompts, else the least
    digest. So a customer with one more ticket and a prompt with one more answer keep their name, and with it their side.
    """
    everyone = np.arange(len(centre))
    families, prompts = _known(rows["family"]), _bound(rows["prompt"], content)
    numbers = _components(len(centre), [(everyone, centre), prompts, families])
    names = _names(rows["digest"], Bond.ALONE)
    names[prompts[0]] = _names(rows["prompt"], Bond.PROMPT)[prompts[0]]
    names[families[0]] = _names(_families(rows["family"], *families), Bond.FAMILY)
    order = np.argsort(names.view(">u8")[:, 0].astype(np.uint64), kind="stable")
    return _digests(names[first_rows(numbers, order)[numbers]])


def bond_names(keys: pa.ChunkedArray | pa.Array, bond: Bond) -> pa.Array:
    """Give the names of these 16-byte keys as bonds of this kind; null for null."""
    return pc.if_else(keys.is_valid(), pa.chunked_array([_digests(_names(keys, bond))]), None)


def family_keys(families: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Give a 16-byte key of each family."""
    texts = (text.encode("utf-8", "surrogatepass") for text in families.to_pylist())
    return pa.array([xxhash.xxh3_128_digest(text) for text in texts], DIGEST)


def _names(keys: pa.ChunkedArray | pa.Array, bond: Bond) -> npt.NDArray[np.uint8]:
    """Give the bytes of names, of shape (rows, 16): the two highest bits are the bond, the others the key's."""
    names = digest_lanes(keys).astype("<u8").view(np.uint8).reshape(-1, 16)
    names[:, 0] = names[:, 0] & 0x3F | bond << 6
    return names


def _digests(names: npt.NDArray[np.uint8]) -> pa.Array:
    return pa.Array.from_buffers(DIGEST, len(names), [None, pa.py_buffer(names.tobytes())])


def _families(column: pa.ChunkedArray, known: Indices, numbers: Indices) -> pa.Array:
    """Give the key of each known family; `numbers` count families in the order of their first row."""
    first = known[np.unique(numbers, return_index=True)[1]]
    return family_keys(column.take(pa.array(first))).take(pa.array(numbers))


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
    ends, places = np.unique(np.concatenate([here, there]), return_inverse=True)
    found[here] = count + tied(len(ends), *np.split(places, 2))[places[: len(here)]]
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


def bound_prompts(facts: pa.Table) -> tuple[Indices, Indices]:
    """Give the rows whose prompt binds them, and the number of it; `facts` has prompt and content."""
    return _bound(facts["prompt"], codes(facts["content"]))


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
