"""Bank accounts as IBAN: country, length, and the checksum of ISO 13616."""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.core.private.detector import APART, ENDS, SPACE, Detector, Span, digit_count

ACCOUNT: Final = re.compile(
    rf"(?<![0-9A-Za-z_])[A-Za-z]{{2}}[0-9]{{2}}(?:[A-Za-z0-9]{{11,30}}|(?:(?:{SPACE}|-)[A-Za-z0-9]{{4}}){{2,7}}(?:(?:{SPACE}|-)[A-Za-z0-9]{{1,3}})?)(?![0-9A-Za-z_])"
)
SHORTEST: Final = 15
PUBLISHED: Final = frozenset(
    [
        "GB82WEST12345698765432",
        "GB29NWBK60161331926819",
        "GB33BUKB20201555555555",
        "DE89370400440532013000",
        "DE75512108001245126199",
        "FR1420041010050500013M02606",
        "NL91ABNA0417164300",
        "NL02ABNA0123456789",
        "ES9121000418450200051332",
        "IT60X0542811101000000123456",
        "CH9300762011623852957",
        "BE68539007547034",
        "AT611904300234573201",
        "SE4550000000058398257466",
        "NO9386011117947",
    ]
)
"""Examples of the registry and of documentation; no one's account."""


def find(text: str) -> Iterator[Span]:
    """Give the account numbers; two are the same when they differ in case or spaces alone."""
    if digit_count(text) < 2:  # noqa: PLR2004 - the check digits
        return
    for match in ACCOUNT.finditer(text):
        end = match.end()
        while end - match.start() >= SHORTEST:  # words of four letters may stand behind a number written in groups
            number = re.sub("[^0-9A-Z]", "", text[match.start() : end].upper())
            if is_account(number):
                yield Span(match.start(), end, number)
                break
            shorter = max(text.rfind(" ", 0, end), text.rfind("\u00a0", 0, end), text.rfind("-", 0, end))
            end = shorter if shorter > match.start() else 0


def is_account(number: str) -> bool:
    """Say whether the number is an account in a country that has IBANs, and no published example."""
    # each reads its table of countries as it is imported: a start is 20 ms shorter where nothing looks like an account
    from stdnum import iban
    from stdnum.exceptions import ValidationError

    if number in PUBLISHED:
        return False
    try:
        iban.validate(number, check_country=False)
    except ValidationError:
        return False
    return True


HINT: Final = (
    rf"{APART}[A-Za-z]{{2}}[0-9]{{2}}"
    rf"(?:[A-Za-z0-9]{{11,30}}|(?:(?:{SPACE}|-)[A-Za-z0-9]{{4}}){{2}}(?:{SPACE}|-)[A-Za-z0-9]{{3,4}}){ENDS}"
)
"""In one piece, or at least four groups: most of what begins like an account is a UUID."""

DETECTOR: Final = Detector(
    code="private.iban",
    kind="iban",
    label="IBAN",
    noun="bank account number",
    rank=10,
    hint=HINT,
    find=find,
)
