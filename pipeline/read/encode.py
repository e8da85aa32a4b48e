"""A record as JSON on one line."""

import json
from typing import Any, Final

import msgspec

from pipeline.core.record import Record

_ENCODER: Final = msgspec.json.Encoder(enc_hook=str)


def text_of(record: Record) -> str | None:
    """Give a record as JSON on one line; None where it could not be read."""
    if record.trouble is not None:
        return None
    return record.text if record.text is not None else to_json(record.value)


def to_json(value: Any) -> str:
    """Write a value as JSON on one line, text as it is; what JSON lacks (a duration, a decimal) as text."""
    try:
        return _ENCODER.encode(value).decode()
    except UnicodeEncodeError:  # a lone surrogate, which only an escape can carry
        return json.dumps(value, separators=(",", ":"), default=str)
