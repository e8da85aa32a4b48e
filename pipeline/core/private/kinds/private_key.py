"""Private keys in PEM and PGP armour."""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.core.private.detector import Detector, Span

BEGIN: Final = r"-----BEGIN (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----"
BLOCK: Final = re.compile(
    rf"{BEGIN}((?:[^-]|-(?!----)){{0,20000}}?)(?:-----END [A-Z0-9 ]{{0,40}}PRIVATE KEY(?: BLOCK)?-----|(?=-----)|\Z)"
)
MATERIAL: Final = re.compile(r"[A-Za-z0-9+/=]{32}")
"""A body of fewer characters in a row is a sketch such as `MIIE...`."""


def find(text: str) -> Iterator[Span]:
    """Give blocks that hold a key, from the first dash to the last; a block that breaks off ends with the text."""
    for match in BLOCK.finditer(text) if "PRIVATE KEY" in text else ():
        body = re.sub(r"\\[nr]|\s", "", match[1])
        if MATERIAL.search(body) and len(set(body)) > 16:  # noqa: PLR2004 - a row of one letter is no key
            yield Span(match.start(), match.end(), body)


DETECTOR: Final = Detector(
    code="secret.private-key",
    kind="secret",
    label="PRIVATE_KEY",
    noun="private key",
    rank=1,
    hint=BEGIN,
    find=find,
)
