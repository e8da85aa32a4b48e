"""Fingerprints of examples: digests of the normalised turns and of the prompt, and keys that near twins share.

All of it works on arrays of 64-bit word hashes, one batch at a time: hashing words costs a tenth of hashing characters.

Keys are MinHash bands over runs of three words of the turns (system turns and tool definitions apart: a whole dataset
shares them). In scripts without spaces each character is a word, see `pipeline.core.words`. They only have to find
candidates; `group` compares those exactly. Measured on chats: docs/duplicates.md.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from pipeline.core.columns import DIGEST
from pipeline.core.passages import Passages, PassageTable, passage_table
from pipeline.core.sketch import BYTES, SKETCH, sketches
from pipeline.core.word_hashes import ODD, Hashes, Indices, Words, mixed, table_words, turn_words

BANDS: Final = 24
ROWS_PER_BAND: Final = 4
BINS: Final = BANDS * ROWS_PER_BAND
WORDS_PER_SHINGLE: Final = 3
CHUNK_BYTES: Final = 1 << 19
"""Text hashed at once: its arrays fit into the processor's cache."""

ASKING: Final = frozenset("utf?")
"""Marks of what users, tools and functions say."""

_ASKS: Final = np.isin(np.arange(256), [ord(mark) for mark in ASKING])
_EMPTY: Final = np.uint32(0xFFFFFFFF)
_HALF: Final = np.uint64(32)
_STEP: Final = np.uint32(0x9E3779B1)
"""What is added to a value for each bin that it is away from its own."""
KEYS: Final = pa.list_(pa.uint64())

Mask = npt.NDArray[np.bool_]
Signatures = npt.NDArray[np.uint32]


class Fingerprints(NamedTuple):
    """Four columns of `columns.MEASURE`."""

    content: pa.Array
    """Null where there is no payload."""
    prompt: pa.Array
    """Null where no user, tool or function turn stands before an answer: nothing was asked."""
    keys: pa.Array
    """24 keys, or none where the turns hold no word; null where near twins are not asked for."""
    sketch: pa.Array
    """Null where near twins are not asked for."""


def fingerprints(passages: Sequence[Passages | None], *, near: bool) -> Fingerprints:
    """Give digests and keys of each example."""
    return table_fingerprints(passage_table(passages), near=near)


def table_fingerprints(said: PassageTable, *, near: bool) -> Fingerprints:
    """Give digests and keys of each example of a table."""
    content: list[bytes | None] = []
    prompt: list[bytes | None] = []
    signed = [np.zeros((0, BINS), np.uint32)]
    spoken = [np.zeros(0, dtype=bool)]
    sketched = [np.zeros((0, BYTES), np.uint8)]
    for chunk in chunks(said):
        words = table_words(chunk)
        passages = np.append(np.flatnonzero(words.mark), len(words.mark))
        content += _digests(words, words.starts[1:], chunk.is_known)
        prompt += _digests(words, _answer_starts(passages, chunk), is_asked(chunk))
        if near:
            turns = turn_words(words, passages, chunk.starts)
            sketched.append(sketches(*turns))
            signed.append(_signatures(*turns))
            spoken.append(np.diff(turns[1]) > 0)
    rows = len(said.is_known)
    keys, sketch = (
        (_keys(np.concatenate(signed), np.concatenate(spoken)), _sketched(np.concatenate(sketched)))
        if near
        else (pa.nulls(rows, KEYS), pa.nulls(rows, SKETCH))
    )
    return Fingerprints(pa.array(content, DIGEST), pa.array(prompt, DIGEST), keys, sketch)


def is_asked(said: PassageTable) -> Mask:
    """Say of each row whether a user, a tool or a function speaks before its last answer."""
    letters = np.frombuffer(said.marks.encode("ascii"), np.uint8)
    asks = np.concatenate([np.zeros(1, np.int64), np.cumsum(_ASKS[letters])])
    begin = said.starts[:-1]
    return (said.answer_at >= 0) & (asks[begin + np.maximum(said.answer_at, 0)] > asks[begin])


def chunks(said: PassageTable) -> Iterator[PassageTable]:
    """Cut the rows into runs of about CHUNK_BYTES of text."""
    sizes = np.fromiter(map(len, said.folded.texts), np.int64, len(said.texts))
    ends = np.append(0, np.cumsum(sizes))[said.starts]
    first, rows = 0, len(said.is_known)
    while first < rows:
        end = min(int(np.searchsorted(ends, ends[first] + CHUNK_BYTES)), rows)
        yield said.rows(first, end)
        first = end


def _digests(words: Words, ends: Indices, wanted: Mask) -> list[bytes | None]:
    """Give the digest of each row's words from its start to the given end."""
    raw = words.hashes.view(np.uint8).data
    digest = xxhash.xxh3_128_digest
    return [
        digest(raw[begin:end]) if is_wanted else None
        for begin, end, is_wanted in zip(
            (8 * words.starts[:-1]).tolist(), (8 * ends).tolist(), wanted.tolist(), strict=True
        )
    ]


def _answer_starts(passages: Indices, said: PassageTable) -> Indices:
    """Give the word with which each row's last answer begins; `passages` are the words with which passages begin."""
    return passages[said.starts[:-1] + np.maximum(said.answer_at, 0)]


def _signatures(hashes: Hashes, starts: Indices) -> Signatures:
    """Give the least shingle of each bin of each row: of shape (rows, BINS)."""
    shingles = _shingles(hashes, starts)
    rows = len(starts) - 1
    signature = np.full(rows * BINS, _EMPTY, np.uint32)
    places = (shingles >> _HALF) * np.uint64(BINS)
    places >>= _HALF
    places += np.repeat(np.arange(rows, dtype=np.uint64) * np.uint64(BINS), np.diff(starts))
    np.minimum.at(signature, places.view(np.int64), shingles.astype(np.uint32))
    return signature.reshape(rows, BINS)


def _shingles(hashes: Hashes, starts: Indices) -> Hashes:
    """Give the hash of each run of three words of a row, of all its words where a row has fewer; as many as words.

    Where a run would reach into the next row stands another of the same row: only the least of a bin counts.
    """
    runs = hashes * ODD[0]
    sizes = np.diff(starts)
    some = np.flatnonzero(sizes)
    first, last, sizes = starts[some], starts[some + 1] - 1, sizes[some]
    one = runs[first]
    two = one + hashes[np.minimum(first + 1, len(hashes) - 1)] * ODD[3]
    runs[:-1] += hashes[1:] * ODD[3]
    runs[:-2] += hashes[2:] * ODD[4]
    runs[last] = runs[np.maximum(last - 1, first)] = np.where(
        sizes >= WORDS_PER_SHINGLE, runs[first], np.where(sizes > 1, two, one)
    )
    return mixed(runs)


def _keys(signatures: Signatures, has_words: Mask) -> pa.ListArray:
    """Give the band keys of the rows that have words in their turns."""
    table = np.ascontiguousarray(signatures[has_words].T)
    _fill(table)
    offsets = np.append(0, np.cumsum(has_words, dtype=np.int32)) * np.int32(BANDS)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(_bands(table).T.ravel(), pa.uint64()))


def _fill(table: Signatures) -> None:
    """Fill each empty bin from the next full one to the right, told apart by the distance; the last goes on with the first.

    The table is of shape (BINS, rows), and filled from its last bin on: a bin is what its neighbour is, one step further.
    """
    is_full = table != _EMPTY
    first = np.where(is_full.any(axis=0), is_full.argmax(axis=0), BINS)
    told = table[first % BINS, np.arange(table.shape[1])] + first.astype(np.uint32) * _STEP
    kept = is_full * _EMPTY
    table &= kept
    taken = ~kept  # to choose by bits takes half the time of numpy's `where`, which asks of each
    for place in reversed(range(BINS)):
        told += _STEP
        told &= taken[place]
        told |= table[place]
        table[place] = told


def _bands(table: Signatures) -> Hashes:
    """Give one key a band, of shape (BANDS, rows); its number is part of it, so that keys of different bands never meet."""
    lanes = table.reshape(BANDS, ROWS_PER_BAND, -1)
    keys = np.broadcast_to(np.arange(1, BANDS + 1, dtype=np.uint64)[:, None], (BANDS, table.shape[1]))
    for lane in range(ROWS_PER_BAND):
        keys = mixed(keys * ODD[0] + lanes[:, lane])
    return keys


def _sketched(sketch: npt.NDArray[np.uint8]) -> pa.Array:
    return pa.Array.from_buffers(SKETCH, len(sketch), [None, pa.py_buffer(sketch)])
