"""Words of many examples at once, as arrays of 64-bit hashes: the common ground of fingerprints and of comparing.

Hashing words costs a tenth of hashing characters, and numpy does a batch at a time.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

from pipeline.core.passages import HEAD_MARKS, Passages, PassageTable, passage_table
from pipeline.core.words import MARK, SPACES, UNSPACED

Hashes = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]

ODD: Final = tuple(
    np.uint64(number)
    for number in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F)
)
"""Odd multipliers with well mixed bits (those of splitmix64 and wyhash)."""
_LOW_BYTES: Final = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)
"""Mask that keeps the first bytes of a little-endian number."""
_HEAD: Final = np.isin(np.arange(256), [ord(mark) for mark in HEAD_MARKS])
LANE: Final = 8
"""Bytes hashed at a time."""
LONG_WORD: Final = 64
"""Bytes beyond which a word is an address or an image, and is hashed by xxh3."""
_SPACE: Final = np.uint8(32)
"""This byte and all below separate words."""
_TWO_BYTES: Final = 0xC2
"""Begins the first of the characters of two bytes in UTF-8."""
_THREE_BYTES: Final = 0xE0
_FOUR_BYTES: Final = 0xF0
_MARK: Final = MARK.encode()
_PADDING: Final = b" " * LANE


class Words(NamedTuple):
    """The words of a batch of examples, passage marks included, in order."""

    hashes: Hashes
    row: Indices
    """Row of each word, within the batch."""
    mark: npt.NDArray[np.uint8]
    """The mark's letter where the word begins a passage, else 0."""
    starts: Indices
    """Where each row begins, and last the number of words."""


def example_words(examples: Sequence[Passages | None]) -> Words:
    """Give the words of the examples; none for None. Characters of scripts without spaces are words of their own."""
    return table_words(passage_table(examples))


def table_words(said: PassageTable) -> Words:
    """Give the words of the examples of a table. Each passage begins with a word of its own: MARK and its letter."""
    text = _stream(said)
    letters = np.frombuffer(text, np.uint8)
    begin, end = (_edges if text.isascii() else _edges_in_any_script)(letters)
    begins = np.flatnonzero(letters == ord(MARK))  # of passages: no text holds a mark, and each is a word
    passages = np.searchsorted(begin, begins)
    mark = np.zeros(len(begin), np.uint8)
    mark[passages] = letters[begins + 1]
    starts = np.append(passages, len(begin))[said.starts]
    row = np.repeat(np.arange(len(said.is_known)), np.diff(starts))
    return Words(hashed(text, begin, end - begin), row, mark, starts)


def squeezed(said: PassageTable) -> npt.NDArray[np.uint8]:
    """Give the words of all passages in UTF-8, one space between two, and none beside a word of a single character.

    Two rows have the same bytes where they have the same words, and only there: a passage begins with MARK, its letter and
    a space, such a character is a word wherever it stands, and any other word ends at a space or before one of these.
    Cutting the text into words takes twice as long.
    """
    text = _stream(said)
    letters = np.frombuffer(text, np.uint8)
    if text.isascii():
        return _without_doubles(letters, letters <= _SPACE)
    spaces, alone, behind = _kinds_of(letters)
    letters = letters.copy()
    letters[spaces] = _SPACE
    is_space = letters <= _SPACE
    needless = np.concatenate([alone[is_space[alone - 1]] - 1, behind[is_space[behind]]])
    if not len(needless):
        return _without_doubles(letters, is_space)
    starts = np.flatnonzero(is_space[1:] & ~is_space[:-1]) + 1
    first = starts[np.searchsorted(starts, needless, side="right") - 1]  # of the spaces, one of which each of these is
    is_kept = _is_first(is_space)
    is_kept[first] = False
    return np.maximum(letters[is_kept], _SPACE)


def _stream(said: PassageTable) -> bytes:
    """Give the folded text of all passages, and behind it what a lane may read beyond the last word.

    Lower case is given to the bytes of all at once: of ASCII that is the folded text, and what is folded holds no capitals.
    """
    begins = {mark: f" {MARK}{mark} ".encode() for mark in set(said.marks)}
    parts = [b" "] * (2 * len(said.marks))
    parts[::2] = map(begins.__getitem__, said.marks)
    parts[1::2] = told = said.folded.texts
    text = b"".join((*parts, _PADDING)).lower()
    if text.count(_MARK) != len(said.marks):
        parts[1::2] = [one.replace(_MARK, b" ") for one in told]
        text = b"".join((*parts, _PADDING)).lower()
    return text


def _edges(letters: npt.NDArray[np.uint8]) -> tuple[Indices, Indices]:
    """Give where each word begins and ends."""
    is_space = letters <= _SPACE
    edges = np.flatnonzero(is_space[1:] != is_space[:-1]) + 1
    return edges[::2], edges[1::2]


def _edges_in_any_script(letters: npt.NDArray[np.uint8]) -> tuple[Indices, Indices]:
    """Give where each word begins and ends, after `pipeline.core.words`: the same words, found a batch at a time."""
    is_space = letters <= _SPACE
    cuts = np.zeros(len(letters), dtype=bool)
    spaces, alone, behind = _kinds_of(letters)
    is_space[spaces] = True
    cuts[alone] = cuts[behind] = True
    starts_word, ends_word = is_space[:-1] | cuts[1:], is_space[1:] | cuts[1:]
    return np.flatnonzero(~is_space[1:] & starts_word) + 1, np.flatnonzero(~is_space[:-1] & ends_word) + 1


def _kinds_of(letters: npt.NDArray[np.uint8]) -> tuple[Indices, Indices, Indices]:
    """Give all bytes of white space beyond ASCII, and where each character that is a word begins, and what is behind it."""
    at = np.flatnonzero(letters >= _TWO_BYTES)
    size = 2 + (letters[at] >= _THREE_BYTES).astype(np.int64) + (letters[at] >= _FOUR_BYTES)
    kind = np.full(len(at), _ALONE, np.uint8)
    for count in (2, 3):
        some = at[size == count]
        kind[size == count] = _KINDS[_code_points(letters, some, count)]
    is_blank, is_alone = kind == _BLANK, kind == _ALONE
    spaces = np.repeat(at[is_blank], size[is_blank])
    within = np.arange(len(spaces)) - np.repeat(np.cumsum(size[is_blank]) - size[is_blank], size[is_blank])
    return spaces + within, at[is_alone], at[is_alone] + size[is_alone]


def _is_first(is_space: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Say of each byte whether it is a letter or the first of some spaces."""
    kept = np.ones(len(is_space), dtype=bool)
    np.logical_not(is_space[1:] & is_space[:-1], out=kept[1:])
    return kept


def _without_doubles(letters: npt.NDArray[np.uint8], is_space: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Give the bytes with one space for any white space; `letters` at or below the space are white space."""
    return np.maximum(letters[_is_first(is_space)], _SPACE)


def _code_points(letters: npt.NDArray[np.uint8], at: Indices, size: int) -> Indices:
    """Give the characters of two or three bytes that begin there."""
    point = letters[at].astype(np.int64) & (0x3F >> (size - 1))
    for byte in range(1, size):
        point = point << 6 | (letters[at + byte] & 0x3F)
    return point


def _kinds() -> npt.NDArray[np.uint8]:
    kinds = np.zeros(1 << 16, np.uint8)
    for ranges, kind in ((SPACES, _BLANK), (UNSPACED, _ALONE)):
        for first, last in ranges:
            kinds[first : last + 1] = kind
    return kinds


_BLANK: Final = 1
_ALONE: Final = 2
_KINDS: Final = _kinds()
"""Of each character of up to three bytes: a letter of a word (0), white space, or a word by itself."""


def hashed(text: bytes, begin: Indices, length: Indices) -> Hashes:
    """Give the hash of each word that begins there and has this many bytes; behind the last stand `LANE` bytes more."""
    lanes = np.ndarray((len(text) - LANE + 1,), "<u8", buffer=text, strides=(1,))
    hashes = lanes[begin]
    hashes &= np.take(_LOW_BYTES, length, mode="clip")
    hashes *= ODD[0]
    hashes += length.view(np.uint64)
    hashes = mixed(hashes)
    rest = np.flatnonzero(length > LANE)
    offset = LANE
    while len(rest) and offset < LONG_WORD:
        left = np.minimum(length[rest] - offset, LANE)
        hashes[rest] = mixed(hashes[rest] * ODD[3] + (lanes[begin[rest] + offset] & _LOW_BYTES[left]))
        offset += LANE
        rest = rest[length[rest] > offset]
    for index in rest.tolist():
        start = int(begin[index])
        hashes[index] = xxhash.xxh3_64_intdigest(text[start : start + int(length[index])])
    return hashes


def mixed(numbers: Hashes) -> Hashes:
    """Spread every bit over all bits (the finish of splitmix64)."""
    numbers = numbers ^ (numbers >> np.uint64(30))
    numbers *= ODD[1]  # in place from here on: the arrays stay in the processor's cache
    numbers ^= numbers >> np.uint64(27)
    numbers *= ODD[2]
    numbers ^= numbers >> np.uint64(31)
    return numbers


def turn_words(words: Words, passages: Indices, rows: Indices) -> tuple[Hashes, Indices]:
    """Give the words that tell examples apart: no marks, no system turns, no definitions; and where each row begins in them.

    `passages` are the words with which the passages begin, and last the number of words; `rows` the passages with which rows do.
    """
    sizes = np.diff(passages)
    is_head = _HEAD[words.mark[passages[:-1]]]
    kept = words.mark == 0
    if is_head.any():
        kept &= np.repeat(~is_head, sizes)
    starts = np.append(0, np.cumsum(np.where(is_head, 0, sizes - 1)))[rows]
    return words.hashes[kept], starts
