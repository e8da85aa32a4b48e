"""The global steps in rounds give what one pass over everything gives, whatever the graph and the number of buckets."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cluster.components import LINKS, send_links, tie
from pipeline.cluster.engine import Here
from pipeline.cluster.keys import RANK, homes
from pipeline.cluster.stars import EDGES, settle_stars
from pipeline.cluster.store import Mail, Store
from pipeline.core.columns import DIGEST

Pairs = st.lists(st.tuples(st.integers(0, 24), st.integers(0, 24)), max_size=60)


def key(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()[:16]


def fresh(folder: Path, name: str) -> Store:
    store = Store(f"file://{folder}/{name}")
    store.clear()
    return store


def tied(store: Store, pairs: list[tuple[int, int]], buckets: int) -> dict[bytes, bytes]:
    ends = [sorted((key(one), key(other)), reverse=True) for one, other in pairs if one != other]
    links = pa.table([pa.array(side, DIGEST) for side in zip(*ends, strict=True)] or [[], []], schema=LINKS)
    for sender in range(buckets):
        send_links(Mail(store, "links/0", buckets, buckets), sender, links.slice(0, len(links) if not sender else 0))
    tie(Here(), store, buckets)
    found = pa.concat_tables(store.load(f"kin/{bucket:07}") for bucket in range(buckets))
    return dict(zip(found["large"].to_pylist(), found["small"].to_pylist(), strict=True))


def components(pairs: list[tuple[int, int]]) -> dict[bytes, bytes]:
    """Give for each key that is not the smallest of its component the smallest."""
    smallest = {number: key(number) for pair in pairs for number in pair}
    for _ in smallest:
        for one, other in pairs:
            smallest[one] = smallest[other] = min(smallest[one], smallest[other])
    return {key(number): least for number, least in smallest.items() if key(number) != least}


@settings(max_examples=40)
@given(pairs=Pairs, buckets=st.integers(1, 4))
def test_components_are_named_by_their_smallest_key(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int]], buckets: int
) -> None:
    store = fresh(tmp_path_factory.getbasetemp(), "components")

    assert components(pairs) == tied(store, pairs, buckets)


def test_a_long_chain_is_one_component(tmp_path: Path) -> None:
    chain = [(number, number + 1) for number in range(300)]

    found = tied(fresh(tmp_path, "chain"), chain, 3)

    assert {min(map(key, range(301)))} == set(found.values())
    assert len(found) == 300


def rank(number: int) -> bytes:
    return bytes([number % 5 == 4]) + key(number)


def settled(store: Store, pairs: list[tuple[int, int]], buckets: int) -> dict[bytes, tuple[bytes, float]]:
    alike = {frozenset(pair): np.float32(0.7 + 0.001 * sum(pair)) for pair in pairs if len(set(pair)) == 2}
    ends = [
        (one, other, alike[frozenset((one, other))])
        for pair in alike
        for one, other in [tuple(pair), tuple(pair)[::-1]]
    ]
    home = {number: int(homes(pa.array([key(number)], DIGEST), buckets)[0]) for pair in pairs for number in pair}
    edges = pa.table(
        {
            "row": pa.array([rank(one) for one, _, _ in ends], RANK),
            "other": pa.array([rank(other) for _, other, _ in ends], RANK),
            "home": pa.array([home[other] for _, other, _ in ends], pa.int32()),
            "likeness": pa.array([value for *_, value in ends], pa.float32()),
        },
        schema=EDGES,
    )
    to = np.array([home[one] for one, _, _ in ends], np.int64)
    for sender in range(buckets):
        own = slice(None) if sender == 0 else slice(0, 0)
        Mail(store, "edges", buckets, buckets).send(sender, edges.slice(0, len(to[own])), to[own])
    settle_stars(Here(), Mail(store, "edges", buckets, buckets))
    found = pa.concat_tables(store.load(f"stars/{bucket:07}") for bucket in range(buckets)).to_pylist()
    return {line["row"]: (line["centre"], line["likeness"]) for line in found}


def in_order_of_rank(pairs: list[tuple[int, int]]) -> dict[bytes, tuple[bytes, float]]:
    """Whoever has no centre yet becomes one and takes its free neighbours."""
    neighbours: dict[int, set[int]] = {}
    for one, other in pairs:
        if one != other:
            neighbours.setdefault(one, set()).add(other)
            neighbours.setdefault(other, set()).add(one)
    taken: dict[int, int] = {}
    centres: set[int] = set()
    for one in sorted(neighbours, key=rank):
        if one not in taken:
            centres.add(one)
            taken |= dict.fromkeys(neighbours[one] - taken.keys() - centres, one)
    return {rank(one): (rank(centre), float(np.float32(0.7 + 0.001 * (one + centre)))) for one, centre in taken.items()}


@settings(max_examples=40)
@given(pairs=Pairs, buckets=st.integers(1, 4))
def test_stars_are_those_of_one_pass_in_order_of_rank(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int]], buckets: int
) -> None:
    store = fresh(tmp_path_factory.getbasetemp(), "stars")

    assert in_order_of_rank(pairs) == settled(store, pairs, buckets)
