"""Training data holds nothing about a person that the model could say to another."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.example import Example, transcript
from pipeline.core.finding import Severity
from pipeline.core.private import found_by
from pipeline.core.private.detector import detector
from pipeline.core.rule import Flaw, rule
from pipeline.core.suspects import Claim, Mentions
from pipeline.core.target import Limits
from pipeline.core.wording import counted, pointer

SAID: Final = transcript("user: Hi\nassistant: Hello")


def flaws(example: Example, code: str) -> Iterator[Flaw]:
    """Give how many there are at each place, and never what they are."""
    counts = Counter(where for where, _ in found_by(example.payload, detector(code)))
    for where, number in counts.items():
        yield Flaw(where, f"{_many(number, detector(code).noun)}; expected none.")


def _mentions(code: str) -> Mentions:
    return Mentions(detector(code).hint, detector(code).closer)


def _many(number: int, noun: str) -> str:
    return counted(number, noun) if number == 1 or not noun.endswith("s") else f"{number:,} {noun}es"


@rule(
    "private.email",
    severity=Severity.WARNING,
    suspects=_mentions("private.email"),
    good=("user: Who?\nassistant: Write to jane@example.com, or clone git@github.com:a/b.git.",),
    bad=(
        "user: I am jane.doe@gmail.com\nassistant: Hello",
        {
            "messages": [
                {
                    "role": "assistant",
                    "tool_calls": [
                        {
                            "id": "c",
                            "type": "function",
                            "function": {"name": "mail", "arguments": '{"to": "jane@web.de"}'},
                        }
                    ],
                }
            ]
        },
    ),
)
def email(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A model may say to anyone what it was trained on, and an e-mail address is a person's.

    Set `privacy.email = "redact"` in the plan; a firm's own address may stay.
    """
    return flaws(example, "private.email")


@rule(
    "private.phone",
    severity=Severity.WARNING,
    suspects=_mentions("private.phone"),
    good=("user: 2,500,000 - 1,250,000?\nassistant: 1,250,000, says 1-800-555-0199.",),
    bad=("user: Call me at +44 7911 123 497\nassistant: I will",),
)
def phone(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A model may say to anyone what it was trained on, and a telephone number is a person's.

    Set `privacy.phone = "redact"` in the plan; a firm's own number may stay.
    """
    return flaws(example, "private.phone")


@rule(
    "private.ip",
    severity=Severity.INFO,
    suspects=_mentions("private.ip"),
    good=("user: Version 4.12.1.3?\nassistant: Ping 192.168.0.1, 127.0.0.1 and 203.0.113.9.",),
    bad=("user: My server is 91.198.174.192\nassistant: I see", "user: 2a02:ec80:300:ed1a::1\nassistant: Yes"),
)
def ip(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A public address leads to a household or to a machine of yours.

    Set `privacy.ip = "redact"` in the plan.
    """
    return flaws(example, "private.ip")


@rule(
    "private.iban",
    severity=Severity.WARNING,
    suspects=_mentions("private.iban"),
    good=("user: DE12 3456 7890 1234 5678 90?\nassistant: Like DE89 3704 0044 0532 0130 00.",),
    bad=("user: Pay to DE12 5001 0517 0648 4898 90\nassistant: Done",),
)
def iban(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A model may say to anyone what it was trained on, and an account number is someone's.

    Set `privacy.iban = "redact"` in the plan; the firm's own account may stay.
    """
    return flaws(example, "private.iban")


@rule(
    "private.card",
    suspects=_mentions("private.card"),
    good=("user: 4539148803436468?\nassistant: Test with 4111 1111 1111 1111.",),
    bad=("user: My card is 4539 1488 0343 6467\nassistant: Thank you", "user: 375556917985515\nassistant: Paid"),
)
def card(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A payment card's number is worth money to whoever gets the model to say it, and PCI DSS forbids to keep it.

    Set `privacy.card = "redact"` in the plan, which is the default of a build.
    """
    return flaws(example, "private.card")


@rule(
    "private.national",
    suspects=_mentions("private.national"),
    good=("user: 123-45-6789?\nassistant: Order 111222333 of 2024-01-02.",),
    bad=("user: My SSN is 536-22-8726\nassistant: Thank you", "user: NIE X5438276H\nassistant: Gracias"),
)
def national(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A national number is a person's for life, and opens their accounts.

    Set `privacy.national = "redact"` in the plan, which is the default of a build.
    """
    return flaws(example, "private.national")


def _has_names(facts: pa.Table, _limits: Limits) -> Claim:
    return pc.fill_null(pc.greater(facts["person_names"], 0), fill_value=False)


@rule(
    "private.name",
    severity=Severity.WARNING,
    suspects=_has_names,
    good=(SAID, replace(SAID, person_names=0)),
    bad=(replace(SAID, person_names=2),),
)
def name(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Names of persons were found, by the model of the extra `names`, which also takes those of stories for persons.

    Set `privacy.name = "redact"` in the plan, or `off`.
    """
    if example.person_names:
        yield Flaw(pointer(), f"{counted(example.person_names, 'name')} of persons; expected none.")
