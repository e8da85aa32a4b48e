"""Fingerprints of examples: digests of the normalised turns and of the prompt, and keys that near twins share.

All of it works on arrays of 64-bit word hashes, one batch at a time: hashing words costs a tenth of hashing characters.

Keys are MinHash bands over runs of three words of the turns (system turns and tool definitions apart: a whole dataset
shares them). In scripts without spaces each character is a word, see `pipeline.core.words`. They only have to find
candidates; `group` compares those exactly. Measured on chats: docs/duplicates.md.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from pipeline.core.columns import DIGEST
from pipeline.core.passages import Passages, PassageTable, passage_table
from pipeline.core.sketch import SKETCH, sketches
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

Mask = npt.NDArray[np.bool_]


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
    keys: list[Hashes] = []
    sizes: list[Indices] = []
    sketched = [b""]
    rows = len(said.is_known)
    for chunk in chunks(said):
        words = table_words(chunk)
        content += _digests(words, words.starts[1:], chunk.is_known)
        prompt += _digests(words, _answer_starts(words, chunk), is_asked(chunk))
        if near:
            turns = turn_words(words)
            sketched.append(sketches(*turns, len(chunk.is_known)).tobytes())
            found, has_words = _keys(*turns, len(chunk.is_known))
            keys.append(found.ravel())
            sizes.append(has_words * BANDS)
    return Fingerprints(
        pa.array(content, DIGEST),
        pa.array(prompt, DIGEST),
        _listed(keys, sizes, rows),
        pa.Array.from_buffers(SKETCH, rows, [None, pa.py_buffer(b"".join(sketched))])
        if near
        else pa.nulls(rows, SKETCH),
    )


def is_asked(said: PassageTable) -> Mask:
    """Say of each row whether a user, a tool or a function speaks before its last answer."""
    letters = np.frombuffer(said.marks.encode("ascii"), np.uint8)
    asks = np.concatenate([np.zeros(1, np.int64), np.cumsum(_ASKS[letters])])
    begin = said.starts[:-1]
    return (said.answer_at >= 0) & (asks[begin + np.maximum(said.answer_at, 0)] > asks[begin])


def chunks(said: PassageTable) -> Iterator[PassageTable]:
    """Cut the rows into runs of about CHUNK_BYTES of text."""
    ends = np.array([0, *accumulate(map(len, said.texts))], np.int64)[said.starts]
    first, rows = 0, len(said.is_known)
    while first < rows:
        end = min(int(np.searchsorted(ends, ends[first] + CHUNK_BYTES)), rows)
        yield said.rows(first, end)
        first = end


def _digests(words: Words, ends: Indices, wanted: Mask) -> list[bytes | None]:
    """Give the digest of each row's words from its start to the given end."""
    raw = memoryview(words.hashes.tobytes())
    digest = xxhash.xxh3_128_digest
    return [
        digest(raw[begin:end]) if is_wanted else None
        for begin, end, is_wanted in zip(
            (8 * words.starts[:-1]).tolist(), (8 * ends).tolist(), wanted.tolist(), strict=True
        )
    ]


def _answer_starts(words: Words, said: PassageTable) -> Indices:
    """Give the word with which each row's last answer begins."""
    marks = np.append(np.flatnonzero(words.mark), len(words.mark))
    return marks[said.starts[:-1] + np.maximum(said.answer_at, 0)]


def _keys(hashes: Hashes, row: Indices, rows: int) -> tuple[Hashes, Indices]:
    """Give the band keys of the rows that have words in their turns, and 1 for each row that has."""
    sizes = np.bincount(row, minlength=rows)
    shingles, owner = _shingles(hashes, row, sizes)
    signature = np.full(rows * BINS, _EMPTY, np.uint32)
    places = (shingles >> _HALF) * np.uint64(BINS)
    places >>= _HALF
    places += owner.astype(np.uint64) * np.uint64(BINS)
    np.minimum.at(signature, places.view(np.int64), shingles.astype(np.uint32))
    has_words = sizes > 0
    table = signature.reshape(rows, BINS)
    return _bands(_filled(table if has_words.all() else table[has_words])), has_words.astype(np.int64)


def _shingles(hashes: Hashes, row: Indices, sizes: Indices) -> tuple[Hashes, Indices]:
    """Give the hash of each run of three words of a row; of all its words where a row has fewer. In any order."""
    runs = hashes * ODD[0]
    few = np.flatnonzero((sizes > 0) & (sizes < WORDS_PER_SHINGLE))
    at = (np.cumsum(sizes) - sizes)[few]
    short = runs[at] + np.where(sizes[few] > 1, hashes[np.minimum(at + 1, len(hashes) - 1)] * ODD[3], np.uint64(0))
    third = np.flatnonzero(row[2:] == row[:-2])
    runs[:-1] += hashes[1:] * ODD[3]
    runs[:-2] += hashes[2:] * ODD[4]
    return mixed(np.concatenate([runs[third], short])), np.concatenate([row[third], few])


def _filled(table: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Fill each empty bin from the next full one to the right, told apart by the distance.

    Only empty bins are looked at, a third of those of chats.
    """
    is_full = table != _EMPTY
    empty, full = np.flatnonzero(~is_full), np.flatnonzero(is_full)
    begin = empty - empty % BINS
    ends = np.append(full, 2 * table.size)
    next_one = ends[empty - np.arange(len(empty))]  # as many are full before it as are not empty
    first = ends[np.searchsorted(full, begin)]
    wrapped = np.where(first < begin + BINS, first + BINS, begin + 2 * BINS)  # the last: of a row without any
    source = np.where(next_one < begin + BINS, next_one, wrapped) - begin
    distance = (source - (empty - begin)).astype(np.uint32)
    filled = table.copy()
    filled.ravel()[empty] = table.ravel()[begin + source % BINS] + distance * np.uint32(0x9E3779B1)
    return filled


def _bands(table: npt.NDArray[np.uint32]) -> Hashes:
    """Give one key a band; the band's number is part of it, so that keys of different bands never meet."""
    lanes = table.reshape(len(table), BANDS, ROWS_PER_BAND).astype(np.uint64)
    keys = np.broadcast_to(np.arange(1, BANDS + 1, dtype=np.uint64), lanes.shape[:2])
    for lane in range(ROWS_PER_BAND):
        keys = mixed(keys * ODD[0] + lanes[:, :, lane])
    return keys


def _listed(keys: Sequence[Hashes], sizes: Sequence[Indices], rows: int) -> pa.ListArray:
    if not keys:
        return pa.nulls(rows, pa.list_(pa.uint64()))
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(np.concatenate(keys), pa.uint64()))
