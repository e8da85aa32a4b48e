"""Addresses on the public internet; not those of private networks, documentation and public resolvers, nor versions."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from pipeline.core.private.detector import Detector, Span

OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
V4: Final = re.compile(
    rf"(?<![0-9A-Za-z_.:-])(?<![A-Za-z0-9]/)(?<!§)(?:{OCTET}\.){{3}}{OCTET}(?![0-9A-Za-z_-]|\.[0-9])"
)
V6: Final = re.compile(r"(?<![0-9A-Za-z_.:])(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4}){0,6}(?![0-9A-Za-z_:])")
VERSION: Final = re.compile(
    r"(?:version|release|build|chapter|section|clause|paragraph|firmware|rev|update|§|\bv|oid)\W{0,3}$", re.IGNORECASE
)
CONTEXT: Final = re.compile(
    r"\bip(?:v4|v6)?\b|address|host|server|ping|gateway|dns|router|client|login|logged|request|log\b|connect",
    re.IGNORECASE,
)
REACH: Final = 60
SMALL: Final = 32
"""Where all four numbers are below this, it is more often a section or a version than an address."""
WHOLE: Final = 8
"""Groups of an IPv6 address that is written out."""
RESOLVERS: Final = frozenset(
    [
        "8.8.8.8",
        "8.8.4.4",
        "1.1.1.1",
        "1.0.0.1",
        "9.9.9.9",
        "149.112.112.112",
        "208.67.222.222",
        "208.67.220.220",
        "4.2.2.1",
        "4.2.2.2",
        "1.2.3.4",
        "5.6.7.8",
        "169.254.169.254",
        "2001:4860:4860::8888",
        "2001:4860:4860::8844",
        "2606:4700:4700::1111",
        "2606:4700:4700::1001",
        "2620:fe::fe",
    ]
)
"""Public services that everyone's documentation names, and the two that everyone makes up."""


def find(text: str) -> Iterator[Span]:
    """Give public addresses; two spellings of one IPv6 address are the same."""
    for match in V4.finditer(text) if text.count(".") >= 3 else ():  # noqa: PLR2004 - between four numbers
        if _is_public(IPv4Address(match[0])) and _reads_as_address(text, match):
            yield Span(match.start(), match.end(), match[0])
    if "::" in text or text.count(":") >= WHOLE - 1:
        yield from _version_six(text)


def _version_six(text: str) -> Iterator[Span]:
    for match in V6.finditer(text):
        try:
            address = IPv6Address(match[0])
        except AddressValueError:
            continue
        is_whole = match[0].count(":") == WHOLE - 1 and "::" not in match[0] and len(match[0]) > 2 * WHOLE
        if _is_public(address) and (is_whole or address.exploded[0] in "23"):
            yield Span(match.start(), match.end(), address.compressed)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Say whether it is one of someone: not private, reserved for documentation, multicast, or a public service."""
    is_special = address.is_private or address.is_multicast or address.is_loopback or address.is_link_local
    is_network = isinstance(address, IPv4Address) and (address.is_reserved or address.packed[0] == 0)
    return not is_special and not is_network and str(address) not in RESOLVERS


def _reads_as_address(text: str, match: re.Match[str]) -> bool:
    before = text[max(match.start() - REACH, 0) : match.start()]
    if VERSION.search(before):
        return False
    numbers = [int(octet) for octet in match[0].split(".")]
    is_round = max(numbers) < SMALL or numbers[1:] == [0, 0, 0]
    return not is_round or CONTEXT.search(before) is not None


DETECTOR: Final = Detector(
    code="private.ip",
    kind="ip",
    label="IP",
    noun="public IP address",
    rank=35,
    hint=r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|[0-9A-Fa-f]::|(?:[0-9A-Fa-f]{1,4}:){7}",
    find=find,
)
