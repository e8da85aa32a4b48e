"""Fields of a platform's answer by the type that is expected, so that a strange answer is an unknown value and no crash."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def text(answer: Mapping[str, Any], name: str) -> str | None:
    """Give a text that is not empty."""
    value = answer.get(name)
    return value if isinstance(value, str) and value else None


def whole(answer: Mapping[str, Any], name: str) -> int | None:
    """Give a number above zero: both platforms' servers write 0 for what is not known yet."""
    value = answer.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def inner(answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give an object; empty where there is none."""
    value = answer.get(name)
    return value if isinstance(value, dict) else {}


def rows(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Give a list of objects; empty where there is none."""
    value = answer.get(name)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def seconds(answer: Mapping[str, Any], name: str) -> int | None:
    """Give a moment in ISO 8601 as seconds since 1970; Go's zero time, the year 1, is none."""
    try:
        moment = datetime.fromisoformat(text(answer, name) or "")
    except ValueError:
        return None
    at = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return at if at > 0 else None
