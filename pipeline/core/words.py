"""The words of a text for finding twins: case, white space and Unicode form made one."""

import re
import unicodedata
from typing import Final

MARK: Final = "\x7f"
"""Begins a passage in a stream of words; inside a text it counts as white space, so no text can fake a passage."""

_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uf900-\ufaff\uff00-\uffef\U00010000-\U0010ffff"
"""Thai, Lao, Burmese, Khmer, Chinese, Japanese, full-width forms, emoji: each character is a word of its own."""
_SPACE: Final = "\x00-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""White space, and the control characters below it."""
_UNUSUAL: Final = re.compile(f"[{_UNSPACED}{_SPACE[3:]}]")
_WORD: Final = re.compile(f"[{_UNSPACED}]|[^{_UNSPACED}{_SPACE}]+")


def normal(text: str) -> str:
    """Give the text with case folded, in NFC, its words set apart by ASCII white space.

    NFC and not NFKC: NFKC makes `x²` and `x2` one, which are different answers. Characters of scripts without
    spaces are set apart by spaces, so that they are words; a space between two of them does not count.
    """
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFC", text.casefold().replace("ı", "i"))
    return " ".join(_WORD.findall(folded)) if _UNUSUAL.search(folded) else folded


def words(text: str) -> list[str]:
    """Give the normalised words in order; what stands at or below the space in ASCII separates them, and so does DEL."""
    return _WORD.findall(normal(text.replace(MARK, " ")))
