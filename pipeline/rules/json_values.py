"""JSON that Python reads and other readers refuse or read differently."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.example import Example, Json
from pipeline.core.rule import Flaw, rule
from pipeline.core.shape import Bit
from pipeline.core.suspects import Claim, has, none
from pipeline.core.target import Limits
from pipeline.core.wording import counted, listed

ESCAPES: Final = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Escaped backslashes, whole pairs, and (as group 1) halves."""
_BEHIND_KEY: Final = np.isin(np.arange(256), [*b" \t\r\n:"])


def _more_keys_written_than_read(facts: pa.Table, _limits: Limits) -> Claim:
    """Every key ends in a quote of its own and a colon or white space, so there are never fewer of those than keys."""
    return pc.greater(pa.array(_key_ends(facts["payload"])), facts["keys"])


def _key_ends(payloads: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    r"""Count quotes before a colon or white space in each text, without those of `\"`; all texts at once."""
    texts = payloads.combine_chunks()
    if not len(texts):
        return np.zeros(0, np.int64)
    _, offsets, data = texts.buffers()
    kind = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    starts = np.frombuffer(offsets, kind)[texts.offset : texts.offset + len(texts) + 1]
    letters = np.frombuffer(data or b"", np.uint8)
    quotes = np.flatnonzero(letters[:-1] == ord('"'))
    ends = quotes[_BEHIND_KEY[letters[quotes + 1]]]
    own = (letters[ends - 1] != ord("\\")) | (letters[ends - 2] == ord("\\"))
    return np.diff(np.searchsorted(ends[own], starts))


@rule(
    "json.duplicate-key",
    suspects=_more_keys_written_than_read,
    good=("user: Hi\nassistant: Hello",),
    bad=(Example.parse('{"messages": [{"role": "user", "content": "a", "content": "b"}]}'),),
)
def duplicate_key(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Readers keep the last of two equal keys and drop the other without a word, so half of the data may be lost.

    Merge the two values, or delete the one that is not meant.
    """
    repeated: set[str] = set()

    def note(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        repeated.update(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return dict(pairs)

    if example.data is not None:
        json.loads(example.payload, object_pairs_hook=note)
    if repeated:
        yield Flaw("", f"{listed(list(repeated))} written twice in one object; expected once.")


@rule(
    "json.nan",
    suspects=none,
    good=({"messages": [{"role": "user", "content": "NaN"}, {"role": "assistant", "content": "Infinity"}]},),
    bad=(Example.parse('{"messages": [{"role": "user", "content": NaN}]}'),),
)
def not_a_number(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """NaN and Infinity are no JSON; they come from pandas, and strict readers refuse the line.

    Leave the key out, or write null or text: `frame.where(frame.notna(), None)`.
    """
    found: list[str] = []
    if example.data is not None:
        json.loads(example.payload, parse_constant=found.append)
    if found:
        yield Flaw(
            "", f"{listed(sorted({name.lstrip('-') for name in found}))} as a value; expected JSON's own values."
        )


@rule(
    "json.surrogate",
    suspects=has(Bit.SURROGATE),
    good=(Example.parse('{"messages": [{"role": "user", "content": "\\ud83d\\ude00"}]}'),),
    bad=(Example.parse('{"messages": [{"role": "user", "content": "\\ud83d"}]}'),),
)
def surrogate(example: Example, _limits: Limits) -> Iterator[Flaw]:
    r"""Half of a character (`\ud83d` alone) cannot be written as UTF-8: uploads and tokenizers fail on it.

    It is what is left where an emoji was cut by a length limit. Delete the escape, or restore the character.
    """
    halves = sum(1 for match in ESCAPES.finditer(example.payload) if match[1])
    if halves and example.data is not None:
        yield Flaw("", f"{counted(halves, 'lone surrogate')}; expected whole characters.")
