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
from pipeline.core.passages import HEAD_MARKS, Passages
from pipeline.core.words import MARK, normal

Hashes = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]

BANDS: Final = 24
ROWS_PER_BAND: Final = 2
BINS: Final = BANDS * ROWS_PER_BAND
WORDS_PER_SHINGLE: Final = 3
CHUNK_BYTES: Final = 1 << 19
"""Text hashed at once: its arrays fit into the processor's cache."""

_EMPTY: Final = np.uint32(0xFFFFFFFF)
_ODD: Final = tuple(
    np.uint64(number)
    for number in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F)
)
"""Odd multipliers with well mixed bits (those of splitmix64 and wyhash)."""
_LOW_BYTES: Final = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)
"""Mask that keeps the first bytes of a little-endian number."""
_HEAD: Final = np.isin(np.arange(256), [ord(mark) for mark in HEAD_MARKS])
_SPACE: Final = 32
"""This byte and all below separate words."""


class Fingerprints(NamedTuple):
    """Three columns of `columns.MEASURE`."""

    content: pa.Array
    """Null where there is no payload."""
    prompt: pa.Array
    """Null where there is no answer, so no prompt either."""
    keys: pa.Array
    """24 keys, or none where the turns hold no word; null where near twins are not asked for."""


class _Words(NamedTuple):
    """The words of a chunk, passage marks included, in order."""

    hashes: Hashes
    row: Indices
    """Row of each word, within the chunk."""
    mark: npt.NDArray[np.uint8]
    """The mark's letter where the word begins a passage, else 0."""
    starts: Indices
    """Where each row begins, and last the number of words."""


def fingerprints(passages: Sequence[Passages | None], *, near: bool) -> Fingerprints:
    """Give digests and keys of each example."""
    content: list[bytes | None] = []
    prompt: list[bytes | None] = []
    keys: list[Hashes] = []
    sizes: list[Indices] = []
    for chunk in _chunks(passages):
        words = _words([stream(one) if one else b"" for one in chunk])
        ends = words.starts[1:].tolist()
        content += _digests(words, ends, [one is not None for one in chunk])
        prompt += _digests(
            words, _answer_starts(words, chunk), [bool(one and one.answer_at is not None) for one in chunk]
        )
        if near:
            found, has_words = _keys(words, len(chunk))
            keys.append(found.ravel())
            sizes.append(has_words * BANDS)
    return Fingerprints(pa.array(content, DIGEST), pa.array(prompt, DIGEST), _listed(keys, sizes, len(passages)))


def stream(passages: Passages) -> bytes:
    """Give the normalised text in which each passage begins with a word of its own: MARK and its letter."""
    marks, texts, _ = passages
    joined = "".join([f"{MARK}{mark} {text} " for mark, text in zip(marks, texts, strict=True)])
    if joined.count(MARK) != len(marks):
        joined = "".join([f"{MARK}{mark} {text.replace(MARK, ' ')} " for mark, text in zip(marks, texts, strict=True)])
    try:
        return normal(joined).encode() + b" "
    except UnicodeEncodeError:  # lone surrogates
        return normal(joined).encode("utf-8", "surrogatepass") + b" "


def _chunks(passages: Sequence[Passages | None]) -> Iterator[Sequence[Passages | None]]:
    """Cut the rows into runs of about CHUNK_BYTES of text."""
    start, size = 0, 0
    for index, one in enumerate(passages):
        size += sum(map(len, one.texts)) if one else 0
        if size >= CHUNK_BYTES:
            yield passages[start : index + 1]
            start, size = index + 1, 0
    if start < len(passages):
        yield passages[start:]


def _words(streams: Sequence[bytes]) -> _Words:
    """Cut streams into words and hash each: all eight-byte lanes of a word are mixed into 64 bits."""
    text = b"".join((b" ", *streams, b" " * 8))
    letters = np.frombuffer(text, np.uint8)
    is_space = letters <= _SPACE
    edges = np.flatnonzero(is_space[1:] != is_space[:-1]) + 1
    begin, end = edges[::2], edges[1::2]
    hashes = _hashed(text, begin, end - begin)
    bounds = np.cumsum([1, *map(len, streams)])
    starts = np.searchsorted(begin, bounds)
    row = np.repeat(np.arange(len(streams)), np.diff(starts))
    mark = np.where(letters[begin] == ord(MARK), letters[begin + 1], 0).astype(np.uint8)
    return _Words(hashes, row, mark, starts)


def _hashed(text: bytes, begin: Indices, length: Indices) -> Hashes:
    lanes = np.ndarray((len(text) - 7,), "<u8", buffer=text, strides=(1,))
    hashes = _mixed((lanes[begin] & _LOW_BYTES[np.minimum(length, 8)]) * _ODD[0] + length.astype(np.uint64))
    rest = np.flatnonzero(length > 8)
    offset = 8
    while len(rest) and offset < 64:
        left = np.minimum(length[rest] - offset, 8)
        hashes[rest] = _mixed(hashes[rest] * _ODD[3] + (lanes[begin[rest] + offset] & _LOW_BYTES[left]))
        offset += 8
        rest = rest[length[rest] > offset]
    for index in rest.tolist():  # a word of more than 64 bytes: an address, or an image
        start = int(begin[index])
        hashes[index] = xxhash.xxh3_64_intdigest(text[start : start + int(length[index])])
    return hashes


def _mixed(numbers: Hashes) -> Hashes:
    """Spread every bit over all bits (the finish of splitmix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * _ODD[1]
    numbers = (numbers ^ (numbers >> np.uint64(27))) * _ODD[2]
    return numbers ^ (numbers >> np.uint64(31))


def _digests(words: _Words, ends: Sequence[int], wanted: Sequence[bool]) -> list[bytes | None]:
    """Give the digest of each row's words from its start to the given end."""
    raw = memoryview(words.hashes).cast("B")
    begins = words.starts[:-1].tolist()
    return [
        xxhash.xxh3_128_digest(raw[8 * begin : 8 * end]) if is_wanted else None
        for begin, end, is_wanted in zip(begins, ends, wanted, strict=True)
    ]


def _answer_starts(words: _Words, chunk: Sequence[Passages | None]) -> list[int]:
    """Give the word with which each row's last answer begins."""
    marks = np.flatnonzero(words.mark)
    first = np.searchsorted(marks, words.starts[:-1])
    ordinal = np.array([one.answer_at or 0 if one else 0 for one in chunk], np.int64)
    return marks[np.minimum(first + ordinal, max(len(marks) - 1, 0))].tolist() if len(marks) else [0] * len(chunk)


def _keys(words: _Words, rows: int) -> tuple[Hashes, Indices]:
    """Give the band keys of the rows that have words in their turns, and 1 for each row that has."""
    hashes, row = _turn_words(words)
    shingles, owner = _shingles(hashes, row)
    signature = np.full(rows * BINS, _EMPTY, np.uint32)
    bin_of = ((shingles >> np.uint64(32)) * np.uint64(BINS) >> np.uint64(32)).astype(np.int64)
    np.minimum.at(signature, owner * BINS + bin_of, shingles.astype(np.uint32))
    table = signature.reshape(rows, BINS)
    has_words = np.bincount(row, minlength=rows) > 0
    return _bands(_filled(table[has_words])), has_words.astype(np.int64)


def _turn_words(words: _Words) -> tuple[Hashes, Indices]:
    """Give the words that tell examples apart: no marks, no system turns, no definitions."""
    mark_at = np.maximum.accumulate(np.where(words.mark > 0, np.arange(len(words.mark)), 0))
    kept = (words.mark == 0) & ~_HEAD[words.mark[mark_at]]
    return words.hashes[kept], words.row[kept]


def _shingles(hashes: Hashes, row: Indices) -> tuple[Hashes, Indices]:
    """Give the hash of each run of three words of a row; of all its words where a row has fewer."""
    if len(hashes) == 0:
        return hashes, row
    padded = np.concatenate([hashes, np.zeros(2, np.uint64)])
    owner = np.concatenate([row, [-1, -1]])
    second = np.where(owner[1:-1] == row, padded[1:-1], 0)
    third = np.where(owner[2:] == row, padded[2:], 0)
    starts_row = np.concatenate([[True], row[1:] != row[:-1]])
    kept = (third != 0) | starts_row
    runs = hashes * _ODD[0] + second * _ODD[3] + third * _ODD[4]
    return _mixed(runs[kept]), row[kept]


def _filled(table: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Fill each empty bin from the next full one to the right, told apart by the distance."""
    if table.size == 0:
        return table
    twice = np.concatenate([table, table], axis=1)
    far = 2 * BINS
    places = np.where(twice != _EMPTY, np.arange(far), far)
    nearest = np.minimum.accumulate(places[:, ::-1], axis=1)[:, ::-1][:, :BINS]
    distance = nearest - np.arange(BINS)
    taken = np.take_along_axis(twice, np.minimum(nearest, far - 1), axis=1)
    return (taken + distance.astype(np.uint32) * np.uint32(0x9E3779B1)).astype(np.uint32)


def _bands(table: npt.NDArray[np.uint32]) -> Hashes:
    """Give one key a band; the band's number is part of it, so that keys of different bands never meet."""
    pairs = table.reshape(len(table), BANDS, ROWS_PER_BAND).astype(np.uint64)
    numbers = np.arange(1, BANDS + 1, dtype=np.uint64)
    return _mixed((pairs[:, :, 0] << np.uint64(32) | pairs[:, :, 1]) + numbers * _ODD[0])


def _listed(keys: Sequence[Hashes], sizes: Sequence[Indices], rows: int) -> pa.ListArray:
    if not keys:
        return pa.nulls(rows, pa.list_(pa.uint64()))
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(np.concatenate(keys), pa.uint64()))
