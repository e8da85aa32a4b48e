"""The table of facts: every measured number of a row as a flat column, without its text. Rules and reports ask it."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.columns import MODERATION, SHAPE, TOKENS
from pipeline.core.example import Example, Method
from pipeline.core.moderation import flags, from_column
from pipeline.core.numbering import Numbers, codes
from pipeline.core.order import sorted_rows
from pipeline.core.settings import ModerationSettings

TOKEN_COLUMNS: Final = {field.name: f"{field.name}_tokens" for field in TOKENS if field.name != "images"}
_ASKED: Final = b"tuneset.asked"
MODEL_DECIDES: Final = ModerationSettings()
_PLACES: Final = pa.list_(pa.struct([pa.field("key", pa.string(), nullable=False), pa.field("value", pa.string())]))
KEPT: Final = (
    *("name", "source", "stratum", "digest", "content", "prompt", "answer"),
    *("findings", "group", "kin", "twin", "side", "fate"),
)


def facts_of(batch: pa.Table, *, moderation: ModerationSettings = MODEL_DECIDES) -> pa.Table:
    """Give the facts of each row, in order; null where a thing was not measured.

    Columns: those of KEPT that the batch has; `payload_bytes` (with its line feed); the fields of shape (`regular`,
    `roles`, `bits`, `keys`, `turns`, `tool_calls`); `total_tokens`, `system_tokens`, ..., `trained_tokens`, `images`;
    `moderation_state`, `is_flagged` (by the thresholds given, else as the backend decided) and `is_routed` (by the
    offline screen); `person_names`.
    """
    facts = {name: batch[name] for name in KEPT if name in batch.column_names}
    if "payload" in batch.column_names:
        facts["payload_bytes"] = pc.add(pc.binary_length(batch["payload"]), 1)
    facts |= {field.name: _field(batch, "shape", field) for field in SHAPE}
    facts |= {TOKEN_COLUMNS.get(field.name, field.name): _field(batch, "tokens", field) for field in TOKENS}
    facts["moderation_state"] = _field(batch, "moderation", MODERATION.field("state"))
    flagged = _field(batch, "moderation", MODERATION.field("flagged"))
    facts["is_routed"] = _routed(batch)
    facts["is_flagged"] = (
        _reconsidered(batch["moderation"], moderation)
        if moderation.thresholds and flagged.null_count < len(flagged)
        else flagged
    )
    facts["person_names"] = _person_names(batch)
    return pa.table(facts)


def _person_names(batch: pa.Table) -> pa.Array | pa.ChunkedArray:
    """Give how many names of persons were found in each row; null where none were looked for or found."""
    if "private" not in batch.column_names or pa.types.is_null(batch["private"].type):
        return pa.nulls(batch.num_rows, pa.int32())
    return pc.map_lookup(batch["private"], pa.scalar("name"), "first")


def _routed(batch: pa.Table) -> pa.Array | pa.ChunkedArray:
    """Say of which rows the offline screen names a place that a person should read."""
    places = _field(batch, "moderation", MODERATION.field("places"))
    state = _field(batch, "moderation", MODERATION.field("state"))
    is_some = pc.greater(pc.list_value_length(places.cast(_PLACES)), 0)
    return pc.and_(pc.equal(state, "screened"), is_some)


def _reconsidered(said: pa.ChunkedArray, settings: ModerationSettings) -> pa.Array:
    """Give the decision by the plan's thresholds: only for a plan that has some, at some microseconds a row."""
    return pa.array(
        [None if one is None else bool(flags(from_column(one), settings)) for one in said.to_pylist()], pa.bool_()
    )


def with_lengths(facts: pa.Table, payloads: pa.ChunkedArray, *, method: Method) -> pa.Table:
    """Give the facts with what only the payloads tell, for `survey`; payloads of another method than dpo are not looked at.

    `preferred_length` and `other_length` (int64): characters of the two answers of a preference pair.
    """
    if method != "dpo":
        return facts
    pairs = [Example.parse(text or "", method="dpo") for text in payloads.to_pylist()]
    for name, side in (("preferred_length", "preferred"), ("other_length", "non_preferred")):
        lengths = [sum(len(turn.text or "") for turn in getattr(pair, side)) for pair in pairs]
        facts = facts.append_column(name, pa.array(lengths, pa.int64()))
    return facts


def shipped(facts: pa.Table, *columns: str) -> pa.Table:
    """Give the rows that ship: those kept, or, before any fate is known, those that have turns.

    Of these columns alone, as far as they are there, where some are named: copying all of a million rows takes a second.
    """
    claim = pc.equal(facts["fate"], "kept") if "fate" in facts.column_names else pc.greater(facts["turns"], 0)
    wanted = [name for name in facts.column_names if not columns or name in ("turns", *columns)]
    return _where(facts.select(wanted), claim)


def side(facts: pa.Table, name: str) -> pa.Table:
    """Give the rows of one side; all of them are train where no side is known."""
    if "side" in facts.column_names:
        return _where(facts, pc.equal(facts["side"], name))
    return facts if name == "train" else facts.slice(0, 0)


def asked(facts: pa.Table) -> pa.Table:
    """Give the rows in which a user asks and the assistant answers last."""
    roles = facts["roles"].combine_chunks().dictionary_encode()  # a few sequences, each looked at once
    return facts.filter(pc.match_substring_regex(roles.dictionary, "u.*a$").take(roles.indices))


def numbered(facts: pa.Table, *columns: str) -> pa.Table:
    """Give the facts with numbers (int64, null for null) in place of these columns, the same for the same value.

    What is asked again and again whether values are equal is best asked of numbers.
    """
    for name in columns:
        if name in facts.column_names:
            numbers = codes(facts[name])
            column = pa.array(numbers, mask=numbers < 0)
            facts = facts.set_column(facts.column_names.index(name), name, column)
    return facts


def share_of(facts: pa.Table, *, asked_rows: int) -> pa.Table:
    """Give facts that know themselves as a share of a dataset in which so many shipped rows are `asked`."""
    return facts.replace_schema_metadata({_ASKED: str(asked_rows)})


def asked_of_all(rows: pa.Table) -> int:
    """Give how many shipped rows of the whole dataset are `asked`, of which `rows` are all or a share."""
    return int((rows.schema.metadata or {}).get(_ASKED, rows.num_rows))


def _where(facts: pa.Table, claim: pa.ChunkedArray) -> pa.Table:
    """Give the rows that a claim holds for; the same table, not copied, where it holds for all."""
    mask = pc.fill_null(claim, fill_value=False)
    return facts if pc.all(mask).as_py() else facts.filter(mask)


class Groups:
    """Rows that share a value, group by group; asked as arrays, because a large dataset has a hundred thousand groups."""

    def __init__(self, rows: Numbers, starts: Numbers) -> None:
        """Take the rows, each group in the order of names and the groups in that of their first, and where each begins."""
        self.rows, self.starts = rows, starts

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[Numbers]:
        return iter(np.split(self.rows, self.starts[1:]) if len(self) else ())

    @property
    def sizes(self) -> Numbers:
        """Give how many rows each group has."""
        return np.diff(np.append(self.starts, len(self.rows)))

    @property
    def first(self) -> Numbers:
        """Give the first row of each group."""
        return self.rows[self.starts]

    def of(self, chosen: npt.NDArray[np.bool_]) -> "Groups":
        """Give the groups that are chosen."""
        sizes = self.sizes
        kept = sizes[chosen]
        return Groups(self.rows[np.repeat(chosen, sizes)], np.cumsum(kept) - kept)

    def has(self, claim: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Say of each group whether a claim, one bit for each row of the table, holds for some row of it."""
        return np.logical_or.reduceat(claim[self.rows], self.starts) if len(self) else np.zeros(0, dtype=bool)

    def distinct(self, numbers: Numbers) -> Numbers:
        """Give how many different numbers each group has, of one for each row of the table."""
        if not len(self):
            return np.zeros(0, np.int64)
        mine = np.repeat(np.arange(len(self)), self.sizes)
        values = numbers[self.rows]
        order = np.lexsort((values, mine))
        is_new = np.ones(len(order), dtype=bool)
        is_new[1:] = (np.diff(mine[order]) != 0) | (np.diff(values[order]) != 0)
        return np.bincount(mine[order][is_new], minlength=len(self))


def numbers_in(column: pa.ChunkedArray) -> Numbers:
    """Give equal values equal numbers from 0, -1 to null; a column that is `numbered` has them already."""
    return np.asarray(column.fill_null(-1), np.int64) if pa.types.is_int64(column.type) else codes(column)


def repeated(facts: pa.Table, key: str) -> Groups:
    """Give the rows of every value of `key` that two or more rows share, each group in the order of their names."""
    numbers = numbers_in(facts[key])
    counts = np.bincount(numbers + 1, minlength=1)
    counts[0] = 0
    shared = np.flatnonzero(counts[numbers + 1] > 1)
    shared = shared[sorted_rows(facts["name"].take(pa.array(shared)))]
    _, first, number = np.unique(numbers[shared], return_index=True, return_inverse=True)
    order = np.argsort(first[number], kind="stable")
    return Groups(shared[order], np.flatnonzero(np.diff(first[number][order], prepend=-1)))


def _field(batch: pa.Table, column: str, field: pa.Field) -> pa.Array | pa.ChunkedArray:
    if column not in batch.column_names or pa.types.is_null(batch[column].type):
        return pa.nulls(batch.num_rows, field.type)
    return pc.struct_field(batch[column], field.name)
