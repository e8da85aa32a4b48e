"""Which rows say the same: contents meet in buckets, near ones by their keys, and pairs are compared text by text.

Every step sees one bucket or one part, and leaves what others need to know as mail. What `group` does with the whole
table in memory is done here in nine steps; `docs/scale.md` has them in a table.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.cluster.job import Job, part_of, row_numbers
from pipeline.cluster.keys import RANK, distinct, found, is_pinned, is_sound, lengths, runs
from pipeline.cluster.measured import least, merged
from pipeline.cluster.stars import EDGES
from pipeline.cluster.store import Numbers
from pipeline.core.columns import DIGEST
from pipeline.core.sketch import SKETCH, may_reach, sketches_of
from pipeline.core.verdicts import digest_lanes
from pipeline.group.candidates import met
from pipeline.group.stars import Edges
from pipeline.group.verify import SKETCHES_AT_ONCE, Comparison, Contents, verified

HIGH_BITS: Final = np.uint64(40)
"""Bits of a key below those that choose its bucket: room for the numbers of a million million contents."""
SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
_END: Final = [pa.field("row", pa.int64()), pa.field("rank", RANK), pa.field("home", pa.int32())]
BANDS: Final = pa.schema([pa.field("band", pa.int32()), pa.field("key", pa.uint64()), *_END])
PAIRS: Final = pa.schema([field.with_name(f"{end}_{field.name}") for end in ("first", "second") for field in _END])
TEXTS: Final = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("content", DIGEST),
        pa.field("sketch", SKETCH),
        pa.field("payload", pa.string()),
    ]
)
MEMBERS: Final = pa.schema(
    [
        pa.field("centre", RANK),
        pa.field("rank", RANK),
        pa.field("home", pa.int32()),
        pa.field("smallest", DIGEST),
        pa.field("alone", DIGEST),
        pa.field("name", pa.string()),
    ]
)
REPLIES: Final = pa.schema(
    [
        pa.field("rank", RANK),
        pa.field("group", DIGEST),
        pa.field("alone", DIGEST),  # the group's name as kin that nothing binds
        pa.field("is_shared", pa.bool_()),  # the centre has taken somebody
        pa.field("speaker", pa.string()),  # None: no row of the group is sound
        pa.field("is_pinned", pa.bool_()),  # the speaker is
    ]
)
GROUPED: Final = pa.schema(
    [
        pa.field("content", DIGEST),
        pa.field("group", DIGEST),
        pa.field("alone", DIGEST),
        pa.field("likeness", pa.float32()),
        pa.field("speaker", pa.string()),
        pa.field("is_pinned", pa.bool_()),  # the speaker is
        pa.field("is_repeated", pa.bool_()),  # several rows have this content
        pa.field("is_twin", pa.bool_()),  # several rows are of this group
    ]
)
"""What a part learns about its contents."""


def meet(job: Job, bucket: int) -> int:
    """Give every content one chief, and tell the buckets of near-duplicate keys; gives the number of contents."""
    lines = job.from_parts("contents").receive(bucket)
    where = pa.table({"content": lines["content"], "part": part_of(lines["row"].to_numpy())})
    contents = merged(lines)
    job.store.save(f"where/{bucket:07}", [distinct(where)])
    job.store.save(f"chiefs/{bucket:07}", [contents.drop_columns(["keys"])])
    bands = _bands(contents, bucket) if job.plan.dedupe.near else BANDS.empty_table()
    spread = (bands["key"].to_numpy() >> HIGH_BITS) + bands["band"].to_numpy().astype(np.uint64) * SPREAD
    job.among_buckets("bands").send(bucket, bands, (spread % np.uint64(job.buckets)).astype(np.int64))
    return len(contents)


def pair(job: Job, bucket: int, *, contents: int) -> int:
    """Tell the parts which of their rows share a key with which others; gives the number of pairs.

    `contents` is the number of all: as `candidates` does, so many low bits of a key make way as their numbers have.
    """
    bands = job.among_buckets("bands").receive(bucket)
    low = np.uint64((1 << max(contents - 1, 1).bit_length()) - 1)
    bands = bands.set_column(1, "key", pa.array(bands["key"].to_numpy() & ~low))
    bands = bands.take(pc.sort_indices(bands, sort_keys=[(name, "ascending") for name in ("band", "key", "rank")]))
    firsts = runs(bands, "band", "key")
    sizes = lengths(firsts, len(bands))
    first, second = met(np.repeat(firsts, sizes), np.repeat(sizes, sizes))
    pinned = is_pinned(bands["rank"])
    may = ~(pinned[first] & pinned[second])  # each of two pinned rows is a centre
    first, second = first[may], second[may]
    ends = bands.select([field.name for field in _END])
    columns = [ends.take(pa.array(side))[field.name] for side in (first, second) for field in _END]
    pairs = distinct(pa.table(columns, schema=PAIRS))
    job.to_parts("pairs").send(bucket, pairs, part_of(pairs["first_row"].to_numpy()))
    return len(pairs)


def carry(job: Job, part: int) -> int:
    """Send the sketches of first rows to the parts where their second rows stand; gives the number of distinct pairs."""
    pairs = distinct(job.to_parts("pairs").receive(part))
    sketches = _cells(job, part, ["sketch"], pairs["first_row"].to_numpy())["sketch"]
    to = part_of(pairs["second_row"].to_numpy())
    job.among_parts("met").send(part, pairs.append_column("sketch", sketches), to)
    return len(pairs)


def sift(job: Job, part: int) -> int:
    """Send the pairs that their sketches do not rule out back, with the texts of second rows; gives their number."""
    pairs = job.among_parts("met").receive(part)
    own = _cells(job, part, ["sketch"], pairs["second_row"].to_numpy())
    threshold = job.plan.dedupe.threshold
    may = [np.zeros(0, dtype=bool)]
    for start in range(0, len(pairs), SKETCHES_AT_ONCE):
        one, other = (table["sketch"].slice(start, SKETCHES_AT_ONCE) for table in (pairs, own))
        may.append(may_reach(sketches_of(one), sketches_of(other), least=threshold))
    pairs = pairs.filter(pa.array(np.concatenate(may))).drop_columns(["sketch"])
    to = part_of(pairs["first_row"].to_numpy())
    job.among_parts("hopeful").send(part, pairs, to)
    wanted = distinct(pa.table({"row": pairs["second_row"], "to": pa.array(to, pa.int64())}))
    job.among_parts("texts").send(part, _texts(job, part, wanted["row"]), wanted["to"].to_numpy())
    return len(pairs)


def compare(job: Job, part: int) -> int:
    """Compare each pair word by word and tell the near twins to both their buckets; gives their number."""
    pairs = job.among_parts("hopeful").receive(part)
    own = distinct(pa.table({"row": pairs["first_row"]}))["row"]
    texts = pa.concat_tables([job.among_parts("texts").receive(part), _texts(job, part, own)])
    texts = texts.take(pa.array(np.unique(texts["row"].to_numpy(), return_index=True)[1]))
    places = np.stack([found(pairs[f"{end}_row"], texts["row"]) for end in ("first", "second")], axis=1)

    def payloads(rows: Sequence[int]) -> list[str]:
        said: list[str] = texts["payload"].take(pa.array(rows)).to_pylist()
        return said

    contents = Contents(np.arange(len(texts)), digest_lanes(texts["content"]), sketches_of(texts["sketch"]))
    comparison = Comparison(payloads, job.plan.dedupe, job.plan.target.method, None)
    twins = verified(places, contents, comparison)
    edges = _edges(_ends(pairs, texts["row"]), twins)
    job.from_parts("edges").send(part, edges.drop_columns(["own_home"]), edges["own_home"].to_numpy().astype(np.int64))
    return len(twins.first)


def gather_groups(job: Job, bucket: int) -> None:
    """Tell the bucket of each content's centre about it."""
    chiefs, stars = job.store.load(f"chiefs/{bucket:07}"), job.store.load(f"stars/{bucket:07}")
    at = found(chiefs["rank"], stars["row"])
    taken = pa.array(at, mask=at < 0)
    own = pa.array(np.full(len(chiefs), bucket, np.int32))
    members = [
        pc.coalesce(stars["centre"].take(taken), chiefs["rank"]),
        chiefs["rank"],
        own,
        chiefs["smallest"],
        chiefs["alone"],
        chiefs["name"],
    ]
    to = pc.coalesce(stars["home"].take(taken), own).to_numpy().astype(np.int64)
    job.among_buckets("members").send(bucket, pa.table(members, schema=MEMBERS), to)


def name_groups(job: Job, bucket: int) -> None:
    """Name each group by its smallest digest, and tell its members that name and who speaks for them."""
    members = job.among_buckets("members").receive(bucket)
    members = members.sort_by([("centre", "ascending"), ("rank", "ascending")])
    firsts = runs(members, "centre")
    sizes = lengths(firsts, len(members))
    codes = np.repeat(np.arange(len(firsts)), sizes)
    names = least(members, codes)
    heads = members.take(pa.array(firsts))  # a centre is the first of its group by rank
    speakers = pc.if_else(pa.array(is_sound(heads["centre"])), heads["name"], pa.scalar(None, pa.string()))
    pinned = pa.array(is_pinned(heads["centre"]))
    of_group = names["smallest"], names["alone"], pa.array(sizes > 1), speakers, pinned
    replies = [members["rank"], *(one.take(pa.array(codes)) for one in of_group)]
    home = members["home"].to_numpy().astype(np.int64)
    job.among_buckets("replies").send(bucket, pa.table(replies, schema=REPLIES), home)


def answer(job: Job, bucket: int) -> None:
    """Tell the parts the group, the likeness and the speaker of each of their contents."""
    chiefs, stars = job.store.load(f"chiefs/{bucket:07}"), job.store.load(f"stars/{bucket:07}")
    replies = job.among_buckets("replies").receive(bucket)
    replies = replies.take(pa.array(found(chiefs["rank"], replies["rank"])))
    at = found(chiefs["rank"], stars["row"])
    is_repeated = chiefs["count"].to_numpy() > 1
    is_twin = np.asarray(replies["is_shared"].to_numpy(), dtype=bool) | is_repeated
    alone = pa.array(np.ones(len(chiefs), np.float32), mask=~is_twin)
    alike = pc.coalesce(stars["likeness"].take(pa.array(at, mask=at < 0)), pa.chunked_array([alone]))
    speaker = replies["speaker"], replies["is_pinned"]
    columns = [chiefs["content"], replies["group"], replies["alone"], alike, *speaker, is_repeated, is_twin]
    grouped = pa.table(columns, schema=GROUPED)
    where = job.store.load(f"where/{bucket:07}")
    told = grouped.take(pa.array(found(where["content"], grouped["content"])))
    job.to_parts("grouped").send(bucket, told, where["part"].to_numpy())


def _bands(contents: pa.Table, bucket: int) -> pa.Table:
    """Give one line for each key of each chief."""
    sizes = pc.fill_null(pc.list_value_length(contents["keys"]), 0).to_numpy()
    owner = pa.array(np.repeat(np.arange(len(contents)), sizes))
    band = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    ends = [contents["row"].take(owner), contents["rank"].take(owner), np.full(len(owner), bucket, np.int32)]
    return pa.table([band.astype(np.int32), pc.list_flatten(contents["keys"]), *ends], schema=BANDS)


def _cells(job: Job, part: int, columns: Sequence[str], rows: Numbers) -> pa.Table:
    """Give these columns of rows of a part, in this order; a part that nobody asks is not opened."""
    if not len(rows):
        schema = pa.schema([TEXTS.field(name) for name in columns])
        return schema.empty_table()
    table = job.store.load(f"rows/{part:07}", columns=columns)
    return table.select(list(columns)).take(pa.array(rows - row_numbers(part, 1)[0]))


def _texts(job: Job, part: int, rows: pa.ChunkedArray) -> pa.Table:
    """Give what two rows are compared by."""
    cells = _cells(job, part, TEXTS.names[1:], rows.to_numpy())
    return pa.table([rows, *cells.columns], schema=TEXTS)


def _ends(pairs: pa.Table, rows: pa.ChunkedArray) -> pa.Table:
    """Give rank and home of each of these rows, which stand at either end of the pairs."""
    names = [field.name for field in _END]
    ends = [pairs.select([f"{end}_{name}" for name in names]).rename_columns(names) for end in ("first", "second")]
    both = pa.concat_tables(ends)
    return both.take(pa.array(found(rows, both["row"])))


def _edges(ends: pa.Table, twins: Edges) -> pa.Table:
    """Give each pair of near twins in both directions, with the home of whom each line is for."""
    tables = []
    for one, other in ((twins.first, twins.second), (twins.second, twins.first)):
        own, theirs = ends.take(pa.array(one)), ends.take(pa.array(other))
        edges = pa.table([own["rank"], theirs["rank"], theirs["home"], twins.likeness], schema=EDGES)
        tables.append(edges.append_column("own_home", own["home"]))
    return pa.concat_tables(tables)
