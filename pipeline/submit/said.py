"""Sentences of others on our terminal: without what moves its cursor or turns its letters round, cut where they are too long.

Of the characters of format (Cf), which are not seen, two belong to text: the joiner that makes one emoji of several (ZWJ)
and the non-joiner inside of Persian words (ZWNJ). They stay where they stand between characters that they can join. A few
signs of Arabic and Syriac are seen, and stay. All else goes: overrides, embeddings, isolates and marks of direction show a
line in another order than it has (CVE-2021-42574), while Hebrew and Arabic letters run right to left without them; tags
and spaces of no width hide text in text.
"""

import unicodedata
from typing import Final

HIDDEN: Final = frozenset({"Cc", "Cf", "Cs"})
"""Unicode's categories of controls, of format, and of halves of characters, which no terminal can be sent."""
JOINERS: Final = "\u200c\u200d"
SIGNS: Final = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Unicode's Prepended_Concatenation_Mark (13 in 15.0): signs before or around numbers and verses."""


def plain(text: str, *, most: int | None = None) -> str:
    """Give a text on one line; what is hidden becomes a space; `most`: characters, then `...`."""
    # a space, not nothing: what was cut out of a sentence before, such as a key, must not grow together again
    line = " ".join(_shown(text, instead=" ").split())
    return line if most is None or len(line) <= most else f"{line[:most].rstrip(f' {JOINERS}')}..."


def plain_lines(text: str) -> str:
    """Give a text with its lines, each one plain but for its spaces: tabs are widened, since code is indented by them."""
    return "\n".join(_shown(line.expandtabs(), instead="") for line in text.splitlines())


def _shown(text: str, *, instead: str) -> str:
    """Give a text with controls as spaces, and `instead` for other characters that are hidden."""
    return "".join([_seen(text, at, instead) for at in range(len(text))])


def _seen(text: str, at: int, instead: str) -> str:
    character = text[at]
    if unicodedata.category(character) not in HIDDEN or character in SIGNS:
        return character
    if character in JOINERS and _is_joinable(text[at - 1 : at]) and _is_joinable(text[at + 1 : at + 2]):
        return character
    return instead if unicodedata.category(character) == "Cf" else " "


def _is_joinable(character: str) -> bool:
    """Say whether it may stand beside a joiner; Latin letters and spaces have none between them."""
    return (
        not character.isascii() and not character.isspace() and unicodedata.category(character) not in HIDDEN
    )  # nothing, before the first and behind the last, is ASCII
