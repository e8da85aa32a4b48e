"""Repairs of text, each by name; sound text passes at the speed of a few scans in C.

`mend(mend(x)) == mend(x)` for every repair but `html`, which is taken off once: a page that explains `&lt;` keeps it.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from pipeline.core.example import Json
from pipeline.core.settings import MendSettings

if TYPE_CHECKING:
    from ftfy import TextFixerConfig

_NONE: Final[frozenset[str]] = frozenset()
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ufeff\ufdd0-\ufdef\ufffe\uffff]")
"""C0 and C1 without those that break lines, byte-order marks, and noncharacters. Joiners and direction marks stay."""
_BREAKS: Final = re.compile("[\x0b\x0c\x1c-\x1e\x85]")
"""Vertical tab, form feed, separators, next line: they break lines, so a line feed takes their place."""
_BLANK_LINES: Final = re.compile(r"\n{3,}")
_MARGIN: Final = re.compile(r"[^\S\n]*")
_EIGHT_BIT: Final = ("latin-1", "cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1257", "iso-8859-2")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>|<!--|&(?:#\d+|#x[0-9A-Fa-f]+|[A-Za-z]\w{1,31});")


class Mended(NamedTuple):
    """A text after its repairs, and their names."""

    text: str
    repairs: frozenset[str]


def mend(text: str, settings: MendSettings) -> Mended:
    """Repair a text. Gives the very same string and no names where nothing was to be done."""
    if settings.html and ("<" in text or "&" in text) and _TAG.search(text):
        once = _html(text)
        rest = _mend_until_stable(once, settings)
        return Mended(rest.text, rest.repairs | {"html"} if once != text else rest.repairs)
    return _mend_until_stable(text, settings)


def mend_payload(payload: Json, settings: MendSettings) -> tuple[Json, frozenset[str]]:
    """Repair every content text of an example; gives the same object where nothing was to be done.

    Tool calls, tool definitions, names and images are never touched.
    """
    if not isinstance(payload, dict):
        return payload, _NONE
    changes: dict[str, Json] = {}
    repairs: set[str] = set()
    for key in ("messages", "preferred_output", "non_preferred_output", "input"):
        value = payload.get(key)
        new, names = mend_payload(value, settings) if key == "input" else _mend_turns(value, settings)
        if new is not value:
            changes[key] = new
            repairs |= names
    return ({**payload, **changes}, frozenset(repairs)) if changes else (payload, _NONE)


def _mend_turns(turns: Json, settings: MendSettings) -> tuple[Json, frozenset[str]]:
    if not isinstance(turns, list):
        return turns, _NONE
    repairs: frozenset[str] = _NONE
    result: list[Json] | None = None
    for index, turn in enumerate(turns):
        if not isinstance(turn, dict):
            continue
        content, names = _mend_content(turn.get("content"), settings)
        if names:
            result = list(turns) if result is None else result
            result[index] = {**turn, "content": content}
            repairs |= names
    return (turns, _NONE) if result is None else (result, repairs)


def _mend_content(content: Json, settings: MendSettings) -> tuple[Json, frozenset[str]]:
    if isinstance(content, str):
        return mend(content, settings)
    if not isinstance(content, list):
        return content, _NONE
    repairs: frozenset[str] = _NONE
    result: list[Json] = []
    for part in content:
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            text, names = mend(part["text"], settings)
            repairs |= names
            result.append({**part, "text": text} if names else part)
        else:
            result.append(part)
    return (result, repairs) if repairs else (content, _NONE)


def _mend_until_stable(text: str, settings: MendSettings) -> Mended:
    """Repair again after each repair: one brings work for another (a control character parts an accent from its letter)."""
    if _is_sound(text):
        return Mended(text, _NONE)
    steps = _steps(settings)
    repairs: set[str] = set()
    before = None
    while text != before and not _is_sound(text):
        before = text
        for name, repair in steps:
            repaired = repair(text)
            if repaired != text:
                repairs.add(name)
                text = repaired
    return Mended(text, frozenset(repairs))


def _is_sound(text: str) -> bool:
    """Say whether ASCII text has nothing to mend: what most rows of most files are, so it comes first."""
    return (
        text.isascii()
        and (text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable())
        and not (text[:1].isspace() or text[-1:].isspace() or " \n" in text or "\t\n" in text or "\n\n\n" in text)
    )


@lru_cache(maxsize=64)
def _steps(settings: MendSettings) -> tuple[tuple[str, Callable[[str], str]], ...]:
    """Give the repairs that are asked for, in the order in which they are wanted."""
    form = settings.unicode
    steps: tuple[tuple[str, Callable[[str], str] | None], ...] = (
        ("mojibake", _mojibake if settings.mojibake else None),
        ("unicode", None if form == "off" else partial(_unicode, form=form)),
        ("control", _control if settings.control else None),
        ("whitespace", _whitespace if settings.whitespace else None),
    )
    return tuple((name, repair) for name, repair in steps if repair is not None)


def _mojibake(text: str) -> str:
    """Repair lines in which UTF-8 was read as an 8-bit encoding; ftfy's own test decides, behind a cheaper one."""
    if text.isascii():
        return text
    hint = _mojibake_hint()
    if not hint.search(text):
        return text
    from ftfy import fix_encoding

    lines = text.split("\n")
    return "\n".join(fix_encoding(line, _ftfy()) if hint.search(line) else line for line in lines)


class _Sign(NamedTuple):
    """What mojibake hardly goes without: one of the letters of a lead, then what the expression says."""

    leads: set[str]
    follows: str


@cache
def _mojibake_hint() -> re.Pattern[str]:
    """Give the signs for Python: one class in front, so that the scan for it runs at full speed; then who stood there."""
    told = "|".join(f"(?<={_class(sign.leads)}){sign.follows}" for sign in _mojibake_signs())
    return re.compile(f"{_class(set().union(*(sign.leads for sign in _mojibake_signs())))}(?:{told})")


@cache
def mojibake_pattern() -> str:
    """Give the same signs for RE2, which looks behind nothing."""
    return "|".join(f"{_class(sign.leads)}{sign.follows}" for sign in _mojibake_signs())


@cache
def _mojibake_signs() -> tuple[_Sign, ...]:
    """Give what mojibake hardly goes without: a lead byte of UTF-8 and its continuation, as 8-bit encodings show them.

    Clean text rarely has one, so ftfy, at some 5 MB a second, looks at few lines. Quotation marks and dashes are
    continuations too, but behind Cyrillic and Greek letters they are far more often themselves.
    """
    tables = [bytes(range(256)).decode(encoding, "replace") for encoding in _EIGHT_BIT]

    def letters(first: int, last: int) -> set[str]:
        return {character for table in tables for character in table[first : last + 1]} - {"\ufffd"}

    after = letters(0x80, 0xBF)
    strict = after - set("\u2010\u2013\u2014\u2018\u2019\u201a\u201c\u201d\u201e\u2022\u2026\xa0\xab\xbb\xb7\xb0")
    two = letters(0xC2, 0xDF)
    latin = {letter for letter in two if letter < "\u0250"}
    any_, sure, spaced = _class(after), _class(strict), _class(after | {" "})
    three, four = letters(0xE0, 0xEF), letters(0xF0, 0xF4)
    macroman, cp437 = set("\u221a\u2248\u201a\u0192\u2206\xac"), set("\u252c\u251c\u253c\u2500\u256c\u2567\u2568\u2564")
    c1 = {chr(code) for code in range(0x80, 0xA0)}
    return (
        _Sign(c1, ""),
        _Sign({"\xc2", "\xc3"}, " "),
        _Sign(latin, any_),
        _Sign(two - latin, sure),
        _Sign(three, f"(?:{spaced}{sure}|{sure}{spaced})"),
        _Sign(four, f"{sure}{any_}{any_}"),
        _Sign(macroman, "[^\\x00-\\x7f]"),
        _Sign(cp437, "[^\\x00-\\x7f\xa0\u2500-\u257f]"),
        _Sign({"\u0393"}, "\xc7"),
    )


def _class(letters: set[str]) -> str:
    return f"[{re.escape(''.join(sorted(letters)))}]"


@cache
def _ftfy() -> "TextFixerConfig":
    """Only the encoding: quotes, ligatures, widths and entities stay; what was lost is not papered over with U+FFFD."""
    from ftfy import TextFixerConfig

    return TextFixerConfig(unescape_html=False, replace_lossy_sequences=False)


def _control(text: str) -> str:
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return _CONTROL.sub("", _BREAKS.sub("\n", text))


def _unicode(text: str, form: Literal["NFC", "NFKC"]) -> str:
    return text if text.isascii() or unicodedata.is_normalized(form, text) else unicodedata.normalize(form, text)


def _whitespace(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.rstrip()
    if "\n" in text:
        # A fourth of what a search for white space before line feeds costs.
        text = "\n".join(map(str.rstrip, text.split("\n"))).lstrip("\n")
        text = _BLANK_LINES.sub("\n\n", text) if "\n\n\n" in text else text
    return _without_margin(text) if text[:1].isspace() else text


def _without_margin(text: str) -> str:
    """Strip the first line; where every line stands as far in, as in a block of code, all move together."""
    found = _MARGIN.match(text)
    margin = found[0] if found else ""
    lines = text.split("\n")
    if all(line.startswith(margin) for line in lines if line):
        text = "\n".join(line.removeprefix(margin) for line in lines)
    return text.lstrip()


def _html(text: str) -> str:
    """Give the visible text: scripts and styles go, blocks and <br> become lines, list items begin with a dash."""
    from pipeline.compose.html import visible_text

    return visible_text(text)
