"""A record as JSON on one line."""

import datetime
import decimal
import json
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(enc_hook=lambda value: _plain(value))


def to_json(value: Any) -> str:
    """Write a value as JSON on one line, text as it is; what JSON lacks (dates, bytes) as text."""
    try:
        return _ENCODER.encode(value).decode()
    except (UnicodeEncodeError, OverflowError):  # a lone surrogate, which only an escape can carry
        return json.dumps(value, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    """Give a value of a kind that JSON has."""
    if isinstance(value, datetime.timedelta | decimal.Decimal):
        return str(value)
    return str(value)
