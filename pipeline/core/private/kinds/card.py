"""Payment cards: Luhn's checksum, the ranges and lengths of the issuers, and a context where chance would do."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from pipeline.core.private.detector import APART, ENDS, SPACE, Detector, Span, digit_count

NUMBER: Final = re.compile(
    rf"[0-9](?<![0-9A-Za-z_].)(?<![0-9][.,-].)(?:(?:{SPACE}|-)?[0-9]){{11,18}}(?![0-9A-Za-z_])(?![.,-][0-9])"
)
"""The first digit comes before the looks behind it, so that the search leaps to the next digit."""
CONTEXT: Final = re.compile(
    r"card|\bcc\b|credit|debit|visa|master ?card|maestro|amex|american express|discover|diners|jcb|\bcvv|\bcvc|\bpan\b|expir"
    r"|carte|tarjeta|karte|kaart|cart[aã]o|kort\b|karta",
    re.IGNORECASE,
)
REACH: Final = 80
"""Characters on both sides in which a word about cards counts."""


class Issuer(NamedTuple):
    """Prefixes of one scheme (ISO/IEC 7812) and the lengths it issues."""

    prefix: re.Pattern[str]
    sure: tuple[int, ...]
    """Lengths that are believed without context."""
    unsure: tuple[int, ...] = ()
    """Lengths that are also those of bar codes, identifiers and times: believed in a context of cards."""


ISSUERS: Final = (
    Issuer(re.compile("4"), (16,), (13, 19)),
    Issuer(re.compile("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),
    Issuer(re.compile("3[47]"), (15,)),
    Issuer(re.compile("6011|64[4-9]|65"), (16,), (19,)),
    Issuer(re.compile("35(?:2[89]|[3-8])"), (16,), (19,)),
    Issuer(re.compile("35"), (), (16,)),
    Issuer(re.compile("2131|1800"), (), (15,)),
    Issuer(re.compile("30[0-5]|309|36|38|39"), (), (14, 16, 19)),
    Issuer(re.compile("62|81"), (), (16, 17, 18, 19)),
    Issuer(re.compile("50|5[6-9]|6[0379]"), (), (12, 13, 14, 15, 16, 17, 18, 19)),
    Issuer(re.compile("220[0-4]|9792|60[68]|508|65[0-5]"), (), (16,)),
)
SHORTEST: Final = 12
"""Digits of the shortest number that any of them issues."""
GROUPS: Final = ((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 5), (4, 4, 4), (6, 13), (6, 6))
"""How cards are printed, by length of the groups; others are sums, dates or telephone numbers."""
PUBLISHED: Final = frozenset(
    [
        "4111111111111111",
        "4242424242424242",
        "4012888888881881",
        "4222222222222",
        "4444333322221111",
        "4917610000000000",
        "4005519200000004",
        "4009348888881881",
        "4012000033330026",
        "4012000077777777",
        "4217651111111119",
        "4500600000000061",
        "4000056655665556",
        "5555555555554444",
        "5105105105105100",
        "5454545454545454",
        "5200828282828210",
        "5425233430109903",
        "2222420000001113",
        "2223003122003222",
        "2223000048400011",
        "2223000048410010",
        "378282246310005",
        "371449635398431",
        "378734493671000",
        "374245455400126",
        "6011111111111117",
        "6011000990139424",
        "6011981111111113",
        "6011000400000000",
        "3530111333300000",
        "3566002020360505",
        "30569309025904",
        "38520000023237",
        "36227206271667",
        "3056930009020004",
        "36148900647913",
        "6200000000000005",
        "6304000000000000",
        "6759649826438453",
        "5019717010103742",
        "1234567890123456",
    ]
)
"""Numbers that payment companies publish for tests; no one owns them."""
TEST_RANGE: Final = re.compile("40000000000|400000[0-9]{4}00000|4000000|5555550{4}")


def find(text: str) -> Iterator[Span]:
    """Give the card numbers; two are the same when their digits are."""
    if digit_count(text) < SHORTEST:
        return
    for match in NUMBER.finditer(text):
        number = re.sub("[^0-9]", "", match[0])
        if is_card(number) and _is_printed_so(match[0]):
            lengths = [one for one in ISSUERS if one.prefix.match(number)]
            is_sure = any(len(number) in one.sure for one in lengths) and not _is_address(text, match.start())
            if is_sure or CONTEXT.search(text[max(match.start() - REACH, 0) : match.end() + REACH]):
                yield Span(match.start(), match.end(), number)


def is_card(digits: str) -> bool:
    """Say whether an issuer could have issued this number, and it is none that is published for tests."""
    return (
        len(set(digits)) > 3  # noqa: PLR2004 - 1111 2222 1111 2222 is made up
        and any(one.prefix.match(digits) and len(digits) in (*one.sure, *one.unsure) for one in ISSUERS)
        and luhn(digits)
        and digits not in PUBLISHED
        and not TEST_RANGE.match(digits)
    )


def luhn(digits: str) -> bool:
    """Say whether the checksum of ISO/IEC 7812-1, annex B, holds."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(map(int, digits[-1::-2]))) % 10 == 0


def _is_printed_so(number: str) -> bool:
    groups = tuple(len(group) for group in re.split("[^0-9]", number))
    return len(groups) == 1 or (groups in GROUPS and len(set(re.sub("[0-9]", "", number))) == 1)


def _is_address(text: str, start: int) -> bool:
    """Say whether the number is a part of a path, a query or a sum."""
    return text[max(start - 1, 0) : start] in ("/", "=", "#", "&", "-", "+", "*", "^")


_PREFIXES: Final = "|".join(one.prefix.pattern for one in ISSUERS)
_GROUPED: Final = "|".join(rf"(?:{SPACE}|-)".join(f"[0-9]{{{size}}}" for size in sizes) for sizes in GROUPS)
HINT: Final = rf"{APART}(?:[0-9]{{12,19}}|{_GROUPED}){ENDS}"
"""In one piece, or in groups as they are printed."""
CLOSER: Final = rf"{APART}(?:{_PREFIXES})(?:(?:{SPACE}|-)?[0-9]){{8,18}}{ENDS}"
"""With the first digits of an issuer."""

DETECTOR: Final = Detector(
    code="private.card",
    kind="card",
    label="CARD",
    noun="card number",
    rank=20,
    hint=HINT,
    closer=(CLOSER,),
    find=find,
)
