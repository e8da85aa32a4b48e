"""Which of the look-alike single-byte encodings of Latin letters reads best: letters inside words, quotes around them.

A byte above 127 is a letter, a quote or a sign in every one of them, so all decode and only the neighbours can tell: the
right reading gives `déjà` and `don’t`, a wrong one `dÈj‡` and `donÕt`.
"""

from typing import Final

ENCODINGS: Final = ("cp1252", "mac_roman", "cp1250", "iso8859_2", "cp1254", "cp1257", "cp850", "cp437")
"""The likelier first where two read equally well."""

_COMMON: Final = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüßœÀÁÂÄÅÆÇÈÉÊËÍÎÑÓÔÖØÚÛÜŒ")
_RARE: Final = frozenset("þðýÿÞÐÝŸƒ")
_MARKS: Final = frozenset("‘’“”„‚«»–—…•·™®©°€£\u00a0¿¡§´½¼×")
_OPENING: Final = frozenset("“‘„«‚")
_CLOSING: Final = frozenset("”’»")
_NEVER_FIRST: Final = "ì"
_NEVER_LAST: Final = "î"
"""Letters that no language begins or ends words with, and that cp1252's `“` and `”` are in mac_roman."""
_SIGNS: Final = frozenset("ºª²³")
_TWICE: Final = frozenset("ÃÂâ€")
"""What begins the traces of UTF-8 that was once taken for Latin (`Ã©`, `â€™`): read so, mending can undo it."""


def best(sample: bytes) -> tuple[str, float]:
    """Give the encoding that reads best, and how well: 1 is faultless Latin text, below 0.3 it is none."""
    scores = {name: _score(sample, name) for name in ENCODINGS}
    name = max(scores, key=scores.__getitem__)
    return name, scores[name]


def _score(sample: bytes, name: str) -> float:
    """Give the mean over the characters that are not ASCII."""
    try:
        text = sample.decode(name)
    except UnicodeDecodeError:
        return -1.0
    places = [place for place, sign in enumerate(text) if sign > "\x7f"]
    around = f" {text} "
    return sum(_fit(around[place], around[place + 1], around[place + 2]) for place in places) / max(1, len(places))


def _fit(before: str, sign: str, after: str) -> float:
    """Say how well a character goes with its neighbours, from -1 to 1."""
    if (sign in _TWICE and after > "\x7f") or (before in _TWICE and sign > "\x7f"):
        return 0.6
    if before > "\x7f" and after > "\x7f":
        return -0.5  # Latin words are mostly ASCII
    if sign in _MARKS:
        return _fit_mark(before, sign, after)
    if not sign.isalpha():
        return 0.0 if sign in _SIGNS and not before.isalpha() else -1.0
    if (sign.isupper() and before.islower()) or (sign.islower() and after.isupper()):
        return -1.0
    if not (before.isalpha() or after.isalpha()):
        return 0.0
    if (sign == _NEVER_FIRST and not before.isalpha()) or (sign == _NEVER_LAST and not after.isalpha()):
        return 0.2
    if sign.isupper() and after.isupper() and not before.isalpha():
        return 0.5  # `ÑWort` is `„Wort` misread; words in capitals are few
    return 1.0 if sign in _COMMON else 0.4 if sign in _RARE else 0.9


def _fit_mark(before: str, sign: str, after: str) -> float:
    """Say how well a quote or a sign goes with its neighbours: a quote at a word's edge as well as a letter inside of one."""
    if sign in _OPENING and not before.isalnum() and not after.isspace():
        return 1.0
    if sign in _CLOSING and not before.isspace() and not after.isalpha():
        return 1.0
    return 0.9
