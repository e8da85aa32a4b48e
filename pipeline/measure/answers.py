"""A hash of each last answer, as its bytes stand in the payload: by it equal answers to different prompts are counted."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

MARK: Final = b'"content"'


def answers(lines: Sequence[bytes | None], roles: pa.Array) -> pa.Array:
    """Give xxh3-64 (uint64) of what stands from the last `"content"` on; null where the last turn is no answer.

    `lines` are payloads, `roles` the letters of `columns.SHAPE`. Of a payload without `"content"` the last byte is hashed.
    """
    is_answer = pc.ends_with(roles, "a").to_pylist()
    hashes = (
        xxhash.xxh3_64_intdigest(line[line.rfind(MARK) :]) if line and ends_in_one else None
        for line, ends_in_one in zip(lines, is_answer, strict=True)
    )
    return pa.array(hashes, pa.uint64())
