"""What needs the rows of one content, group or prompt side by side: they meet in buckets, and nobody sees all of them."""

from functools import partial
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.check import gravest_first, survey
from pipeline.cluster.engine import Engine
from pipeline.cluster.job import Job
from pipeline.cluster.keys import found, homes
from pipeline.core.columns import DIGEST
from pipeline.core.facts import share_of
from pipeline.core.finding import Finding
from pipeline.core.rule import catalogue
from pipeline.core.settings import CheckSettings
from pipeline.report.model import ConflictFacts
from pipeline.report.twins import conflicts, joined

KEYS: Final = ("content", "group", "prompt")
MET: Final = pa.schema(
    [
        pa.field("name", pa.string()),
        *(pa.field(key, DIGEST) for key in KEYS),
        pa.field("side", pa.string()),
        pa.field("fate", pa.string()),
        pa.field("roles", pa.string()),
    ]
)
"""The facts that rules about repeated rows ask for."""


def send_repeated(job: Job, part: int, facts: pa.Table) -> None:
    """Send the rows whose content, group or prompt others have too to the bucket of each."""
    shared = job.to_parts("shared").receive(part)["prompt"]
    repeats = {
        # without normalising, a content is told apart by its digest, and only the bucket of the content sees its rows
        "content": facts["is_repeated"] if job.plan.dedupe.exact else pc.is_valid(facts["content"]),
        "group": facts["is_twin"],
        "prompt": pa.array(found(facts["prompt"], shared) >= 0),
    }
    rows = facts.select(MET.names).cast(MET)
    for key in KEYS:
        some = rows.filter(pc.and_(pc.fill_null(repeats[key], fill_value=False), pc.is_valid(rows[key])))
        job.from_parts(f"met-{key}").send(part, some, homes(some[key], job.buckets))


def survey_keys(job: Job, engine: Engine, checks: CheckSettings, *, asked_rows: int) -> list[Finding]:
    """Give the findings of all rules that look at rows of equal keys."""
    strange = {rule.within for rule in catalogue().values() if rule.survey} - {None, *KEYS}
    assert not strange, f"no step brings together the rows of equal {strange}"
    work = partial(_survey_bucket, job, checks=checks, asked_rows=asked_rows)
    engine.each(work, range(job.buckets))
    lines = (line for bucket in range(job.buckets) for line in job.store.load(f"surveyed/{bucket:07}")["finding"])
    return gravest_first([msgspec.msgpack.decode(line.as_py(), type=Finding) for line in lines])


def conflicts_of_all(job: Job, engine: Engine) -> ConflictFacts:
    """Give the prompts with several answers."""
    return joined(engine.each(partial(_conflicts_bucket, job), range(job.buckets)))


def _survey_bucket(job: Job, bucket: int, *, checks: CheckSettings, asked_rows: int) -> int:
    """Save the findings about the rows that met in a bucket; gives their number."""
    findings = []
    for key in KEYS:
        facts = share_of(job.from_parts(f"met-{key}").receive(bucket), asked_rows=asked_rows)
        findings += survey(facts, checks, within=key)
    lines = pa.array([msgspec.msgpack.encode(one) for one in findings], pa.binary())
    job.store.save(f"surveyed/{bucket:07}", [pa.table({"finding": lines})])
    return len(findings)


def _conflicts_bucket(job: Job, bucket: int) -> ConflictFacts:
    return conflicts(job.from_parts("met-prompt").receive(bucket))
