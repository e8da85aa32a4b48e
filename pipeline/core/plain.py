"""Examples as nearly all are: turns of a role and one text, nothing else. Decoded in two microseconds."""

from functools import lru_cache
from typing import Annotated, Final, Literal, NamedTuple, TypeAlias

import msgspec
import pyarrow as pa
from msgspec import Meta, Struct

from pipeline.core.example import Example, Method
from pipeline.core.passages import Passages, passages_of

LETTERS: Final = {"system": "s", "developer": "d", "user": "u", "assistant": "a"}


class Plain(Struct, gc=False, forbid_unknown_fields=True):
    """A turn of a role and one text."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str


class PlainExample(Struct, gc=False, forbid_unknown_fields=True):
    """A conversation of plain turns without tools."""

    messages: Annotated[list[Plain], Meta(min_length=1)]


class PlainAnswer(Struct, gc=False, forbid_unknown_fields=True):
    """An answer of a preference pair."""

    role: Literal["assistant"]
    content: str


class PlainPair(Struct, gc=False, forbid_unknown_fields=True):
    """A preference pair of plain turns."""

    input: PlainExample
    preferred_output: Annotated[list[PlainAnswer], Meta(min_length=1, max_length=1)]
    non_preferred_output: Annotated[list[PlainAnswer], Meta(min_length=1, max_length=1)]


PlainRow: TypeAlias = list[Plain] | Passages | None
"""The turns of a plain conversation, the passages of a plain preference pair, or None: something else, or nothing."""


class PlainRows(NamedTuple):
    """The payloads of a batch, each taken apart where it is plain."""

    lines: list[bytes | None]
    """The payloads themselves."""
    rows: list[PlainRow]


_EXAMPLES: Final = msgspec.json.Decoder(PlainExample)
_PAIRS: Final = msgspec.json.Decoder(PlainPair)


def plain_turns(payload: bytes) -> list[Plain] | None:
    """Give the turns of a plain conversation, None for any other payload."""
    try:
        return _EXAMPLES.decode(payload).messages
    except (ValueError, RecursionError):  # as below
        return None


def plain_passages(payload: bytes | str, *, method: Method) -> Passages | None:
    """Give the passages of a plain example, None for any other payload."""
    try:
        return _pair(_PAIRS.decode(payload)) if method == "dpo" else _conversation(_EXAMPLES.decode(payload).messages)
    except (ValueError, RecursionError):  # msgspec.DecodeError and UnicodeEncodeError are ValueErrors
        return None


class _Column:
    """A column of payloads that is the same as another where its texts are."""

    def __init__(self, payloads: pa.ChunkedArray) -> None:
        self.payloads = payloads

    def __hash__(self) -> int:
        return len(self.payloads)

    def __eq__(self, other: object) -> bool:
        """Compare: in four microseconds where both are one column, as those of two stages in a row are."""
        return isinstance(other, _Column) and bool(self.payloads.equals(other.payloads))


def plain_rows(payloads: pa.ChunkedArray, *, method: Method) -> PlainRows:
    """Take payloads (text) apart where they are plain.

    What the last batch held is remembered: the stages of a pass ask for the same one behind the other, and taking it apart
    takes 0.4 CPU-seconds for 100,000 chats.
    """
    return _plain_rows(_Column(payloads), method)


@lru_cache(maxsize=1)
def _plain_rows(column: _Column, method: Method) -> PlainRows:
    payloads = column.payloads
    raw = payloads.cast(pa.large_binary() if pa.types.is_large_string(payloads.type) else pa.binary())
    lines: list[bytes | None] = raw.to_pylist()
    return PlainRows(lines, [None if line is None else _plain_row(line, method) for line in lines])


def _plain_row(line: bytes, method: Method) -> PlainRow:
    return plain_passages(line, method=method) if method == "dpo" else plain_turns(line)


def quick_example(payload: str, *, method: Method) -> Example:
    """Give any payload as rules see it, in a third of the time where all turns are plain text: keys of those are in order."""
    turns = None if method == "dpo" else plain_turns(payload.encode("utf-8", "surrogatepass"))
    if turns is None:
        return Example.parse(payload, method=method)
    data = {"messages": [{"role": turn.role, "content": turn.content} for turn in turns]}
    return Example(payload, method, data=data)


def quick_passages(payload: str, *, method: Method) -> Passages:
    """Give the passages of any payload, quickly where it is plain."""
    return plain_passages(payload, method=method) or passages_of(payload, method=method)


def _conversation(turns: list[Plain]) -> Passages:
    roles = "".join([LETTERS[turn.role] for turn in turns])
    last = roles.rfind("a")
    return Passages(roles, tuple([turn.content for turn in turns]), last if last >= 0 else None)


def _pair(pair: PlainPair) -> Passages:
    turns = pair.input.messages
    better, other = pair.preferred_output[0].content, pair.non_preferred_output[0].content
    marks = "".join([LETTERS[turn.role] for turn in turns]) + "|a|a"
    return Passages(marks, (*[turn.content for turn in turns], "", better, "", other), len(turns))
