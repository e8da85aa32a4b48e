"""Telephone numbers: international, in the shape of a country's, or any digits behind words about telephones."""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.core.private.detector import APART, SPACE, Detector, Span, digit_count, hinted

# patterns look ahead to their first character before they look behind it: where it cannot begin one, a third to a half faster
START: Final = r"(?<![0-9A-Za-z_=#$€£])(?<![0-9][.,/:*^+-])(?<![0-9][*/+=-] )"
END: Final = rf"(?!{SPACE}?[0-9%$€£°²])(?![A-Za-z_])(?![.,:/-][0-9])(?! ?[=*<>^\u00d7\u00f7])"
END_LOOSE: Final = r"(?![0-9A-Za-z_%])(?![.,:/-][0-9])(?! ?[=*^\u00d7\u00f7])"
EXTENSION: Final = rf"(?:{SPACE}?(?:x|ext\.?|extension){SPACE}?[0-9]{{1,6}})?"
CALLING_CODES: Final = (
    r"(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|2(?:1[1-368]|[2-5][0-9]|6[0-9]|9[01789])|3(?:5[0-9]|7[0-8]|8[0-35-79])|42[013]|50[0-9]|59[0-9]|6[789][0-9]"
    r"|8[058]0|85[02356]|88[0-68]|9[679][0-9])"
)
"""Country calling codes of ITU-T E.164."""
INTERNATIONAL: Final = re.compile(
    rf"(?=[(+0])(?<![0-9A-Za-z_+*/=^).,-])\(?(?:\+|00){SPACE}?{CALLING_CODES}\)?(?:{SPACE}?\(0\))?"
    rf"(?:(?:{SPACE}|[.-]|{SPACE}?\()?[0-9]{{1,12}}\)?){{1,6}}{EXTENSION}{END_LOOSE}"
)
NANP: Final = re.compile(
    rf"(?=[(+0-9]){START}(?:(?:\+?1|001)[-. ])?(?:\([2-9][0-9]{{2}}\){SPACE}?[0-9]{{3}}[-. ][0-9]{{4}}"
    rf"|[2-9][0-9]{{2}}([-.])[0-9]{{3}}\1[0-9]{{4}}){EXTENSION}{END_LOOSE}"
)
TRUNK: Final = re.compile(
    rf"(?=[(0]){START}(?:\(0[0-9]{{1,4}}\){SPACE}?[0-9]{{2,4}}(?:(?:{SPACE}|-)[0-9]{{2,4}}){{0,3}}"
    rf"|0[1-9](?:([ .-])[0-9]{{2}})(?:\1[0-9]{{2}}){{3}}"
    rf"|0[1-9][0-9]{{1,3}}{SPACE}[0-9]{{2,4}}(?:{SPACE}[0-9]{{2,4}}){{1,3}}|0[1-9][0-9]{{1,3}}[-/ ][0-9]{{6,8}}){END}"
)
BETWEEN: Final = rf"(?:{SPACE}|[.-]|{SPACE}?\(|\){SPACE}?)?"
LOOSE: Final = re.compile(
    rf"[(0-9](?<![0-9A-Za-z_.,$€£#/=].)(?:(?<=[0-9])|(?<=\()[0-9])(?:{BETWEEN}[0-9]){{6,13}}{EXTENSION}{END_LOOSE}"
)
"""The first character comes before the look behind it, so that the search leaps to the next digit or bracket."""
WORDS: Final = (
    r"\b(?:tele)?phone",
    r"\btel\b",
    r"\bcell\b",
    r"\bmobile",
    r"\bfax",
    r"whats ?app",
    r"hot ?line",
    r"\bsms\b",
    r"\bdial(?:l?ed|l?ing)?\b",
    r"\btexted",
    r"\btext (?:me|him|her|us)",
    r"\b(?:call|ring|reach|contact)(?:ed|ing)? (?:me|him|her|us|them|back|you|[a-z]+ )?(?:at|on|under)?",
    r"\b(?:call|ring)\b",
    r"\bmy number",
    r"(?<!identification )\bnumber is\b",
    r"\banswering at",
    r"\bmessages? (?:to|at)",
    r"\bregistered",
    "t[ée]l[ée]phone",
    "telefon",
    "tel[ée]fono",
    "m[óo]vil",
    "celular",
    "portable",
    r"\bhandy",
    "rufnummer",
    "телефон",
    r"тел\.",
    "電話",
    "电话",
)
"""Alternatives; none holds a digit or the end of a line."""
CONTEXT: Final = re.compile(rf"(?:{'|'.join(WORDS)})[^0-9\n]{{0,24}}$", re.IGNORECASE)
GAP: Final = re.compile(r"\n?[^0-9\n]*")
"""What a word about telephones and all between it and its number consist of, from behind: `$` also stands before a last line break."""
OTHER: Final = re.compile(
    r"\b(?:order|account|card|invoice|tracking|case|ticket|reference|confirmation|booking|serial|model|part|flight|isbn|policy"
    r"|claim|member(?:ship)?|customer|student|employee|licen[sc]e|passport|routing|zip|post(?:al)? ?code|pin|code|imei|sku|id|vin"
    r"|pnr|transaction|receipt|product|item|record|patient|version|ssn|security|tax|identification|price|cost|total|sum|random)\b[^0-9]{0,24}$",
    re.IGNORECASE,
)
GROUPED: Final = re.compile(r"[0-9](?:[ \u00a0\u202f().\-/]{0,3}[0-9]){6}")
"""What every number holds: seven digits with little between them. Of texts with as many digits more than half have none."""
_INNER: Final = rf"(?:{SPACE}|[().-]){{0,3}}[0-9]"
_ABROAD: Final = rf"{SPACE}?[0-9](?:{_INNER}){{6}}"
_AT_HOME: Final = (
    rf"\(0[0-9]{{1,4}}\){SPACE}?[0-9]{{2}}",
    r"0[1-9](?:[ .-][0-9]{2}){4}",
    rf"0[1-9][0-9]{{1,3}}(?:{SPACE}[0-9]{{2,4}}{SPACE}[0-9]{{2}}|[-/ ][0-9]{{6}})",
)
ABROAD: Final = re.compile(rf"[+0](?:(?<=[+])|(?<![0-9A-Za-z_]0)0){_ABROAD}")
"""What international numbers hold, without the looks around it. Of texts with a group of digits nine in ten have none."""
AMERICAN: Final = re.compile(rf"[-.)]{SPACE}?[0-9]{{3}}[-. ][0-9]{{4}}")
"""What numbers of North America end with."""
AT_HOME: Final = re.compile(rf"[(0](?:(?<=\()(?:{_AT_HOME[0][2:]})|(?<=0)(?:{_AT_HOME[1][1:]}|{_AT_HOME[2][1:]}))")
"""What numbers behind a trunk zero hold, perhaps in a bracket."""
REACH: Final = 48
FICTION: Final = re.compile(
    r"(?:00)?1?[0-9]{3}55501[0-9]{2}|55501[0-9]{2}|(?:0|(?:00)?44)(?:7700900|2079460|1134960|1144960|1154960|1164960|1174960|1184960|1214960|1314960|1414960|1514960|1614960|1632960|1914980|8081570)[0-9]{2,3}"
    r"|(?:0|(?:00)?61)(?:491570[0-9]{3}|[2378]5550[0-9]{4}|[2378]7010[0-9]{4})|(?:0|(?:00)?33)(?:199(?:00|99)|26191|35301|46571|53649|63998)[0-9]{4}"
)
"""Ranges kept for fiction by NANPA, Ofcom, ACMA and ARCEP."""
MADE_UP: Final = re.compile(
    r"(?:[0-9]{0,3})?(?:1234567[0-9]{0,3}|123456789[0-9]?|5551234|5555555|9876543(?:21)?0?|8675309)|([0-9])\1{6,}"
)
SHORTEST: Final = 7
"""Digits of a subscriber's number where the area goes without saying."""
LONGEST: Final = 15
"""Digits of E.164."""


def find(text: str) -> Iterator[Span]:
    """Give telephone numbers; two are the same when their digits are, without the prefix of the country."""
    if digit_count(text) < SHORTEST or not GROUPED.search(text):
        return
    for pattern, begins, least, most in (
        (INTERNATIONAL, ABROAD, 9, LONGEST + 2),
        (NANP, AMERICAN, 10, 13),
        (TRUNK, AT_HOME, 9, 11),
    ):
        if not begins.search(text):
            continue  # the search tries each character, this one leaps: an eighth to a half of the time
        end = 0
        for match in pattern.finditer(text):
            follows = text[max(match.start() - 2, 0) : match.start()]
            is_apart = not (follows[:1].isdecimal() and follows[1:] in (" ", ")")) or match.start() == end + 1
            if is_apart and least <= len(_digits(match[0])) <= most:
                end = match.end()
                yield from _span(match)
    for match in LOOSE.finditer(text):
        before = text[max(match.start() - REACH, 0) : match.start()]
        if _is_shaped(match[0]) and _is_announced(before) and not OTHER.search(before):
            yield from _span(match)


def _is_announced(before: str) -> bool:
    """Say whether a word about telephones stands before a number. Behind a digit or a line break it is not searched for."""
    gap = GAP.match(before[::-1])
    assert gap is not None
    return gap.end() > 1 and CONTEXT.search(before, len(before) - gap.end()) is not None


def _span(match: re.Match[str]) -> Iterator[Span]:
    """Give the number, unless it is fiction or one's fingers on the keys."""
    digits = _digits(match[0])
    number = match[0].rstrip(" .-(\u00a0\u202f")
    number = number[:-1] if number.endswith(")") and "(" not in number else number
    if not (FICTION.fullmatch(digits) or MADE_UP.fullmatch(digits) or len(set(digits)) < 3):  # noqa: PLR2004 - 0000 1111
        yield Span(match.start(), match.start() + len(number), digits[-9:])


def _digits(number: str) -> str:
    """Give the digits that are dialled first, without the extension and a trunk zero in brackets."""
    return re.sub("[^0-9]", "", re.split("x|ext", number.replace("(0)", ""), maxsplit=1)[0])


def _is_shaped(number: str) -> bool:
    """Say whether digits behind a word about telephones can be one: no date, no decimal number, no sum of money."""
    digits = _digits(number)
    is_date = re.fullmatch(
        r"(?:19|20)[0-9]{2}[-. ][0-9]{1,2}[-. ][0-9]{1,2}|[0-9]{1,2}[-. ][0-9]{1,2}[-. ](?:19|20)[0-9]{2}", number
    )
    is_span = re.fullmatch(r"(?:1[5-9]|20)[0-9]{2} ?- ?(?:1[5-9]|20)[0-9]{2}", number)
    groups = re.split("[^0-9]+", number.strip("()"))
    is_ssn = tuple(map(len, groups)) == (3, 2, 4)
    return SHORTEST <= len(digits) <= 13 and not (is_date or is_span or is_ssn)  # noqa: PLR2004 - the longest national number with its trunk


_SHAPES: Final = "|".join(
    (
        rf"\(?(?:\+|00){_ABROAD}",
        rf"(?:1[-. ]|001[-. ])?\(?[2-9][0-9]{{2}}(?:\){SPACE}?|[-.])[0-9]{{3}}[-. ][0-9]{{4}}",
        *_AT_HOME,
    )
)
_ALONE: Final = rf"{APART}(?:{_SHAPES})"
_ANY: Final = (
    rf"(?:[^0-9A-Za-z_.$€£#/=]|\\[bfnrt])\(?[0-9](?:{BETWEEN}[0-9]){{6,13}}(?:[^0-9A-Za-df-wyz_%.:/-]|[.:/-][^0-9])"
)
"""Seven digits that end, perhaps in an extension; a comma may stand on both sides, as in a list of JSON inside a text."""
_GAP: Final = r"(?:\"|u[0-9A-Fa-f]{4})?(?:[^0-9\"\\]|\\+(?:u[0-9A-Fa-f]{4}|[^0-9\\]))*\\*"
"""Between a word and its number, both in one string of JSON: no digit and no end of the string. `hinted` may have had its first backslash."""
_FOLLOWED: Final = rf"(?:\(?[0-9](?:{BETWEEN}[0-9]){{6}}|\"(?:\s|\\+[nrt])*:)"
"""By a number, or by the end of a key in JSON inside a text: what stands behind that is anywhere."""
CLOSER: Final = (rf"{_ALONE}|{hinted(WORDS)}{_GAP}{_FOLLOWED}", rf"{_ALONE}|{_ANY}")
"""A number in a shape of its own, or behind a word about telephones; then that shape, or any that ends as one may.

The words first: of 100,000 conversations they leave 1,000, the ends 17,000.
"""

DETECTOR: Final = Detector(
    code="private.phone",
    kind="phone",
    label="PHONE",
    noun="telephone number",
    rank=40,
    hint=rf"(?:[0-9](?:{SPACE}|[().-]|/){{0,3}}){{7}}",
    closer=CLOSER,
    find=find,
)
