"""The wider family of each row: groups that share a prompt or the user's own family are never apart."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.cluster.components import LINKS, send_links
from pipeline.cluster.job import Job
from pipeline.cluster.keys import Mask, Numbers, distinct, found, homes, lengths, runs
from pipeline.cluster.measured import pinned_of
from pipeline.cluster.store import Mail
from pipeline.core.columns import DIGEST
from pipeline.decide import Pinned, decide, judge
from pipeline.group.kin import OPEN_ANSWERS, OPEN_SHARE, Bond, bond_names, family_keys

ASKED: Final = pa.schema(
    [
        pa.field("prompt", DIGEST),
        pa.field("content", DIGEST),
        pa.field("group", DIGEST),
        pa.field("count", pa.int64()),
        pa.field("part", pa.int64()),
    ]
)
PROMPTS: Final = pa.schema([pa.field("prompt", DIGEST)])
FAMILIES: Final = pa.schema([pa.field("family", DIGEST), pa.field("group", DIGEST)])
GROUPS: Final = pa.schema([pa.field("group", DIGEST), pa.field("part", pa.int64())])
KIN: Final = pa.schema([pa.field("group", DIGEST), pa.field("kin", DIGEST)])


def decide_part(job: Job, part: int) -> int:
    """Save the fate of each row, tell the buckets which groups share prompts and families; gives the rows composed."""
    thin = ["name", "source", "digest", "content", "prompt", "family", "trouble", "findings"]
    rows = job.store.load(f"rows/{part:07}", columns=thin)
    told = job.to_parts("grouped").receive(part)
    at = found(rows["content" if job.plan.dedupe.exact else "digest"], told["content"])
    told = told.take(pa.array(at, mask=(at < 0) | ~pc.is_valid(rows["digest"]).to_numpy()))
    names = pa.concat_arrays([*rows["name"].chunks, *told["speaker"].chunks])
    verdict = judge(rows, held_codes=job.held_codes)
    pinned = Pinned(pinned_of(rows, verdict.sound, job), _repeated(told)) if job.plan.split.pinned else None
    # a speaker from elsewhere is a row after the part's own: `decide` need not know that the table is one of many
    has_speaker = pc.is_valid(told["speaker"]).to_numpy()
    is_own = pc.fill_null(pc.equal(told["speaker"], rows["name"]), fill_value=False).to_numpy()
    here = np.arange(len(rows))
    speaker = np.where(is_own, here, np.where(has_speaker, len(rows) + here, -1))
    keep_all = job.plan.dedupe.keep == "all"
    fates = decide(verdict, spokesman=speaker, names=pa.chunked_array([names]), keep_all=keep_all, pinned=pinned)
    grouped = {name: told[name] for name in ("group", "alone", "likeness", "is_repeated", "is_twin")}
    columns = {**grouped, "fate": fates["fate"], "twin": fates["twin"]}
    job.store.save(f"fates/{part:07}", [pa.table(columns)])
    _tell(job, part, rows.append_column("group", told["alone"]))
    return len(rows) - int(rows["digest"].null_count)


def _repeated(told: pa.Table) -> Mask:
    """Say for which rows a pinned one speaks."""
    return np.asarray(pc.fill_null(told["is_pinned"], fill_value=False).to_numpy(), dtype=bool)


def link(job: Job, bucket: int, *, composed: int) -> int:
    """Link the groups that share a prompt (open tasks apart) or a family, and tell the parts which prompts are shared.

    `composed` is the number of all rows with a digest.
    """
    asked = job.from_parts("prompts").receive(bucket)
    asked = asked.sort_by([(name, "ascending") for name in ("prompt", "content", "group")])
    firsts = runs(asked, "prompt")
    codes = np.repeat(np.arange(len(firsts)), lengths(firsts, len(asked)))
    rows, is_open = crowds(asked, codes, of_all=composed)
    shared = distinct(asked.filter(pa.array(rows[codes] > 1)).select(["prompt", "part"]))
    job.to_parts("shared").send(bucket, shared.select(PROMPTS.names), shared["part"].to_numpy())
    bound = distinct(asked.filter(pa.array(~is_open[codes])).select(["prompt", "group"]))
    families = distinct(job.from_parts("families").receive(bucket))
    links = [_links(bound, "prompt", Bond.PROMPT), _links(families, "family", Bond.FAMILY)]
    send_links(Mail(job.store, "links/0", job.buckets, job.buckets), bucket, distinct(pa.concat_tables(links)))
    return sum(map(len, links))


def crowds(asked: pa.Table, codes: Numbers, *, of_all: int) -> tuple[Numbers, Mask]:
    """Give how many rows ask each prompt, and whether it is an open task, as `group.kin` does with all rows at hand.

    `asked` is sorted by prompt and content and has the count of each; `codes` number its prompts.
    """
    prompts = int(codes[-1]) + 1 if len(codes) else 0
    rows = np.bincount(codes, weights=asked["count"].to_numpy(), minlength=prompts)
    answers = np.bincount(codes[runs(asked, "prompt", "content")], minlength=prompts)
    return rows, (rows >= OPEN_SHARE * of_all) & (answers >= OPEN_ANSWERS)


def tell_kin(job: Job, bucket: int) -> None:
    """Tell the parts the kin of those of their groups that are not their own kin."""
    kin = job.store.load(f"kin/{bucket:07}").rename_columns(KIN.names)
    groups = job.from_parts("groups").receive(bucket)
    at = found(groups["group"], kin["group"])
    told = kin.take(pa.array(at[at >= 0]))
    job.to_parts("kin").send(bucket, told, groups["part"].to_numpy()[at >= 0])


def kin_of(job: Job, part: int, alone: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give the kin of each row of a part by the name of its group as kin; null where a row has none."""
    told = job.to_parts("kin").receive(part)
    at = found(alone, told["group"])
    kin = told["kin"].take(pa.array(at, mask=at < 0))
    return pc.coalesce(kin, alone)


def _links(table: pa.Table, by: str, bond: Bond) -> pa.Table:
    """Give links from groups to what binds them: names of bonds are smaller than those of groups."""
    return pa.table([table["group"], bond_names(table[by], bond)], schema=LINKS)


def _tell(job: Job, part: int, rows: pa.Table) -> None:
    """Tell the buckets which groups stand under which prompt and family; `group` is its name as kin that nothing binds."""
    composed = rows.filter(pc.is_valid(rows["digest"]))
    content = composed["content" if job.plan.dedupe.exact else "digest"]
    asked = pa.table({"prompt": composed["prompt"], "content": content, "group": composed["group"]})
    asked = asked.filter(pc.is_valid(asked["prompt"])).group_by(["prompt", "content", "group"], use_threads=False)
    counted = asked.aggregate([([], "count_all")])
    counted = counted.append_column("part", pa.array(np.full(len(counted), part, np.int64)))
    counted = counted.rename_columns(ASKED.names).cast(ASKED)
    job.from_parts("prompts").send(part, counted, homes(counted["prompt"], job.buckets))
    members = composed.filter(pc.is_valid(composed["family"]))
    families = distinct(pa.table([family_keys(members["family"]), members["group"]], schema=FAMILIES))
    job.from_parts("families").send(part, families, homes(families["family"], job.buckets))
    groups = distinct(composed.select(["group"]))
    groups = groups.append_column("part", pa.array(np.full(len(groups), part, np.int64)))
    job.from_parts("groups").send(part, groups, homes(groups["group"], job.buckets))


assert LINKS.field("large").type == KIN.field("group").type, "links are between groups"
