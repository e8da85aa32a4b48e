"""Stable fakes: of the same kind and shape, in ranges that are reserved or can never be issued, so no one's.

A fake is HMAC-SHA-256 of what it stands for under the secret salt: the same everywhere, and no way back without it.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from ipaddress import IPv6Address
from itertools import count
from typing import Final

from pipeline.core.private import Found, looks_private
from pipeline.core.private.kinds.card import luhn
from pipeline.core.settings import PrivateKind

Bytes = Iterator[int]
FIRST: Final = [
    "Alex",
    "Robin",
    "Sam",
    "Kim",
    "Charlie",
    "Jamie",
    "Morgan",
    "Taylor",
    "Casey",
    "Jordan",
    "Riley",
    "Avery",
    "Quinn",
    "Rowan",
    "Sasha",
    "Noor",
    "Andrea",
    "Jean",
    "Dominique",
    "Kelly",
    "Lee",
    "Ariel",
    "Eden",
    "Frankie",
    "Harper",
    "Jules",
    "Kai",
    "Lou",
    "Marion",
    "Nico",
    "Remy",
    "Toni",
]
LAST: Final = [
    "Ash",
    "Birch",
    "Brook",
    "Clay",
    "Cliff",
    "Dale",
    "Field",
    "Ford",
    "Glen",
    "Grove",
    "Heath",
    "Hill",
    "Lake",
    "Lane",
    "Marsh",
    "Meadow",
    "Mill",
    "Moss",
    "Oak",
    "Park",
    "Pine",
    "Pond",
    "Reed",
    "Ridge",
    "Rivers",
    "Shore",
    "Stone",
    "Thorn",
    "Vale",
    "Wells",
    "Wood",
    "Woods",
]
NETWORKS: Final = ("192.0.2", "198.51.100", "203.0.113")
"""RFC 5737: kept for documentation, as 2001:db8::/32 is by RFC 3849."""


def pseudonym(found: Found, salt: str) -> str:
    """Give the fake for what was found; equal keys of one kind have equal fakes. Secrets have none."""
    make = MAKERS[found.by.kind]
    for attempt in count():
        fake = make(found, _bytes(f"{found.by.code}\0{found.key}\0{attempt}", salt))
        if not looks_private(fake):
            return fake
    raise AssertionError  # unreachable: count() does not end


def _bytes(message: str, salt: str) -> Bytes:
    for block in count():
        yield from hmac.new(salt.encode(), f"{block}\0{message}".encode(), hashlib.sha256).digest()


def _number(stream: Bytes, below: int) -> int:
    """Give a number below a limit; eight bytes make the skew of the remainder too small to matter."""
    return int.from_bytes(bytes(next(stream) for _ in range(8))) % below


def _email(_found: Found, stream: Bytes) -> str:
    return f"user-{_number(stream, 36**8):08x}@example.com"


def _phone(_found: Found, stream: Bytes) -> str:
    """Numbers 555-0100 to 555-0199 are kept for fiction in every area of the North American plan."""
    return f"+1-{_number(stream, 800) + 200}-555-01{_number(stream, 100):02d}"


def _ip(found: Found, stream: Bytes) -> str:
    if ":" in found.key:
        return IPv6Address((0x20010DB8 << 96) + _number(stream, 1 << 63)).compressed
    return f"{NETWORKS[_number(stream, 3)]}.{_number(stream, 254) + 1}"


def _card(found: Found, stream: Bytes) -> str:
    """Give a number of the same length that no issuer has (it begins with 0) and whose checksum holds."""
    body = "0" + "".join(str(_number(stream, 10)) for _ in range(len(found.key) - 2))
    return next(body + last for last in "0123456789" if luhn(body + last))


def _iban(found: Found, stream: Bytes) -> str:
    """Give an account of the same country and length with the check digits 00, which no account has (ISO 7064)."""
    return f"{found.key[:2]}00{_like(found.key[4:], stream)}"


def _national(found: Found, stream: Bytes) -> str:
    return _like(found.key, stream)


def _name(_found: Found, stream: Bytes) -> str:
    return f"{FIRST[_number(stream, len(FIRST))]} {LAST[_number(stream, len(LAST))]}"


def _like(key: str, stream: Bytes) -> str:
    """Give a text with another digit for each digit and another letter for each letter."""
    return "".join(
        str(_number(stream, 10)) if letter.isdigit() else chr(ord("A") + _number(stream, 26)) for letter in key
    )


MAKERS: Final[dict[PrivateKind, Callable[[Found, Bytes], str]]] = {
    "email": _email,
    "phone": _phone,
    "ip": _ip,
    "card": _card,
    "iban": _iban,
    "national": _national,
    "name": _name,
}
