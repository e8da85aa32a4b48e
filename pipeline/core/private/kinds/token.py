"""Signed tokens: JSON Web Tokens, and signatures of Azure's shared access."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Final

from pipeline.core.private.detector import Detector, Span

JWT: Final = re.compile(
    r"(?<![A-Za-z0-9_.-])(eyJ[A-Za-z0-9_-]{10,600})\.(eyJ[A-Za-z0-9_-]{10,8000})\.([A-Za-z0-9_-]{20,1400})(?![A-Za-z0-9_.-])"
)
SAS: Final = re.compile(
    r"(?<=[?&;])(?:[A-Za-z]{1,8}=[^&\s\"'<>;]{0,200}&(?:amp;)?){0,12}?sig=((?:[A-Za-z0-9+/_-]|%[0-9A-Fa-f]{2}){40,70}=?)"
)
PUBLISHED: Final = re.compile(r'"(?:John Doe|Jane Doe|admin)"|"1234567890"|example', re.IGNORECASE)
"""The token of jwt.io and its children."""


def find(text: str) -> Iterator[Span]:
    """Give tokens whose head says that it is one, and signatures in addresses that carry a version."""
    if "eyJ" in text:
        for match in JWT.finditer(text):
            head, body = _opened(match[1]), _opened(match[2])
            if head is not None and '"alg"' in head and not (body and PUBLISHED.search(body)):
                yield Span(match.start(), match.end(), match[0])
    if "sig=" in text:
        for match in SAS.finditer(text):
            start = max(match.start() - 400, 0)
            around = text[start : match.end() + 200]
            if re.search(r"\b(?:sv|se|skn)=", around) and len(set(match[1])) > 8:  # noqa: PLR2004 - xxxx is a blank
                yield Span(*match.span(1), match[1])


def _opened(part: str) -> str | None:
    """Give the JSON of a token's part, or None where it is none."""
    try:
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
        json.loads(text)
    except (binascii.Error, ValueError):
        return None
    return text


DETECTOR: Final = Detector(
    code="secret.token",
    kind="secret",
    label="TOKEN",
    noun="signed token",
    rank=3,
    hint=r"eyJ[A-Za-z0-9_-]{10}|sig=[A-Za-z0-9+/%_-]{10}",
    find=find,
)
