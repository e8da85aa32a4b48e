"""Keys of the common providers, each by its own prefix, letters and length."""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.core.private.detector import Detector, Span

PREFIXES: Final = {
    "aws": r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
    "github": r"gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{40,255}",
    "gitlab": r"gl(?:pat|ptt|dt|rt|cbt|ft|soat)-[A-Za-z0-9_-]{20,64}",
    "openai": r"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{40,200}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|sk-[A-Za-z0-9]{48}",
    "anthropic": r"sk-ant-(?:api|admin|sid|oat)[0-9]{2}-[A-Za-z0-9_-]{40,200}",
    "openrouter": r"sk-or-v1-[0-9a-f]{64}",
    "slack": r"xox[abeoprs]-[0-9A-Za-z-]{20,250}|xapp-[0-9]-[A-Z0-9]{8,}-[0-9]+-[a-z0-9]{32,}",
    "slack-hook": r"hooks\.slack\.com/services/T[A-Z0-9]{7,}/B[A-Z0-9]{7,}/[A-Za-z0-9]{20,}",
    "discord-hook": r"discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,80}",
    "stripe": r"(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{24,247}|whsec_[A-Za-z0-9]{32,64}",
    "google": r"AIza[0-9A-Za-z_-]{35}|GOCSPX-[0-9A-Za-z_-]{28}|ya29\.[0-9A-Za-z_-]{40,}",
    "hugging-face": r"hf_[A-Za-z]{34,40}",
    "npm": r"npm_[A-Za-z0-9]{36}",
    "pypi": r"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}|pypi-AgENdGVzdC5weXBpLm9yZw[A-Za-z0-9_-]{50,}",
    "sendgrid": r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    "twilio": r"SK[0-9a-f]{32}",
    "mailgun": r"key-[0-9a-f]{32}",
    "mailchimp": r"[0-9a-f]{32}-us[0-9]{1,2}",
    "square": r"sq0(?:atp|csp|idp)-[0-9A-Za-z_-]{22,43}|EAAA[A-Za-z0-9_-]{60}",
    "shopify": r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
    "digital-ocean": r"do[opr]_v1_[0-9a-f]{64}",
    "telegram": r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",
    "databricks": r"dapi[0-9a-f]{32}(?:-[0-9])?",
    "replicate": r"r8_[A-Za-z0-9]{37}",
    "groq": r"gsk_[A-Za-z0-9]{52}",
    "perplexity": r"pplx-[A-Za-z0-9]{48}",
    "linear": r"lin_api_[A-Za-z0-9]{40}",
    "notion": r"ntn_[A-Za-z0-9]{44,50}|secret_[A-Za-z0-9]{43}",
    "docker": r"dckr_pat_[A-Za-z0-9_-]{27}",
    "vault": r"hvs\.[A-Za-z0-9_-]{80,120}",
    "age": r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}",
    "azure-storage": r"AccountKey=[A-Za-z0-9+/]{86}==",
    "aws-secret": r"(?i:aws)_?(?i:secret)_?(?i:access)?_?(?i:key)\W{1,6}[A-Za-z0-9+/]{40}",
}
"""Provider → keys, as the providers document them or as their own scanners search for them."""
KEY: Final = re.compile(
    "|".join(rf"(?<![A-Za-z0-9_-])(?:{pattern})(?![A-Za-z0-9_+/=-])" for pattern in PREFIXES.values())
)
HINT: Final = (
    r"A(?:(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}|Iza|GE-SECRET|ccountKey=)|gh[pousr]_[A-Za-z0-9]{20}|github_pat_|gl[a-z]{2,4}-[A-Za-z0-9]{8}"
    r"|sk-(?:(?:proj|svcacct|admin|None|ant|or)-|[A-Za-z0-9]{20})"
    r"|xox[abeoprs]-|xapp-|hooks\.slack\.com|/api/webhooks/|[sr]k_(?:live|test)_|whsec_|GOCSPX-|ya29\.|hf_[A-Za-z]{20}|npm_[A-Za-z0-9]{20}"
    r"|pypi-Ag|SG\.[A-Za-z0-9_-]{22}|SK[0-9a-f]{32}|-us[0-9]|key-[0-9a-f]{32}|sq0|EAAA|shp[a-z]{2}_|do[opr]_v1_|:AA[A-Za-z0-9_-]{20}"
    r"|dapi[0-9a-f]{8}|r8_[A-Za-z0-9]{20}|gsk_|pplx-|lin_api_|ntn_|secret_[A-Za-z0-9]{20}|dckr_pat_|hvs\.|(?i:aws_?secret)"
)
BEGINS: Final = re.compile(HINT)
MADE_UP: Final = re.compile(
    r"example|sample|dummy|fake|test_?key|placeholder|your|redacted|x{6,}|\*{3}|\.{3}|0{8,}|1234567|abcdefg|qwerty|deadbeef|foobar",
    re.IGNORECASE,
)
SHORTEST: Final = 20
"""Characters without a space between them that the shortest key has, AWS's."""
VARIETY: Final = 8
"""A key has at least so many different characters: no entropy, only against rows of one letter."""


def find(text: str) -> Iterator[Span]:
    """Give provider keys, without those that say of themselves that they are examples."""
    if max(map(len, text.split()), default=0) < SHORTEST or not BEGINS.search(text):
        return
    for match in KEY.finditer(text):
        if is_real(match[0]):
            yield Span(match.start(), match.end(), match[0])


def is_real(key: str) -> bool:
    """Say whether a key looks issued, not made up for a page of documentation."""
    return MADE_UP.search(key) is None and len(set(key[4:])) >= VARIETY


DETECTOR: Final = Detector(
    code="secret.key", kind="secret", label="KEY", noun="provider key", rank=2, hint=HINT, find=find
)
