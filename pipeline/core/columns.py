"""The one table: every column, its type, and the room that adds it. Nothing else names a column's type."""

from typing import Any, Final

import pyarrow as pa

READ: Final = pa.schema(
    [
        pa.field("name", pa.string(), nullable=False),  # data/raw/faq.csv:118, unique in a run
        pa.field("source", pa.string(), nullable=False),  # the plan's name of the source; picks the recipe
        pa.field("record", pa.string()),  # one JSON object as text; None when the row could not be read
        pa.field("raw", pa.binary()),  # the row's own bytes, only when it could not be read
        pa.field("unread", pa.string()),  # why it could not be read: a Trouble as text
    ]
)

PIECE: Final = pa.schema([pa.field("line", pa.int64()), *(READ.field(name) for name in ("record", "raw", "unread"))])
"""What is kept of rows that were read: `line` is counted from the piece's own first, 1; null where the names are known."""

COMPOSE: Final = pa.schema(
    [
        pa.field("payload", pa.string()),  # the very line that ships, as in schemas/; None when there is none
        pa.field("trouble", pa.string()),  # why there is no payload: a Trouble as text (of read or of compose)
        pa.field("mended", pa.list_(pa.string())),  # what was repaired on the way: mojibake, whitespace, ...
        pa.field("family", pa.string()),  # value of the user's grouping column; rows of a family share a side
        pa.field("stratum", pa.string()),  # label or source by which the split is stratified; None where not asked
        pa.field(
            "private", pa.map_(pa.string(), pa.int32())
        ),  # kind → places where it was found before it was redacted; None: not asked, empty: none
    ]
)

DIGEST: Final = pa.binary(16)
"""First 16 bytes of SHA-256: a row's identity across files and versions."""

TOKENS: Final = pa.struct(
    [
        pa.field("total", pa.int32()),  # as billed: content, roles and the format's own tokens
        pa.field("system", pa.int32()),  # content of system and developer turns
        pa.field("user", pa.int32()),
        pa.field("assistant", pa.int32()),  # content and tool calls
        pa.field("tool", pa.int32()),  # content of tool and function turns
        pa.field("tools", pa.int32()),  # the definitions at the top of the example
        pa.field("trained", pa.int32()),  # what the loss sees: assistant turns of weight 1
        pa.field("images", pa.int32()),  # number of images: their tokens are not counted
    ]
)

SHAPE: Final = pa.struct(
    [
        pa.field("regular", pa.bool_()),  # the payload has the exact types of schemas/; False sends it to every rule
        pa.field(
            "roles", pa.string()
        ),  # one letter a turn: s d u a t f, ? for another; DPO: input, |, preferred, |, other
        pa.field("bits", pa.uint32()),  # flags of pipeline.core.shape.Bit
        pa.field("keys", pa.int32()),  # number of object keys in the payload
        pa.field("turns", pa.int32()),
        pa.field("tool_calls", pa.int32()),
    ]
)

MODERATION: Final = pa.struct(
    [
        pa.field("backend", pa.string()),  # who judged, with model: "openai/omni-moderation-2024-09-26"
        pa.field("state", pa.string()),  # verified, screened, held; a null struct is "not asked"
        pa.field("flagged", pa.bool_()),  # the backend's own decision
        pa.field("scores", pa.map_(pa.string(), pa.float32())),
        pa.field("categories", pa.list_(pa.string())),  # those the backend itself flags
        pa.field("places", pa.map_(pa.string(), pa.string())),  # category → JSON pointer of its highest score
    ]
)

MEASURE: Final = pa.schema(
    [
        pa.field("digest", DIGEST),  # of the payload's bytes
        pa.field("tokens", TOKENS),  # in the target's encoding
        pa.field("shape", SHAPE),
        pa.field("content", DIGEST),  # of the normalised turns (case, space, Unicode form): equal means twins
        pa.field("prompt", DIGEST),  # of the normalised turns before the last assistant turn
        pa.field("answer", pa.uint64()),  # of the last answer as it is written; null where the last turn is none
        pa.field("keys", pa.list_(pa.uint64())),  # near-duplicate keys: an equal key makes candidate twins
        pa.field("sketch", pa.binary(64)),  # core.sketch: rules out candidates without their texts; null as keys are
    ]
)

LEAK: Final = pa.schema(
    [
        pa.field(
            "leak",
            pa.struct(
                [
                    pa.field("question", pa.string()),  # where the evaluation's question stands
                    pa.field("how", pa.string()),  # exact, words, near
                    pa.field("share", pa.float32()),  # of the question that stands in the row
                ]
            ),
        )
    ]
)
"""Null: none stands in the row, or nothing was asked."""

FINDING: Final = pa.struct(
    [
        pa.field("code", pa.string(), nullable=False),
        pa.field("severity", pa.int8(), nullable=False),  # a Severity
        pa.field("where", pa.string(), nullable=False),
        pa.field("message", pa.string(), nullable=False),
    ]
)

CHECK: Final = pa.schema([pa.field("findings", pa.list_(FINDING))])

GROUP: Final = pa.schema(
    [
        pa.field("group", DIGEST),  # smallest digest among its twins: decides duplicates
        pa.field("kin", DIGEST),  # name of what it is bound to (family, prompt, else itself): decides the side
        pa.field("likeness", pa.float32()),  # 1.0 for exact twins, exact Jaccard for near ones; None without a twin
    ]
)

SPLIT: Final = pa.schema([pa.field("side", pa.string())])  # train, validation; None for rows that cannot ship

DECIDE: Final = pa.schema(
    [
        pa.field("fate", pa.string(), nullable=False),  # kept, rejected, duplicate, held
        pa.field("twin", pa.string()),  # name of the spokesman that a duplicate repeats
    ]
)

FATES: Final = ("kept", "rejected", "duplicate", "held")
SIDES: Final = ("train", "validation")


def with_columns(table: pa.Table, schema: pa.Schema, columns: dict[str, Any]) -> pa.Table:
    """Give the table with these columns added, each of the type that the schema names, in the schema's order."""
    for field in schema:
        values = columns[field.name]
        typed = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, type=field.type)
        table = table.append_column(field, typed)
    return table
