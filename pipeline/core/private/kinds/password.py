"""Passwords inside connection strings: `scheme://user:password@host`, `Server=...;Password=...`."""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.core.private.detector import Detector, Span

URL: Final = re.compile(
    r"\b[A-Za-z][A-Za-z0-9+.-]{1,24}://([^\s:/@\"'`<>\[\](){}]{0,64}):([^\s@\"'`<>/]{4,128})@([A-Za-z0-9_.-]{1,253})"
)
FIELDS: Final = re.compile(
    r"(?i:\b(?:server|host|data source|addr)\s{0,2}=[^;\n\"']{1,200};)[^\n\"']{0,300}?(?i:\b(?:password|pwd))\s{0,2}=\s{0,2}([^;\s\"'<>{}]{4,128})"
)
SHARED: Final = re.compile(r"(?:SharedAccessKey|AccountKey)=([A-Za-z0-9+/]{40,90}={0,2})")
BLANK: Final = re.compile(
    r"(?:my|your|some|the|db|user|root|admin|mysql|postgres(?:ql)?|redis|mongo(?:db)?|guest|super|strong|very|app|a|new|old|secure|this|is|_|-|test|dev|local|[0-9])*"
    r"(?:pass(?:word|wd|phrase)?|p4ssw0rd|p@ssw[o0]rd|passw[o0]rd|pw|pwd|secret|token|key|api_?key|credential|changeme|change_me|guest|root|admin|postgres|mysql|redis|test|example|hunter2|abc|foo|bar|baz|qux|user|mongo|rabbit(?:mq)?|demo|sample|default|letmein|hidden|redacted|todo)"
    r"(?:word|here|[0-9!_@#$-]|name)*|[*x.•#_-]+|[0-9]{1,6}|123.*|\$.*|%.*|\{.*|.*[{}$].*|\[.*\]|.*example.*|.*placeholder.*",
    re.IGNORECASE,
)
"""What documentation writes where a password goes."""
NOWHERE: Final = re.compile(
    r"(?:.*\.)?(?:example(?:\.[a-z]{2,3})?|example\.[a-z.]+|test|invalid)|(?:\w*\.)?(?:your|my)[a-z-]*\.[a-z]+",
    re.IGNORECASE,
)


def find(text: str) -> Iterator[Span]:
    """Give the passwords alone: what stands around one says which service it opened, and stays."""
    if "://" in text and "@" in text:
        for match in URL.finditer(text):
            if match[2] != match[1] and not NOWHERE.fullmatch(match[3]) and not BLANK.fullmatch(match[2]):
                yield Span(*match.span(2), match[2])
    for pattern, sign in ((FIELDS, ";"), (SHARED, "Key=")):
        for match in pattern.finditer(text) if sign in text else ():
            if not BLANK.fullmatch(match[1]):
                yield Span(*match.span(1), match[1])


DETECTOR: Final = Detector(
    code="secret.password",
    kind="secret",
    label="PASSWORD",
    noun="password in a connection string",
    rank=4,
    hint=r"://[^ /@]*:[^ @/]{4}|(?i:password|pwd)[ \\tn]{0,4}=|SharedAccessKey=|AccountKey=",
    find=find,
)
