"""Groups of twins (one of each is enough), kin (never apart), and conflicts (one prompt, several answers).

Works on the thin table of facts; payloads are fetched only for rows that share a near-duplicate key, a few thousand at
a time. All of it is independent of the order of rows: digests decide, never positions.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.columns import GROUP
from pipeline.core.example import Method
from pipeline.core.passages import Passages
from pipeline.core.plain import quick_passages
from pipeline.core.settings import DedupeSettings
from pipeline.core.verdicts import NOT_TWINS, PairVerdicts, digest_lanes, pair_keys
from pipeline.core.word_hashes import Hashes
from pipeline.group.bags import bags, jaccards
from pipeline.group.candidates import candidates
from pipeline.group.likeness import compared, likeness

Indices = npt.NDArray[np.int64]
PayloadOf = Callable[[Sequence[int]], list[str]]

COMPARISON: Final = "words-1"
"""Version of the comparison; a change of what makes near twins is a new one, and verdicts of the old are not found."""
MANY_PAIRS: Final = 1_000_000
"""Candidates whose words are held as numbers at a time: at most half a gigabyte."""
PAIRS_AT_ONCE: Final = 4_096
"""Close pairs whose texts are compared word by word at a time."""
PAYLOADS_AT_ONCE: Final = 2_048
ROUNDING: Final = 1e-9
OPEN_SHARE: Final = 0.2
OPEN_ANSWERS: Final = 5
"""A prompt of at least this share of all rows, with at least so many answers, is an open task (*write a story*):
its answers are no conflict, and it does not bind rows to one side."""


class _Edges(NamedTuple):
    """Verified near twins among distinct contents."""

    first: Indices
    second: Indices
    likeness: npt.NDArray[np.float32]


def group(
    facts: pa.Table,
    payload_of: PayloadOf,
    settings: DedupeSettings,
    *,
    method: Method = "sft",
    verdicts: PairVerdicts | None = None,
) -> pa.Table:
    """Give `columns.GROUP` for every row; null where a row has no digest.

    `facts` has name, digest, content, prompt, keys, family and is_sound; `payload_of` gives payloads by row number.
    `verdicts` are asked before two rows are fetched and compared, and learn what was found; None: nothing is known.
    Every member of a group is verified against its centre: the smallest digest of its sound members, else of all.
    """
    here = np.flatnonzero(pc.is_valid(facts["digest"]).to_numpy())
    rows = facts.take(pa.array(here))
    rank = _ranks(rows, by_soundness=True)
    content = _codes(rows["content"] if settings.exact else rows["digest"])
    chief = _first(content, rank)
    centre = content
    alike = np.full(len(here), np.nan, np.float32)
    alike[np.bincount(content, minlength=len(chief))[content] > 1] = 1.0
    if settings.near and len(here) > 1:
        fetch = _fetcher(chief, lambda wanted: payload_of(here[wanted].tolist()), method)
        lanes = digest_lanes(rows["content"].take(pa.array(chief)))
        pairs = candidates(rows["keys"].take(pa.array(chief)), rank[chief])
        edges = _verified(pairs, lanes, fetch, verdicts, settings=settings, method=method)
        stars, likeness_of = _stars(edges, rank[chief])
        centre = stars[content]
        near = likeness_of[content]
        alike = np.where(np.isnan(near), alike, near)
    smallest = _ranks(rows, by_soundness=False)
    columns = [_named(rows, codes, smallest) for codes in (centre, _kin(rows, centre, content))]
    return _spread(columns, alike, here, facts.num_rows)


def spokesmen(facts: pa.Table, group: pa.ChunkedArray | pa.Array) -> Indices:
    """Give for every row the row number that speaks for its group among sound rows, -1 where none is sound.

    The smallest digest speaks, then the smallest name. `facts` has name, digest and is_sound.
    """
    codes = _codes(group)
    first = _first(codes, _ranks(facts, by_soundness=True))
    sound = facts["is_sound"].to_numpy()
    speaker = np.where(sound[first], first, -1)[codes]
    return np.where(pc.is_valid(group).to_numpy(zero_copy_only=False), speaker, -1)


def conflicts(facts: pa.Table) -> list[Indices]:
    """Give the row numbers of each prompt that has several answers (several contents), open tasks apart.

    `facts` has prompt and content; groups come in the order of their first row.
    """
    known = np.flatnonzero(pc.is_valid(facts["prompt"]).to_numpy())
    rows = facts.select(["prompt", "content"]).take(pa.array(known))
    prompt, content = _codes(rows["prompt"]), _codes(rows["content"])
    torn = _answers(prompt, content) > 1
    torn &= ~_is_open(prompt, content, facts.num_rows)
    order = np.argsort(prompt, kind="stable")
    order = order[torn[prompt[order]]]
    cuts = np.flatnonzero(np.diff(prompt[order])) + 1
    found = [known[part] for part in np.split(order, cuts) if len(part)]
    return sorted(found, key=lambda part: int(part[0]))


def _verified(
    found: Iterator[Indices],
    contents: Hashes,
    fetch: Callable[[Indices], Iterator[Passages]],
    verdicts: PairVerdicts | None,
    *,
    settings: DedupeSettings,
    method: Method,
) -> _Edges:
    """Give the near twins among candidates, comparing those that `verdicts` do not know."""
    rules = f"{COMPARISON} {method} {settings.threshold} {settings.terse}"
    twins, values = [np.zeros((0, 2), np.int64)], [np.zeros(0, np.float32)]
    for pairs in _portions(found, MANY_PAIRS):
        if verdicts is None:
            alike = _compared(pairs, fetch, settings)
        else:
            keys = pair_keys(contents[pairs[:, 0]], contents[pairs[:, 1]], rules=rules)
            alike = verdicts.look_up(keys)
            unknown = np.flatnonzero(np.isnan(alike))
            alike[unknown] = _compared(pairs[unknown], fetch, settings)
            if len(unknown):
                _, first = np.unique(keys[unknown], return_index=True)
                verdicts.add(keys[unknown[first]], alike[unknown[first]])
        twins.append(pairs[alike > NOT_TWINS])
        values.append(alike[alike > NOT_TWINS])
    first, second = np.concatenate(twins).T
    return _Edges(first, second, np.concatenate(values))


def _compared(
    pairs: Indices, fetch: Callable[[Indices], Iterator[Passages]], settings: DedupeSettings
) -> npt.NDArray[np.float32]:
    """Give the likeness of each pair of contents, 0 where they are no twins."""
    found = np.zeros(len(pairs), np.float32)
    if len(pairs) == 0:
        return found
    wanted, places = np.unique(pairs, return_inverse=True)
    alike = jaccards(places.reshape(-1, 2), bags(fetch(wanted)), least=settings.threshold)
    for some in _portions(iter([np.flatnonzero(alike >= settings.threshold - ROUNDING)]), PAIRS_AT_ONCE):
        close = pairs[some]
        codes = np.unique(close)
        known = {int(code): compared(one) for code, one in zip(codes, fetch(codes), strict=True)}
        for place, (first, second) in zip(some.tolist(), close.tolist(), strict=True):
            value = likeness(known[first], known[second], threshold=settings.threshold, terse=settings.terse)
            found[place] = NOT_TWINS if value is None else value
    return found


def _fetcher(
    chief: Indices, payload_of: Callable[[Indices], list[str]], method: Method
) -> Callable[[Indices], Iterator[Passages]]:
    """Give the function that fetches the passages of contents, a few thousand payloads at a time."""

    def fetch(codes: Indices) -> Iterator[Passages]:
        for start in range(0, len(codes), PAYLOADS_AT_ONCE):
            for payload in payload_of(chief[codes[start : start + PAYLOADS_AT_ONCE]]):
                yield quick_passages(payload, method=method)

    return fetch


def _portions(pairs: Iterator[Indices], size: int) -> Iterator[Indices]:
    for some in pairs:
        for start in range(0, len(some), size):
            yield some[start : start + size]


def _stars(edges: _Edges, rank: Indices) -> tuple[Indices, npt.NDArray[np.float32]]:
    """Give each content its centre, and its likeness to it (NaN for one that stands alone).

    In order of rank, whoever has no centre yet becomes one and takes its free neighbours: no chain of small steps joins
    what is not alike.
    """
    centre = np.arange(len(rank))
    alike = np.full(len(rank), np.nan, np.float32)
    neighbours: dict[int, list[tuple[int, float]]] = {}
    for first, second, value in zip(edges.first.tolist(), edges.second.tolist(), edges.likeness.tolist(), strict=True):
        neighbours.setdefault(first, []).append((second, value))
        neighbours.setdefault(second, []).append((first, value))
    for code in sorted(neighbours, key=lambda code: int(rank[code])):
        if not np.isnan(alike[code]):
            continue
        for other, value in neighbours[code]:
            if np.isnan(alike[other]):
                centre[other], alike[other], alike[code] = code, value, 1.0
    return centre, alike


def _kin(rows: pa.Table, centre: Indices, content: Indices) -> Indices:
    """Give components over groups, prompts (open tasks apart) and families."""
    everyone = np.arange(len(centre))
    links, hubs, size = [everyone], [len(everyone) + centre], len(everyone) + len(everyone)
    for name in ("prompt", "family"):
        known = np.flatnonzero(pc.is_valid(rows[name]).to_numpy())
        codes = _codes(rows[name].take(pa.array(known)))
        if name == "prompt":
            bound = ~_is_open(codes, content[known], len(everyone))[codes]
            known, codes = known[bound], codes[bound]
        links.append(known)
        hubs.append(size + codes)
        size += int(codes.max(initial=-1)) + 1
    here, there = np.concatenate(links), np.concatenate(hubs)
    if len(np.unique(there)) == len(
        there
    ):  # everyone is alone: scipy need not be imported, half of a small check's time
        return everyone
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(here), np.int8), (here, there)), shape=(size, size)).tocsr()
    _, labels = connected_components(graph, directed=False)
    return np.unique(labels[: len(everyone)], return_inverse=True)[1].astype(np.int64)


def _answers(prompt: Indices, content: Indices) -> Indices:
    """Give the number of distinct contents of each prompt."""
    pairs = np.unique(np.stack([prompt, content], axis=1), axis=0) if len(prompt) else np.zeros((0, 2), np.int64)
    numbers: Indices = np.bincount(pairs[:, 0], minlength=int(prompt.max(initial=-1)) + 1)
    return numbers


def _is_open(prompt: Indices, content: Indices, rows: int) -> npt.NDArray[np.bool_]:
    """Say of each prompt whether it is an open task."""
    shared = np.bincount(prompt, minlength=int(prompt.max(initial=-1)) + 1)
    is_open: npt.NDArray[np.bool_] = (shared >= OPEN_SHARE * rows) & (_answers(prompt, content) >= OPEN_ANSWERS)
    return is_open


def _ranks(rows: pa.Table, *, by_soundness: bool) -> Indices:
    """Give each row its place by (soundness, sound rows first,) digest and name."""
    halves = np.frombuffer(b"".join(_bytes(rows["digest"])), ">u8").reshape(-1, 2).astype(np.uint64)
    unsound = ~rows["is_sound"].to_numpy() if by_soundness else np.zeros(rows.num_rows, dtype=bool)
    keys = pa.table({"unsound": unsound, "high": halves[:, 0], "low": halves[:, 1], "name": rows["name"]})
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names]).to_numpy()
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


def _bytes(digests: pa.ChunkedArray) -> list[bytes]:
    return [digest or bytes(16) for digest in digests.to_pylist()]


def _codes(column: pa.ChunkedArray | pa.Array) -> Indices:
    """Give equal values equal numbers from 0."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    codes: Indices = whole.dictionary_encode(null_encoding="encode").indices.to_numpy(zero_copy_only=False)
    return codes.astype(np.int64)


def _first(codes: Indices, rank: Indices) -> Indices:
    """Give for each code the row of smallest rank."""
    best = np.full(int(codes.max(initial=-1)) + 1, len(rank), np.int64)
    np.minimum.at(best, codes, rank)
    row_of = np.empty(len(rank), np.int64)
    row_of[rank] = np.arange(len(rank))
    return row_of[best]


def _named(rows: pa.Table, codes: Indices, rank: Indices) -> pa.Array:
    """Give each row the smallest digest of those that share its code."""
    dense = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    return rows["digest"].combine_chunks().take(pa.array(_first(dense, rank)[dense]))


def _spread(columns: Sequence[pa.Array], alike: npt.NDArray[np.float32], here: Indices, rows: int) -> pa.Table:
    """Give the table of all rows from that of the rows which have a digest."""
    place = np.zeros(rows, np.int64)
    place[here] = np.arange(len(here))
    absent = np.ones(rows, dtype=bool)
    absent[here] = False
    values = [*columns, pa.array(alike, pa.float32(), mask=np.isnan(alike))]
    index = pa.array(place, mask=absent)
    return pa.table([value.take(index) for value in values], schema=GROUP)
