"""Connected components on many machines, each named by its smallest key.

Alternating stars (Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii: Connected Components in MapReduce and Beyond,
2014): each key ties its larger neighbours to the smallest it knows, then its smaller ones, until nothing changes; then
every key is tied to the smallest of its component and to nobody else. Rounds grow with the square of the logarithm of
the component's size at most; no key ever needs to see more than its own neighbours.
"""

from functools import partial
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.cluster.engine import Engine
from pipeline.cluster.keys import distinct, halves, homes, lengths, runs
from pipeline.cluster.store import Mail, Store
from pipeline.core.columns import DIGEST

LINKS: Final = pa.schema([pa.field("large", DIGEST), pa.field("small", DIGEST)])
"""Two keys of one component, the larger first."""


class _Web(NamedTuple):
    """Where the rounds keep what they know."""

    store: Store
    buckets: int

    def links(self, turn: int) -> Mail:
        """Links at both of their ends."""
        return Mail(self.store, f"links/{turn}", self.buckets, self.buckets)

    def tied(self, turn: int) -> Mail:
        """Links at their larger end."""
        return Mail(self.store, f"tied/{turn}", self.buckets, self.buckets)


class _Sum(NamedTuple):
    """What tells two sets of links apart."""

    links: int
    checksum: int


def tie(engine: Engine, store: Store, buckets: int) -> int:
    """Tie every key to the smallest of its component, from the mail `links/0` to `kin/<bucket>`; gives the rounds."""
    web = _Web(store, buckets)
    before, turn = None, 0
    while True:
        engine.each(partial(_tie_larger, web, turn), range(buckets))
        sums = engine.each(partial(_tie_smaller, web, turn), range(buckets))
        now = _Sum(sum(one.links for one in sums), sum(one.checksum for one in sums) % (1 << 64))
        if now == before:
            return turn + 1
        before, turn = now, turn + 1


def send_links(mail: Mail, sender: int, links: pa.Table) -> None:
    """Leave each link at the homes of both its ends."""
    turned = links.rename_columns(["small", "large"]).select(["large", "small"])
    ends = pa.concat_tables([links, turned]).rename_columns(["key", "other"])
    mail.send(sender, ends, homes(ends["key"], mail.receivers))


def _tie_larger(web: _Web, turn: int, bucket: int) -> None:
    ends = distinct(web.links(turn).receive(bucket))
    firsts = runs(ends, "key")
    smallest = _smaller(ends["key"], ends["other"].take(pa.array(np.repeat(firsts, lengths(firsts, len(ends))))))
    links = pa.table([ends["other"], smallest], schema=LINKS)
    links = links.filter(pc.and_(pc.greater(ends["other"], ends["key"]), pc.not_equal(links["large"], links["small"])))
    # the key itself is tied by those neighbours that are smaller
    web.tied(turn).send(bucket, links, homes(links["large"], web.buckets))


def _tie_smaller(web: _Web, turn: int, bucket: int) -> _Sum:
    links = distinct(web.tied(turn).receive(bucket))
    web.store.save(f"kin/{bucket:07}", [links])
    firsts = runs(links, "large")
    smallest = links["small"].take(pa.array(np.repeat(firsts, lengths(firsts, len(links)))))
    among = pa.table([links["small"], smallest], schema=LINKS)
    ties = pa.concat_tables(
        [among.filter(pc.not_equal(among["large"], among["small"])), pa.table([links["large"], smallest], schema=LINKS)]
    )
    send_links(web.links(turn + 1), bucket, distinct(ties))
    return _Sum(len(links), _checksum(links))


def _smaller(one: pa.ChunkedArray, other: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.less(one, other), one, other)


def _checksum(links: pa.Table) -> int:
    one, other = halves(links["large"]), halves(links["small"])
    mixed = (one[:, 0] ^ np.uint64(0x9E3779B97F4A7C15)) * (other[:, 0] | np.uint64(1)) + one[:, 1] * (
        other[:, 1] | np.uint64(1)
    )
    return int(mixed.sum(dtype=np.uint64))
