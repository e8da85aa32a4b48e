"""A record as JSON on one line."""

import json
from typing import Any, Final

import msgspec

_ENCODER: Final = msgspec.json.Encoder(enc_hook=str)


def to_json(value: Any) -> str:
    """Write a value as JSON on one line, text as it is; what JSON lacks (a duration, a decimal) as text."""
    try:
        return _ENCODER.encode(value).decode()
    except UnicodeEncodeError:  # a lone surrogate, which only an escape can carry
        return json.dumps(value, separators=(",", ":"), default=str)
