"""The words of a text for finding twins: case, white space and Unicode form made one."""

import re
import unicodedata
from typing import Final

MARK: Final = "\x7f"
"""Begins a passage in a stream of words; inside a text it counts as white space, so no text can fake a passage."""

UNSPACED: Final = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0xA4CF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF)),
    (0x10000, 0x10FFFF),
)
"""First and last code points of Thai, Lao, Burmese, Khmer, Chinese, Japanese, full-width forms, emoji: each character
is a word of its own."""
SPACES: Final = (
    *((0x00, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F)),
    *((0x205F, 0x205F), (0x3000, 0x3000)),
)
"""White space, and the control characters below it."""


def _classes(ranges: tuple[tuple[int, int], ...]) -> str:
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges)


_WORD: Final = re.compile(f"[{_classes(UNSPACED)}]|[^{_classes(UNSPACED)}{_classes(SPACES)}]+")
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1b\x7f]")
"""Separates words here but not for `str.split`."""
_UNSPLIT: Final = re.compile(f"[\x00-\x08\x0e-\x1b\x7f{_classes(UNSPACED)}]")
"""The same, and what is a word by itself."""


def folded(text: str) -> str:
    """Give the text with case folded, in NFC; lone surrogates pass.

    NFC and not NFKC: NFKC makes `x²` and `x2` one, which are different answers.
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text.casefold().replace("ı", "i"))


def words(text: str) -> list[str]:
    """Give the normalised words in order; what stands at or below the space in ASCII separates them, and so does DEL.

    Characters of scripts without spaces are words; a space between two of them does not count.
    """
    if text.isascii() and not _CONTROL.search(text):
        return text.lower().split()
    whole = folded(text)
    if not _UNSPLIT.search(whole):
        return whole.split()  # in half the time, and nearly all texts are of this kind
    return _WORD.findall(whole.replace(MARK, " "))


def has_words(text: str, count: int) -> bool:
    """Say, quickly, that a text surely has so many words; where it says no, only counting them tells.

    Whatever `str.split` takes for white space separates words, and what it leaves holds one each but for control characters.
    """
    return len(text.split(None, count)) >= count and not _CONTROL.search(text)
