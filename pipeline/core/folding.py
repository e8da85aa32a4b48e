"""Many texts folded at once: a table says of each character what folding and Unicode form ask of it, and learns those it meets.

`words.folded` is the truth: it is asked of the few texts with a character of which the table cannot answer for sure.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.words import folded

Indices = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint32]

KNOWN: Final = 1
FOLDS: Final = 2
"""Becomes another character, or several, of as many bytes in UTF-8."""
MARK: Final = 4
"""Has a place among the marks of its letter: next to another of them it may have to change places."""
SLOW: Final = 8
"""Becomes something of another length, or something that may be put together with its neighbours."""
DOUBTFUL: Final = 16
"""Is not in NFC, or not beside each neighbour."""
FOUR_BYTES: Final = 32

_LEAD: Final = 0xC2
"""Begins the first of the characters of two bytes."""
_NEXT: Final = 3
"""Bytes from the start of a character of two or three to that of the next."""
SECONDS: Final = (
    *((0x0300, 0x0345), (0x05B4, 0x05C2), (0x0653, 0x0655), (0x093C, 0x093C), (0x09BC, 0x09BC), (0x09BE, 0x09BE)),
    *((0x09D7, 0x09D7), (0x0A3C, 0x0A3C), (0x0B3C, 0x0B3C), (0x0B3E, 0x0B3E), (0x0B56, 0x0B57), (0x0BBE, 0x0BBE)),
    *((0x0BD7, 0x0BD7), (0x0C56, 0x0C56), (0x0CC2, 0x0CC2), (0x0CD5, 0x0CD6), (0x0D3E, 0x0D3E), (0x0D57, 0x0D57)),
    *((0x0DCA, 0x0DCA), (0x0DCF, 0x0DCF), (0x0DDF, 0x0DDF), (0x0F72, 0x0F80), (0x0FB5, 0x0FB7), (0x102E, 0x102E)),
    *((0x1160, 0x11FF), (0x1B35, 0x1B35), (0x3099, 0x309A)),
)
"""First and last of the characters that NFC may put together with the one before them, in the first plane. A list, as
to ask Unicode's tables for them takes 20 milliseconds; a test asks."""
PICTURES: Final = (0x1F000, 0x1FAFF)
"""Beyond the first plane only these, which are never put together, are told apart from all others."""
_SECONDS: Final = frozenset(chain.from_iterable(range(first, last + 1) for first, last in SECONDS))
_MASKS: Final = np.array([0xFFFF] * 0xE0 + [0xFFFFFF] * 0x10 + [0xFFFFFFFF] * 0x10, np.uint32)
"""First byte of a character → mask that keeps its bytes of the four that begin there, little-endian."""
_LAST_KEY: Final = int.from_bytes(b"\xef\xbf\xbf", "little")
_flags = np.zeros(_LAST_KEY + 2, np.uint8)
"""Flags of each character of two or three bytes; last, those of all others. Memory is taken for what is met alone."""
_flags[-1] = FOUR_BYTES
_folds: dict[int, int] = {}


class Folded(NamedTuple):
    """Texts for finding twins."""

    texts: list[bytes]
    """Each in UTF-8, folded but for the capitals of ASCII, which are left to whoever has all in one piece."""
    doubtful: Indices
    """Numbers of the texts that may not be in NFC, in order."""

    def some(self, first: int, end: int) -> "Folded":
        """Give some texts in a row."""
        begin, stop = np.searchsorted(self.doubtful, (first, end)).tolist()
        return Folded(self.texts[first:end], self.doubtful[begin:stop] - first)


def fold(texts: Sequence[str]) -> Folded:
    """Fold texts, as `words.folded` does one by one; lone surrogates pass."""
    told = _encoded(texts)
    foreign = np.flatnonzero(~np.fromiter(map(str.isascii, texts), bool, len(texts)))
    if not len(foreign):
        return Folded(told, foreign)
    some = [told[at] for at in foreign.tolist()]
    ends = np.cumsum(np.fromiter(map(len, some), np.int64, len(some)))
    whole = bytearray().join((*some, b"   "))
    at, flags = _folded_in_place(np.frombuffer(whole, np.uint8))
    changed, slow, doubtful = (
        np.unique(np.searchsorted(ends, at[np.flatnonzero(flags & flag)], side="right"))
        for flag in (FOLDS, SLOW, DOUBTFUL)
    )
    for number in changed.tolist():
        told[foreign[number]] = bytes(whole[ends[number] - len(some[number]) : ends[number]])
    for number in foreign[slow].tolist():
        told[number] = folded(texts[number]).encode("utf-8", "surrogatepass")
    return Folded(told, foreign[doubtful])


def _encoded(texts: Sequence[str]) -> list[bytes]:
    try:
        return list(map(str.encode, texts))
    except UnicodeEncodeError:  # lone surrogates
        return [text.encode("utf-8", "surrogatepass") for text in texts]


def _folded_in_place(letters: npt.NDArray[np.uint8]) -> tuple[Indices, npt.NDArray[np.uint8]]:
    """Fold what keeps its length; give where each character beyond ASCII begins, and its flags. The last three bytes are spaces."""
    at = np.flatnonzero(letters >= _LEAD)
    keys: Keys = np.ndarray((len(letters) - 3,), "<u4", buffer=letters, strides=(1,))[at]
    keys &= _MASKS[keys & 0xFF]
    flags = _flags_of(keys)
    some = np.flatnonzero(flags & FOLDS)
    kinds, which = np.unique(keys[some], return_inverse=True)
    others = np.array([_folds[kind] for kind in kinds.tolist()], np.uint32)[which]
    letters[at[some]] = others & 0xFF
    letters[at[some] + 1] = others >> 8 & 0xFF
    long = np.flatnonzero(others >> 16)
    letters[at[some[long]] + 2] = others[long] >> 16
    marks = np.flatnonzero(flags & MARK)
    flags[marks[1:][np.diff(at[marks]) <= _NEXT]] |= SLOW | DOUBTFUL
    return at, flags


def _flags_of(keys: Keys) -> npt.NDArray[np.uint8]:
    flags = np.take(_flags, keys, mode="clip")
    if not flags.all():
        for key in np.unique(keys[flags == 0]).tolist():
            _flags[key] = _learned(key)
        flags = np.take(_flags, keys, mode="clip")
    four = np.flatnonzero(flags == FOUR_BYTES)
    if len(four):
        kinds, which = np.unique(keys[four], return_inverse=True)
        flags[four] = np.array([_learned(kind) for kind in kinds.tolist()], np.uint8)[which]
    return flags


@cache
def _learned(key: int) -> int:
    """Give the flags of the character with these bytes, and keep what it becomes."""
    told = key.to_bytes(4, "little").rstrip(b"\0")
    letter = told.decode("utf-8", "surrogatepass")
    become = letter.casefold().replace("ı", "i")
    other = become.encode("utf-8", "surrogatepass")
    flags = KNOWN if _is_steady(letter) else KNOWN | DOUBTFUL
    if unicodedata.combining(letter):
        flags |= MARK
    if not all(map(_is_steady, become)) or len(other) != len(told):
        return flags | SLOW
    if become == letter:
        return flags
    if any(map(unicodedata.combining, become)) or len(told) > _NEXT:
        return flags | SLOW
    _folds[key] = int.from_bytes(other, "little")
    return flags | FOLDS


def _is_steady(letter: str) -> bool:
    """Say whether NFC leaves a character alone whatever stands beside it, but for the order of marks."""
    if not unicodedata.is_normalized("NFC", letter):
        return False
    first, last = PICTURES
    return ord(letter) not in _SECONDS and (letter <= "\uffff" or first <= ord(letter) <= last)
