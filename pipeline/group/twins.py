"""Groups of twins: one of each is enough. Who speaks for a group, and which groups are never parted.

Works on the thin table of facts, on arrays of numbers; payloads are fetched only for the few pairs that may be alike. All
of it is independent of the order of rows: digests decide, never positions.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.core.columns import GROUP
from pipeline.core.example import Method
from pipeline.core.grouping import IDENTITY, Groupings
from pipeline.core.settings import DedupeSettings
from pipeline.core.sketch import sketches_of
from pipeline.core.verdicts import PairVerdicts, digest_lanes
from pipeline.group.candidates import Bands
from pipeline.group.grown import Crowd, near_twins
from pipeline.group.kin import kin
from pipeline.group.order import Indices, by_digest, codes, first_rows, numbered, speakers_first
from pipeline.group.part import PayloadOf
from pipeline.group.stars import Likenesses, stars
from pipeline.group.verify import Compare, Comparison, Contents

THIN = ("name", "digest", "content", "prompt", "family", "is_sound", "is_pinned")


def group(
    facts: pa.Table,
    payload_of: PayloadOf,
    settings: DedupeSettings,
    *,
    method: Method = "sft",
    verdicts: PairVerdicts | None = None,
    memory: Groupings | None = None,
    compare: Compare | None = None,
) -> pa.Table:
    """Give `columns.GROUP` for every row; null where a row has no digest.

    `facts` has name, digest, content, prompt, keys, sketch, family and is_sound; `payload_of` gives payloads by row
    number. `verdicts` are asked before two rows are fetched and compared, and learn what was found; None: nothing is
    known. `memory` has the last grouping and takes this one: only what is near something that came or went is compared;
    None: there is none. `compare` compares pairs elsewhere, whose texts it finds itself. Every member of a group is verified against its centre: the smallest digest of its sound members,
    else of all. Where `facts` has is_pinned (sound rows that stay whatever they repeat), each of those is a centre, and
    whoever is like one belongs to one.
    """
    here = np.flatnonzero(facts["digest"].is_valid().to_numpy())
    thin = facts.select([name for name in THIN if name in facts.column_names])
    rows = thin if len(here) == facts.num_rows else thin.take(pa.array(here))
    order = by_digest(rows["digest"], rows["name"])
    content, chiefs = numbered(
        codes(rows["content"] if settings.exact else rows["digest"]), speakers_first(order, rows)
    )
    alike = np.full(len(here), np.nan, np.float32)
    alike[np.bincount(content, minlength=1)[content] > 1] = 1.0
    centre = content
    if settings.near and len(chiefs) > 1:
        comparison = Comparison(payload_of, settings, method, verdicts, compare)
        centre, near = _near(facts, here[chiefs], comparison, memory)
        centre, near = centre[content], near[content]
        alike = np.where(np.isnan(near), alike, near)
    named = _named(rows["digest"], centre, order)
    return _spread([named, kin(rows, centre, content)], alike, here, facts.num_rows)


def spokesmen(facts: pa.Table, group: pa.ChunkedArray | pa.Array) -> Indices:
    """Give for every row the row number that speaks for its group among sound rows, -1 where none is sound.

    The smallest digest speaks, then the smallest name, pinned rows before others. `facts` has name, digest, is_sound
    and, where there are such rows, is_pinned.
    """
    numbers, sound = codes(group), facts["is_sound"].to_numpy()
    first = first_rows(numbers, speakers_first(by_digest(facts["digest"], facts["name"]), facts))
    speaker = np.where(sound[first], first, -1)[numbers]
    return np.where(group.is_valid().to_numpy(zero_copy_only=False), speaker, -1)


def _near(
    facts: pa.Table, chiefs: Indices, comparison: Comparison, memory: Groupings | None
) -> tuple[Indices, Likenesses]:
    """Give each content its centre and its likeness to it; `chiefs` are the rows of the contents, by number."""
    digests = digest_lanes(facts["content"])[chiefs]
    asked = facts["prompt"].take(pa.array(chiefs))
    prompts = np.where(asked.is_valid().to_numpy(), codes(asked), -1)
    contents = Contents(chiefs, digests, sketches_of(facts["sketch"])[chiefs], prompts)
    pinned = facts["is_pinned"].to_numpy()[chiefs] if "is_pinned" in facts.column_names else None
    crowd = Crowd(contents, Bands.of(facts["keys"], chiefs), _identities(facts, chiefs), pinned)
    return stars(near_twins(crowd, comparison, memory), len(chiefs))


def _identities(facts: pa.Table, chiefs: Indices) -> pa.Array:
    """Give each content the rank and the digest of its row: those that are equal stand alike among others."""
    ranks = facts["is_sound"].to_numpy()[chiefs].astype(np.uint8)
    if "is_pinned" in facts.column_names:
        ranks += 2 * facts["is_pinned"].to_numpy()[chiefs].astype(np.uint8)
    digests = digest_lanes(facts["digest"])[chiefs].astype("<u8").view(np.uint8).reshape(-1, 16)
    named = np.concatenate([ranks[:, None], digests], axis=1)
    return pa.Array.from_buffers(IDENTITY, len(chiefs), [None, pa.py_buffer(named.tobytes())])


def _named(digests: pa.ChunkedArray, numbers: Indices, order: Indices) -> pa.Array:
    """Give each row the smallest digest of those that share its number."""
    return digests.combine_chunks().take(pa.array(first_rows(numbers, order)[numbers]))


def _spread(columns: list[pa.Array], alike: npt.NDArray[np.float32], here: Indices, rows: int) -> pa.Table:
    """Give the table of all rows from that of the rows which have a digest."""
    values = [*columns, pa.array(alike, pa.float32(), mask=np.isnan(alike))]
    if len(here) == rows:
        return pa.table(values, schema=GROUP)
    place = np.zeros(rows, np.int64)
    place[here] = np.arange(len(here))
    absent = np.ones(rows, dtype=bool)
    absent[here] = False
    index = pa.array(place, mask=absent)
    return pa.table([value.take(index) for value in values], schema=GROUP)
