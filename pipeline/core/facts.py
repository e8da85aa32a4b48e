"""The table of facts: every measured number of a row as a flat column, without its text. Rules and reports ask it."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.columns import MODERATION, SHAPE, TOKENS

TOKEN_COLUMNS: Final = {field.name: f"{field.name}_tokens" for field in TOKENS if field.name != "images"}
KEPT: Final = ("name", "source", "stratum", "digest", "content", "prompt", "group", "kin", "twin", "side", "fate")


def facts_of(batch: pa.Table) -> pa.Table:
    """Give the facts of each row, in order; null where a thing was not measured.

    Columns: those of KEPT that the batch has; `payload_bytes` (with its line feed); the fields of shape (`regular`,
    `roles`, `bits`, `keys`, `turns`, `tool_calls`); `total_tokens`, `system_tokens`, ..., `trained_tokens`, `images`;
    `moderation_state` and `is_flagged`.
    """
    facts = {name: batch[name] for name in KEPT if name in batch.column_names}
    if "payload" in batch.column_names:
        facts["payload_bytes"] = pc.add(pc.binary_length(batch["payload"]), 1)
    facts |= {field.name: _field(batch, "shape", field) for field in SHAPE}
    facts |= {TOKEN_COLUMNS.get(field.name, field.name): _field(batch, "tokens", field) for field in TOKENS}
    facts["moderation_state"] = _field(batch, "moderation", MODERATION.field("state"))
    facts["is_flagged"] = _field(batch, "moderation", MODERATION.field("flagged"))
    return pa.table(facts)


def _field(batch: pa.Table, column: str, field: pa.Field) -> pa.Array | pa.ChunkedArray:
    if column not in batch.column_names or pa.types.is_null(batch[column].type):
        return pa.nulls(batch.num_rows, field.type)
    return pc.struct_field(batch[column], field.name)
