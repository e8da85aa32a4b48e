"""Near twins become groups on many machines: the same choice as `group` makes in order of rank, made in rounds.

In order of rank, whoever has no centre yet becomes one and takes its free neighbours. So a row is a centre when none of
its neighbours of smaller rank is one, and its centre is the first of those that are: what one bucket has decided is
told to the neighbours, until everybody has decided. The number of rounds is that of the longest chain of ranks, which is
about the logarithm of the rows (Blelloch, Fineman, Shun: Greedy Sequential Maximal Independent Set is Parallel on
Average, 2012), because digests are as good as random.
"""

from functools import partial
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.cluster.engine import Engine
from pipeline.cluster.keys import RANK, found
from pipeline.cluster.store import Mail, Store

Numbers = npt.NDArray[np.int64]
Said = npt.NDArray[np.int8]

UNKNOWN, CENTRE, TAKEN = 0, 1, 2
EDGES: Final = pa.schema(
    [
        pa.field("row", RANK),
        pa.field("other", RANK),
        pa.field("home", pa.int32()),  # bucket of the other
        pa.field("likeness", pa.float32()),
    ]
)
"""Verified near twins, each pair in both directions, with whoever lives in a bucket as `row`."""
TAKEN_BY: Final = pa.schema(
    [
        pa.field("row", RANK),
        pa.field("centre", RANK),
        pa.field("home", pa.int32()),  # bucket of the centre
        pa.field("likeness", pa.float32()),
    ]
)
"""Who was taken by whom; who is not here is a centre or stands alone."""
_TOLD: Final = pa.schema([pa.field("row", RANK), pa.field("other", RANK), pa.field("said", pa.int8())])


class _Sky(NamedTuple):
    """Where the rounds keep what they know."""

    store: Store
    senders: int
    buckets: int

    def edges(self) -> Mail:
        return Mail(self.store, "edges", self.senders, self.buckets)

    def told(self, turn: int) -> Mail:
        return Mail(self.store, f"told/{turn}", self.buckets, self.buckets)


def settle_stars(engine: Engine, edges: Mail) -> int:
    """Decide who is taken by whom, from the mail `edges` to `stars/<bucket>`; gives the number of rounds."""
    sky, buckets = _Sky(edges.store, edges.senders, edges.receivers), edges.receivers
    turn = 0
    while sum(engine.each(partial(_round, sky, turn), range(buckets))):
        turn += 1
    engine.each(partial(_finish, sky, turn), range(buckets))
    return turn + 1


def _round(sky: _Sky, turn: int, bucket: int) -> int:
    """Decide what can be decided in this bucket, tell the neighbours, and give how many rows are left."""
    edges, said, state = _known(sky, turn, bucket)
    row, other = _codes(edges)
    here = edges["home"].to_numpy() == bucket
    before = state.copy()
    while _decide(row, other, said, state):
        said[here] = state[other[here]]
    news = (state[row] != before[row]) & (other > row) & ~here
    told = pa.table([edges["other"], edges["row"], state[row]], schema=_TOLD).filter(pa.array(news))
    sky.told(turn).send(bucket, told, edges["home"].to_numpy()[news].astype(np.int64))
    lasting = pa.table({"said": said, "state": state[row]})
    sky.store.save(f"sky/{turn}/{bucket:07}", [lasting])
    return int((np.unique(row[state[row] == UNKNOWN])).size)


def _decide(row: Numbers, other: Numbers, said: Said, state: Said) -> bool:
    """Decide every row whose neighbours of smaller rank say enough; False when none does."""
    lower = other < row
    has_centre, waits = np.zeros(len(state), dtype=bool), np.zeros(len(state), dtype=bool)
    has_centre[row[lower & (said == CENTRE)]] = True
    waits[row[lower & (said == UNKNOWN)]] = True
    is_open = np.zeros(len(state), dtype=bool)
    is_open[row] = state[row] == UNKNOWN
    taken, centre = is_open & has_centre, is_open & ~has_centre & ~waits
    state[taken], state[centre] = TAKEN, CENTRE
    return bool(taken.any() or centre.any())


def _known(sky: _Sky, turn: int, bucket: int) -> tuple[pa.Table, Said, Said]:
    """Give the edges, what is known of each edge's other end, and, by code, the state of each row."""
    edges = sky.edges().receive(bucket)
    row, _ = _codes(edges)
    said = np.zeros(len(edges), np.int8)
    state = np.zeros(2 * len(edges), np.int8)
    if turn:
        lasting = sky.store.load(f"sky/{turn - 1}/{bucket:07}")
        said, state[row] = lasting["said"].to_numpy().copy(), lasting["state"].to_numpy()
        told = sky.told(turn - 1).receive(bucket)
        places = found(_pairs(told), _pairs(edges))
        said[places] = told["said"].to_numpy()
    return edges, said, state


def _finish(sky: _Sky, turn: int, bucket: int) -> None:
    """Save, for each row that was taken, the first centre among its neighbours."""
    edges, said, _ = _known(sky, turn + 1, bucket)
    state = sky.store.load(f"sky/{turn}/{bucket:07}")["state"].to_numpy()
    row, other = _codes(edges)
    binding = (state == TAKEN) & (said == CENTRE) & (other < row)
    candidates = edges.filter(pa.array(binding))
    order = np.lexsort((other[binding], row[binding]))
    first = order[np.flatnonzero(np.diff(row[binding][order], prepend=-1))]
    sky.store.save(f"stars/{bucket:07}", [candidates.take(pa.array(first)).rename_columns(TAKEN_BY.names)])


def _codes(edges: pa.Table) -> tuple[Numbers, Numbers]:
    """Give both ends as numbers in the order of ranks."""
    every = pa.concat_arrays([*edges["row"].chunks, *edges["other"].chunks]) if len(edges) else pa.array([], RANK)
    distinct = every.unique()
    ordered = distinct.take(pc.sort_indices(distinct))
    codes = found(every, ordered)
    return codes[: len(edges)], codes[len(edges) :]


def _pairs(table: pa.Table) -> pa.Array:
    """Give both ends as one key."""
    columns = [table[name].cast(pa.binary()) for name in ("row", "other")]
    return pc.binary_join_element_wise(*columns, b"")
