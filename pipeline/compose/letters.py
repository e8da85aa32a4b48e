r"""Letters and signs that keep their NFC form, and the few neighbours beside which they do not, as expressions for RE2.

A text keeps its form when no letter of it has another form of its own, no two that meet compose, and marks stand in the
order of their classes. SAFE answers the first; `restless` finds the pairs that fail the others, from Python's own tables.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

SAFE: Final = (
    "\u00a1-\u02ff\u0384-\u0386\u0388-\u03a1\u03a3-\u0482\u048a-\u052f\u0531-\u058f\u10a0-\u10ff"  # Latin to Georgian
    "\u05d0-\u05ea\u060c-\u060f\u061b-\u0652\u0660-\u06d5\u06ee-\u06ff"  # Hebrew, Arabic
    "\u0900-\u0950\u0960-\u09d7\u09e0-\u09fd\u0a01-\u0a32\u0a35\u0a38-\u0a51\u0a5c\u0a66-\u0ad0"  # Hindi to
    "\u0ae0-\u0b57\u0b5f-\u0bd7\u0be6-\u0cf2\u0d00-\u0df4"  # Sinhala
    "\u0e01-\u0e5b\u0e81-\u0edf\u1000-\u108c\u108e-\u109f\u1200-\u135a\u1360-\u1399\u1780-\u17dc\u17e0-\u17f9"  # Thai to Khmer
    "\u1d00-\u1dbf\u1e00-\u1eff\u2e80-\u2fd5\u3001-\u3029\u3030-\u3096\u309b-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"  # Vietnamese to Korean
    "\u200b-\u2027\u2030-\u205e\u2070-\u20c0\u20e3\u2100-\u2125\u2127-\u2129\u212c-\u2328\u232b-\u2adb\u2add-\u2bff"  # signs
    "\ufb00-\ufb17\ufe00-\ufe0f\uff01-\uffee\ufffd\U0001f000-\U0001faff"  # and faces
)
"""Inside of a class: no space, no control, nothing that has another NFC form while it stands alone."""

SPACES: Final = "\u00a0\u2002-\u200a\u202f\u205f\u3000"
"""Inside of a class: white space beside the blank that stays where it is, unless at an edge of a line."""


_LAST_SCRIPT: Final = "\u17ff"
"""No safe letter above it is a mark with a class or composes with another safe one, as a test tells."""


@cache
def restless() -> str:
    """Give what finds safe letters that meet and change: marks out of order, or two that compose, marks between them or not."""
    classes: dict[int, str] = {}
    firsts: dict[str, str] = {}
    for letter in _safe_letters():
        if order := unicodedata.combining(letter):
            classes[order] = classes.get(order, "") + letter
        first, _, second = unicodedata.decomposition(letter).partition(" ")
        if second and not first.startswith("<"):
            firsts[chr(int(second, 16))] = firsts.get(chr(int(second, 16)), "") + chr(int(first, 16))
    ranked = sorted(classes)
    below = {high: "".join(classes[order] for order in ranked if order < high) for high in (0, *ranked)}
    turned = [f"[{classes[high]}][{below[high]}]" for high in ranked if below[high]]
    composing = (second for second in firsts if re.match(f"[{SAFE}]", second))
    met = [_met(firsts[second], below[unicodedata.combining(second)], second) for second in composing]
    return "|".join((*turned, *met))


def _met(firsts: str, between: str, second: str) -> str:
    return f"[{firsts}][{between}]*{second}" if between else f"[{firsts}]{second}"


def _safe_letters() -> Iterator[str]:
    for first, last in re.findall("(.)(?:-(.))?", SAFE):
        yield from map(chr, range(ord(first), ord(min(last or first, _LAST_SCRIPT)) + 1))
