"""Keys and addresses of providers: what no request can carry is refused before one is made, without quoting it."""

from typing import Final
from urllib.parse import urlsplit, urlunsplit

from pipeline.core.errors import TunesetError

OPENAI: Final = "https://api.openai.com/v1"
"""Where OpenAI's own API is."""


def sound_key(api_key: str, *, variable: str = "OPENAI_API_KEY") -> str:
    """Give the key without white space around it, or refuse what no HTTP header can carry."""
    key = api_key.strip()
    if key and key.isascii() and key.isprintable() and " " not in key:
        return key
    raise TunesetError(f"{variable}: empty, or with a character that no key has. Copy the key again, on one line.")


def sound_address(base_url: str, *, variable: str = "OPENAI_BASE_URL") -> str:
    """Give the address, or refuse what is not one; it is not quoted, because it may hold a password."""
    try:
        parts = urlsplit(base_url.strip())
        if parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port):
            return base_url.strip()
    except ValueError:
        pass
    raise TunesetError(f"{variable}: not an address. Set it like https://host/v1, or unset it.")


def without_user(address: str) -> str:
    """Give the address without a user and password before the host, so that it may be written down."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])).rstrip("/")
