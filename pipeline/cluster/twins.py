"""Which rows say the same: contents meet in buckets, near ones by their keys, and pairs are compared text by text.

Every step sees one bucket or one part, and leaves what others need to know as mail. What `group` does with the whole
table in memory is done here in ten steps; `docs/scale.md` has them in a table.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.cluster.job import Job, part_of
from pipeline.cluster.keys import RANK, distinct, found, is_sound, lengths, runs
from pipeline.cluster.measured import merged
from pipeline.cluster.stars import EDGES
from pipeline.core.columns import DIGEST
from pipeline.core.plain import quick_passages
from pipeline.group.bags import bags, jaccards
from pipeline.group.candidates import candidates
from pipeline.group.likeness import compared, likeness

Numbers = npt.NDArray[np.int64]

PAIRS_AT_ONCE: Final = 16_384
ROUNDING: Final = 1e-9
SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
_END: Final = [pa.field("row", pa.int64()), pa.field("rank", RANK), pa.field("home", pa.int32())]
BANDS: Final = pa.schema([pa.field("band", pa.int32()), pa.field("key", pa.uint64()), *_END])
PAIRS: Final = pa.schema([field.with_name(f"{end}_{field.name}") for end in ("first", "second") for field in _END])
TEXTS: Final = pa.schema([pa.field("row", pa.int64()), pa.field("payload", pa.string())])
MEMBERS: Final = pa.schema(
    [
        pa.field("centre", RANK),
        pa.field("rank", RANK),
        pa.field("home", pa.int32()),
        pa.field("smallest", DIGEST),
        pa.field("name", pa.string()),
    ]
)
REPLIES: Final = pa.schema(
    [
        pa.field("rank", RANK),
        pa.field("group", DIGEST),
        pa.field("is_shared", pa.bool_()),  # the centre has taken somebody
        pa.field("speaker", pa.string()),  # None: no row of the group is sound
    ]
)
GROUPED: Final = pa.schema(
    [
        pa.field("content", DIGEST),
        pa.field("group", DIGEST),
        pa.field("likeness", pa.float32()),
        pa.field("speaker", pa.string()),
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
    spread = bands["key"].to_numpy() + bands["band"].to_numpy().astype(np.uint64) * SPREAD
    job.among_buckets("bands").send(bucket, bands, (spread % np.uint64(job.buckets)).astype(np.int64))
    return len(contents)


def pair(job: Job, bucket: int) -> int:
    """Tell the parts which of their rows share a key with which others; gives the number of pairs."""
    bands = job.among_buckets("bands").receive(bucket)
    order = pc.sort_indices(bands, sort_keys=[(name, "ascending") for name in ("band", "key", "rank")])
    bands = bands.take(order)
    firsts = runs(bands, "band", "key")
    sizes = lengths(firsts, len(bands))
    codes = np.repeat(np.arange(len(firsts), dtype=np.uint64), sizes)
    keys = pa.ListArray.from_arrays(pa.array(np.arange(len(bands) + 1, dtype=np.int32)), pa.array(codes))
    positions = [*candidates(pa.chunked_array([keys]), np.arange(len(bands))), np.zeros((0, 2), np.int64)]
    first, second = np.concatenate(positions).T
    ends = bands.select([field.name for field in _END])
    columns = [ends.take(pa.array(side))[field.name] for side in (first, second) for field in _END]
    pairs = pa.table(columns, schema=PAIRS)
    job.to_parts("pairs").send(bucket, pairs, part_of(pairs["first_row"].to_numpy()))
    return len(pairs)


def carry(job: Job, part: int) -> int:
    """Send the texts of first rows to the parts where their second rows stand; gives the number of distinct pairs."""
    pairs = distinct(job.to_parts("pairs").receive(part))
    to = part_of(pairs["second_row"].to_numpy())
    job.among_parts("met").send(part, pairs, to)
    wanted = distinct(pa.table({"row": pairs["first_row"], "to": to}))
    texts = _payloads(job, part, wanted["row"].to_numpy())
    job.among_parts("texts").send(part, pa.table([wanted["row"], texts], schema=TEXTS), wanted["to"].to_numpy())
    return len(pairs)


def compare(job: Job, part: int) -> int:
    """Compare each pair word by word and tell the near twins to both their buckets; gives their number."""
    pairs = job.among_parts("met").receive(part)
    texts = job.among_parts("texts").receive(part)
    own = distinct(pa.table({"row": pairs["second_row"]}))["row"]
    texts = pa.concat_tables([texts, pa.table([own, _payloads(job, part, own.to_numpy())], schema=TEXTS)])
    texts = texts.take(pa.array(runs_of_rows(texts["row"].to_numpy())))
    places = np.stack([found(pairs[f"{end}_row"], texts["row"]) for end in ("first", "second")], axis=1)
    values = np.concatenate(
        [np.zeros(0, np.float32), *(_verdicts(job, texts["payload"], some) for some in _portions(places))]
    )
    twins = pairs.filter(pa.array(~np.isnan(values)))
    edges = _edges(twins, values[~np.isnan(values)])
    to = np.concatenate([twins["first_home"].to_numpy(), twins["second_home"].to_numpy()]).astype(np.int64)
    job.from_parts("edges").send(part, edges, to)
    return len(twins)


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
    codes = pa.array(np.repeat(np.arange(len(firsts)), sizes))
    least = pa.table({"code": codes, "smallest": members["smallest"]}).group_by("code", use_threads=False)
    names = least.aggregate([("smallest", "min")])["smallest_min"]
    heads = members.take(pa.array(firsts))  # a centre is the first of its group by rank
    speakers = pc.if_else(pa.array(is_sound(heads["centre"])), heads["name"], pa.scalar(None, pa.string()))
    replies = [members["rank"], names.take(codes), pa.array(sizes > 1).take(codes), speakers.take(codes)]
    home = members["home"].to_numpy().astype(np.int64)
    job.among_buckets("replies").send(bucket, pa.table(replies, schema=REPLIES), home)


def answer(job: Job, bucket: int) -> None:
    """Tell the parts the group, the likeness and the speaker of each of their contents."""
    chiefs, stars = job.store.load(f"chiefs/{bucket:07}"), job.store.load(f"stars/{bucket:07}")
    replies = job.among_buckets("replies").receive(bucket)
    replies = replies.take(pa.array(found(chiefs["rank"], replies["rank"])))
    at = found(chiefs["rank"], stars["row"])
    is_twin = np.asarray(replies["is_shared"].to_numpy(), dtype=bool) | (chiefs["count"].to_numpy() > 1)
    alone = pa.array(np.ones(len(chiefs), np.float32), mask=~is_twin)
    alike = pc.coalesce(stars["likeness"].take(pa.array(at, mask=at < 0)), pa.chunked_array([alone]))
    grouped = pa.table([chiefs["content"], replies["group"], alike, replies["speaker"]], schema=GROUPED)
    where = job.store.load(f"where/{bucket:07}")
    told = grouped.take(pa.array(found(where["content"], grouped["content"])))
    job.to_parts("grouped").send(bucket, told, where["part"].to_numpy())


def runs_of_rows(rows: Numbers) -> Numbers:
    """Give the first place of each distinct number."""
    return np.unique(rows, return_index=True)[1].astype(np.int64)


def _bands(contents: pa.Table, bucket: int) -> pa.Table:
    """Give one line for each key of each chief."""
    sizes = pc.fill_null(pc.list_value_length(contents["keys"]), 0).to_numpy()
    owner = pa.array(np.repeat(np.arange(len(contents)), sizes))
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    band = np.arange(len(owner)) - starts
    keys = pc.list_flatten(contents["keys"])
    homes_ = np.full(len(owner), bucket, np.int32)
    columns = [band.astype(np.int32), keys, contents["row"].take(owner), contents["rank"].take(owner), homes_]
    return pa.table(columns, schema=BANDS)


def _payloads(job: Job, part: int, rows: Numbers) -> pa.ChunkedArray:
    column = (
        job.store.load(f"rows/{part:07}", columns=["payload"])["payload"]
        if len(rows)
        else pa.chunked_array([pa.array([], pa.string())])
    )
    return column.take(pa.array(rows - (np.int64(part) << 32)))


def _portions(places: Numbers) -> Iterator[Numbers]:
    for start in range(0, len(places), PAIRS_AT_ONCE):
        yield places[start : start + PAIRS_AT_ONCE]


def _verdicts(job: Job, payloads: pa.ChunkedArray, pairs: Numbers) -> npt.NDArray[np.float32]:
    """Give the likeness of each pair, NaN for those that are no twins."""
    settings, method = job.plan.dedupe, job.plan.target.method
    wanted, places = np.unique(pairs, return_inverse=True)
    passages = [quick_passages(text, method=method) for text in payloads.take(pa.array(wanted)).to_pylist()]
    alike = jaccards(places.reshape(-1, 2), bags(iter(passages)), least=settings.threshold)
    values = np.full(len(pairs), np.nan, np.float32)
    close = np.flatnonzero(alike >= settings.threshold - ROUNDING)
    taken_apart = lru_cache(maxsize=None)(lambda place: compared(passages[place]))
    for at, (first, second) in zip(close.tolist(), places.reshape(-1, 2)[close].tolist(), strict=True):
        one, other = taken_apart(first), taken_apart(second)
        value = likeness(one, other, threshold=settings.threshold, terse=settings.terse)
        values[at] = np.nan if value is None else value
    return values


def _edges(twins: pa.Table, values: npt.NDArray[np.float32]) -> pa.Table:
    """Give each pair of near twins in both directions."""
    ways = [("first", "second"), ("second", "first")]
    tables = [
        pa.table([twins[f"{one}_rank"], twins[f"{other}_rank"], twins[f"{other}_home"], values], schema=EDGES)
        for one, other in ways
    ]
    return pa.concat_tables(tables)
