"""Training data holds no key to anything."""

from collections.abc import Iterator
from typing import Final

from pipeline.core.example import Example
from pipeline.core.private.detector import detector
from pipeline.core.rule import Flaw, rule
from pipeline.core.suspects import Mentions
from pipeline.core.target import Limits
from pipeline.rules.private_data import flaws

KEY: Final = "gh" + "p_" + "h8Kq2LmZ9xRtV4wYb7NcJ3dPf6GsA1eUoT5i"
BODY: Final = "MIICdQIBADANBgkqhkiG9w0BAQEFAASCAl8wggJbAgEAAoGBAL7Zq"
HEAD: Final = "eyJhbGciOiJIUzI1NiJ9"
"""Samples in pieces, so that no scanner takes this file for a leak; none was ever issued."""


@rule(
    "secret.key",
    suspects=Mentions(detector("secret.key").hint),
    good=("user: AKIAIOSFODNN7EXAMPLE\nassistant: Put sk-... into OPENAI_API_KEY.",),
    bad=(f"user: Why does {KEY} fail?\nassistant: It is leaked.",),
)
def key(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Whoever reads the file, or gets the model to say it, can use the key.

    Revoke it at its provider, then delete it from the source; redacting alone leaves it valid.
    """
    return flaws(example, "secret.key")


@rule(
    "secret.private-key",
    suspects=Mentions(detector("secret.private-key").hint),
    good=("user: What is PEM?\nassistant: It begins with -----BEGIN PRIVATE KEY----- and goes on.",),
    bad=(f"user: -----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----\nassistant: Keep it",),
)
def private_key(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Whoever reads the file can sign and decrypt as its owner.

    Replace the key pair, then delete it from the source.
    """
    return flaws(example, "secret.private-key")


@rule(
    "secret.password",
    suspects=Mentions(detector("secret.password").hint),
    good=("user: postgres://user:password@localhost/db\nassistant: Yes, postgres://app:${PASSWORD}@db/app.",),
    bad=("user: postgres://app:h8Kq2LmZ9x@db.acme.io/app\nassistant: Connected",),
)
def password(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A connection string with its password opens the service to whoever reads the file.

    Change the password, then delete it from the source.
    """
    return flaws(example, "secret.password")


@rule(
    "secret.token",
    suspects=Mentions(detector("secret.token").hint),
    good=("user: What is a JWT?\nassistant: Three parts, eyJ... first.",),
    bad=(f"user: Bearer {HEAD}.eyJzdWIiOiI4ODIxIn0.q7Zk3Vv0yTn2sWc9LrB4xJd8HfMpQe1\nassistant: Valid",),
)
def token(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A signed token lets whoever reads the file act as its owner until it expires, and tells who that is.

    Let it expire or revoke it, then delete it from the source.
    """
    return flaws(example, "secret.token")
