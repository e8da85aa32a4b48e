"""National numbers of persons (and two of firms): the format and checksum of each country, by python-stdnum.

A format that chance or other numbers meet is believed only beside its own name.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Final, NamedTuple

from pipeline.core.private.detector import APART, ENDS, SPACE, Detector, Span, digit_count, hinted

S: Final = SPACE
REACH: Final = 48
"""Characters in front of a number in which its name counts."""


class National(NamedTuple):
    """One country's number."""

    name: str
    """Country and number, for keys and tests."""
    pattern: str
    module: str | None
    """Module of python-stdnum whose checksum must hold; None: the format is all there is."""
    context: str | None = None
    """A word that must stand in front, in a regular expression without case; None: the format is enough."""


NUMBERS: Final = (
    National("us-ssn", r"(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}", "us.ssn"),
    National("us-ssn", rf"(?!000|666|9)[0-9]{{3}}{S}?[0-9]{{2}}{S}?[0-9]{{4}}", "us.ssn", r"\bssn\b|social security"),
    National("us-itin", r"9[0-9]{2}-[5-9][0-9]-[0-9]{4}", "us.itin", r"\bitin\b|taxpayer"),
    National(
        "gb-nino",
        rf"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]{S}?[0-9]{{2}}{S}?[0-9]{{2}}{S}?[0-9]{{2}}{S}?[A-D]",
        None,
    ),
    National("gb-nhs", rf"[0-9]{{3}}(?:{S}|-)?[0-9]{{3}}(?:{S}|-)?[0-9]{{4}}", "gb.nhs", r"\bnhs\b"),
    National(
        "fr-nir", rf"[12]{S}[0-9]{{2}}{S}[0-9]{{2}}{S}[0-9][0-9AB]{S}[0-9]{{3}}{S}[0-9]{{3}}{S}?[0-9]{{2}}", "fr.nir"
    ),
    National(
        "fr-nir",
        r"[12][0-9]{2}(?:0[1-9]|1[0-2]|[2-9][0-9])[0-9][0-9AB][0-9]{8}",
        "fr.nir",
        r"\bnir\b|s[ée]curit[ée] sociale|\binsee\b|s[ée]cu\b|social",
    ),
    National(
        "de-idnr", rf"[1-9][0-9]{S}?[0-9]{{3}}{S}?[0-9]{{3}}{S}?[0-9]{{3}}", "de.idnr", r"steuer|\bid-?nr|\btin\b|tax"
    ),
    National("es-dni", r"[0-9]{8}[- ]?[A-HJ-NP-TV-Z]", "es.dni", r"\bdni\b|\bnif\b|identidad|identification|passport"),
    National("es-dni", r"[0-9]{8}-[A-HJ-NP-TV-Z]", "es.dni"),
    National("es-nie", r"[XYZ]-?[0-9]{7}-?[A-HJ-NP-TV-Z]", "es.nie"),
    National(
        "it-codice-fiscale",
        r"[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]",
        "it.codicefiscale",
    ),
    National("pt-nif", rf"[1-3][0-9]{{2}}{S}?[0-9]{{3}}{S}?[0-9]{{3}}", "pt.nif", r"\bnif\b|contribuinte"),
    National("nl-bsn", r"[0-9]{9}|[0-9]{4}[. ][0-9]{2}[. ][0-9]{3}", "nl.bsn", r"\bbsn\b|burgerservice|sofi-?nummer"),
    National("be-nn", r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}", "be.nn"),
    National("ch-ahv", r"756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}", "ch.ssn"),
    National("pl-pesel", r"[0-9]{11}", "pl.pesel", r"\bpesel\b"),
    National(
        "se-personnummer",
        r"(?:[0-9]{2})?[0-9]{6}[-+][0-9]{4}",
        "se.personnummer",
        r"personnummer|personal (?:identity )?number",
    ),
    National("no-fodselsnummer", rf"[0-9]{{6}}{S}?[0-9]{{5}}", "no.fodselsnummer", r"f[øo]dselsnummer|personnummer"),
    National("dk-cpr", r"[0-9]{6}-?[0-9]{4}", "dk.cpr", r"\bcpr\b|personnummer"),
    National("fi-hetu", r"[0-3][0-9][01][0-9]{3}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]", "fi.hetu"),
    National("br-cpf", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", "br.cpf"),
    National("br-cpf", r"[0-9]{11}", "br.cpf", r"\bcpf\b"),
    National("br-cnpj", r"[0-9]{2}\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9]{2}", "br.cnpj"),
    National("ar-cuit", r"(?:20|2[34567]|3[034])-[0-9]{8}-[0-9]", "ar.cuit"),
    National("cl-rut", r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9Kk]", "cl.rut"),
    National("mx-curp", r"[A-Z][AEIOUX][A-Z]{2}[0-9]{6}[HM][A-Z]{5}[0-9A-Z][0-9]", "mx.curp"),
    National("ca-sin", r"[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{3}", "ca.sin", r"\bsin\b|social insurance"),
    National("au-tfn", r"[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{3}", "au.tfn", r"\btfn\b|tax file"),
    National(
        "in-aadhaar", rf"[2-9][0-9]{{3}}(?:{S}|-)?[0-9]{{4}}(?:{S}|-)?[0-9]{{4}}", "in_.aadhaar", r"aadha?ar|uidai"
    ),
    National("in-pan", r"[A-Z]{3}[ABCFGHLJPT][A-Z][0-9]{4}[A-Z]", "in_.pan", r"\bpan\b|permanent account|income tax"),
    National("cn-ric", r"[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9][0-9]{3}[0-9X]", "cn.ric"),
    National("kr-rrn", r"[0-9]{2}[01][0-9][0-3][0-9]-[1-8][0-9]{6}", "kr.rrn"),
    National("za-id", rf"[0-9]{{6}}{S}?[0-9]{{4}}{S}?[0-9]{{3}}", "za.idnr", r"\bid\b|identity"),
    National("tr-tckimlik", r"[1-9][0-9]{10}", "tr.tckimlik", r"\bt\.?c\.?\b|kimlik"),
)
BEGINS: Final = re.compile(
    rf"[0-9A-Z](?<![0-9A-Za-z_].)(?<![0-9][.,/-].)(?=(?:(?:{S}|[./-])?[0-9A-Zk]){{7}})(?!(?<=[A-Z])[A-Z]{{6}})"
)
"""Where all of them begin: at least eight characters, with a separator at most between two.

The first character comes before the looks behind it, so that the search leaps to the next digit or capital.
"""
EXAMPLES: Final = frozenset(
    [
        "123456789",
        "078051120",
        "219099999",
        "457555462",
        "12345678Z",
        "X1234567L",
        "111444777",
        "12345678909",
        "52998224725",
        "00000000191",
        "046454286",
        "RSSMRA80A01H501U",
        "RSSMRA85T10A562S",
        "123456782",
        "7569217076985",
        "11222333000181",
        "30686957K",
        "5299822472",
        "AB123456C",
        "987654321",
        "12345678912",
    ]
)
"""Numbers that were withdrawn, and those of textbooks."""


def find(text: str) -> Iterator[Span]:
    """Give national numbers; two are the same when they differ in separators alone."""
    if not digit_count(text):  # BEGINS wants one: seven capitals in a row are a word
        return
    for start in (match.start() for match in BEGINS.finditer(text)):
        for number in NUMBERS:
            match = _compiled(number.pattern).match(text, start)
            if match and _is_named(number, text, start) and _is_valid(number, match[0]):
                yield Span(start, match.end(), _key(match[0]))


def is_number(text: str) -> bool:
    """Say whether the whole text is somewhere a number, whatever stands beside it."""
    return any(_compiled(one.pattern).fullmatch(text) and _is_valid(one, text) for one in NUMBERS)


def _is_named(number: National, text: str, start: int) -> bool:
    words = text[max(start - REACH, 0) : start]
    return number.context is None or re.search(number.context, words, re.IGNORECASE) is not None


def _is_valid(number: National, text: str) -> bool:
    if _key(text) in EXAMPLES or len(set(re.sub("[^0-9]", "", text))) < 3:  # noqa: PLR2004 - 111-11-1111 is made up
        return False
    return number.module is None or bool(import_module(f"stdnum.{number.module}").is_valid(text))


def _key(text: str) -> str:
    return re.sub("[^0-9A-Z]", "", text.upper())


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{pattern})(?![0-9A-Za-z_])(?![.,/-][0-9])")


def _closer() -> tuple[str, str]:
    """Give every format for RE2; then those that are enough, or a word of one that asks for it."""
    sure, named = (
        "|".join(re.sub(r"\(\?!.*?\)", "", one.pattern) for one in NUMBERS if (one.context is None) is is_sure)
        for is_sure in (True, False)
    )
    words = hinted(dict.fromkeys(word for one in NUMBERS if one.context for word in one.context.split("|")))
    return rf"{APART}(?:{sure}|{named}){ENDS}", rf"{APART}(?:{sure}){ENDS}|{words}"


DETECTOR: Final = Detector(
    code="private.national",
    kind="national",
    label="ID",
    noun="national number",
    rank=25,
    hint=(
        rf"(?:[0-9](?:{S}|[./-]){{0,2}}){{7}}|[A-Z]{{2}}{S}?[0-9]{{2}}{S}?[0-9]{{2}}{S}?[0-9]{{2}}{S}?[A-D]"
        r"|[XYZ]-?[0-9]{7}|[A-Z]{4}[A-Z0-9]{2}[0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{2}[A-Z]|[A-Z]{4}[0-9]{6}[HM]|[A-Z]{5}[0-9]{4}[A-Z]"
        r"|[0-9]{6}[-+A-FU-Y][0-9]{3}"
    ),
    closer=_closer(),
    find=find,
)
