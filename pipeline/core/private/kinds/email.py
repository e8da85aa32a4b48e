"""E-mail addresses, without those that belong to no one: example.com, git@host, icon@2x.png, placeholders."""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.core.private.detector import LATIN, Detector, Span

ADDRESS: Final = re.compile(
    rf"(?<![{LATIN}0-9._%+'@/=~!-])[{LATIN}0-9](?:[{LATIN}0-9._%+'-]{{0,62}}[{LATIN}0-9_+-])?"
    rf"@(?=[{LATIN}0-9])((?:[{LATIN}0-9-]{{1,63}}\.){{1,5}})([A-Za-z]{{2,12}})(?![{LATIN}0-9_@(=]|-[a-z0-9]|\.[{LATIN}]{{2}})"
)
HOST: Final = re.compile(rf"@[{LATIN}0-9][{LATIN}0-9.-]*\.[A-Za-z]{{2}}")
"""What every address ends with; the search leaps to the next `@`, that for an address tries each letter."""
COUNTRY: Final = re.compile(r"[A-Za-z]{2}")
GENERIC: Final = frozenset(
    [
        "com",
        "org",
        "net",
        "edu",
        "gov",
        "mil",
        "int",
        "info",
        "biz",
        "name",
        "pro",
        "aero",
        "coop",
        "jobs",
        "mobi",
        "travel",
        "cat",
        "asia",
        "tel",
        "app",
        "dev",
        "online",
        "site",
        "store",
        "shop",
        "tech",
        "xyz",
        "club",
        "blog",
        "cloud",
        "email",
        "live",
        "life",
        "world",
        "today",
        "agency",
        "company",
        "digital",
        "group",
        "network",
        "services",
        "solutions",
        "space",
        "systems",
        "work",
        "zone",
        "global",
        "center",
        "studio",
        "design",
        "media",
        "academy",
        "london",
        "berlin",
        "paris",
        "nyc",
        "tokyo",
        "africa",
        "bank",
        "health",
        "law",
        "legal",
        "finance",
        "money",
        "news",
        "social",
        "team",
        "tools",
        "website",
        "work",
        "works",
        "wiki",
        "top",
        "vip",
        "icu",
        "one",
        "plus",
        "ltd",
        "inc",
        "llc",
        "gmbh",
        "games",
        "education",
        "university",
        "school",
        "church",
        "community",
        "foundation",
        "international",
        "consulting",
        "engineering",
        "software",
        "support",
    ]
)
"""The top-level domains behind most addresses. A list, because in code anything may stand behind a dot."""
FILE_ENDINGS: Final = frozenset(["md", "py", "js", "ts", "sh", "rs", "cc", "so", "pl", "ps"])
"""Country codes that are file endings far more often, behind anything but a dotted host."""
NOBODY: Final = re.compile(
    r"(?:^|\.)(?:example[0-9]?|(?:my|your|the|some)?-?(?:domain|company|website|organi[sz]ation|corp|site|business|store|shop|email|school|app|host|server)"
    r"|acme|xyz|abc|test(?:ing)?|sample|foo|bar|localhost|placeholder|mailserver|provider|redacted|xxx+|users\.noreply\.github)"
    r"\.[a-z]{2,12}$|(?:^|\.)(?:example|test|invalid|localhost|local|internal|example\.(?:com|org|net|edu)(?:\.[a-z]{2})?)$"
    r"|(?:^|\.)example\.[a-z]{2,3}\.[a-z]{2}$"
)
"""RFC 2606 and 6761 reserve some of these; the others are what documentation writes in their place."""
PLACEHOLDER: Final = re.compile(
    r"(?:x{3,}|(?:your|my)[._-]?(?:e?mail|name|address|username)?|(?:e?mail|user|first|last)[._-]?(?:name|address)|you|name|someone|somebody|username)"
)


def find(text: str) -> Iterator[Span]:
    """Give the addresses; two are the same when they differ in case alone."""
    if not HOST.search(text):
        return
    for match in ADDRESS.finditer(text):
        local, _, host = match[0].lower().partition("@")
        if (
            _is_domain(match[1], match[2].lower())
            and not NOBODY.search(host)
            and not _is_nobody(local, text[match.end() :])
        ):
            yield Span(match.start(), match.end(), f"{local}@{host}")


def _is_domain(labels: str, top: str) -> bool:
    known = top in GENERIC or COUNTRY.fullmatch(top) is not None
    return known and not (top in FILE_ENDINGS and labels.count(".") == 1 and labels.islower() and len(labels) < 4)  # noqa: PLR2004 - x@a.py


def _is_nobody(local: str, rest: str) -> bool:
    """Say whether the local part stands for anyone, or for the account of a version control server."""
    return PLACEHOLDER.fullmatch(local) is not None or (local in ("git", "hg", "svn") and rest[:1] in (":", "/"))


DETECTOR: Final = Detector(
    code="private.email",
    kind="email",
    label="EMAIL",
    noun="e-mail address",
    rank=30,
    hint=rf"[{LATIN}0-9_+-]@[{LATIN}0-9][{LATIN}0-9.-]*\.[A-Za-z]{{2}}",
    find=find,
)
