"""Arguments of tool calls as an object instead of JSON text, and the way back."""

import json

from pipeline.core.example import Json
from pipeline.targets.losses import LeftOutError, Loss


def as_object(arguments: str) -> tuple[dict[str, Json], tuple[Loss, ...]]:
    """Give the object that the text says; a change where `as_text` would not give the same text back."""
    try:
        value = json.loads(arguments, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise LeftOutError("arguments.not-json") from None
    if not isinstance(value, dict):
        raise LeftOutError("arguments.not-json")
    return value, () if as_text(value) == arguments else (Loss("arguments.reformatted"),)


def as_text(value: Json) -> str:
    """Give the JSON text as most providers write it: spaces after commas and colons, no escapes beyond need."""
    return json.dumps(value, ensure_ascii=False)


def _refuse(constant: str) -> Json:
    raise ValueError(constant)
