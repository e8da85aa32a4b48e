"""How findings name things without quoting the data: keys, roles, counts and types."""

import re
from typing import Final

from pipeline.core.example import Json

WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,31}")
TYPES: Final = {dict: "an object", list: "an array", str: "text", bool: "true or false", type(None): "null"}
SHOWN: Final = 5
"""Names in one sentence before the rest is only counted."""


def named(word: str) -> str:
    """Give a key or role in backquotes when it looks like a name, else only its length: it may be data."""
    return f"`{word}`" if WORD.fullmatch(word) else f"a name of {counted(len(word), 'character')}"


def counted(number: int, thing: str) -> str:
    """Give `1 turn`, `2,048 turns`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def kind(value: Json) -> str:
    """Give the JSON type of a value with its article."""
    return TYPES.get(type(value), "a number")


def listed(words: list[str]) -> str:
    """Give sorted names, at most five of them: `a`, `b` and 3 more."""
    names = [named(word) for word in sorted(words)]
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def whole(text: str) -> str:
    """Give a text as UTF-8 can hold it: a lone surrogate as the escape that it came from."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def pointer(*path: str | int) -> str:
    """Give the JSON pointer of a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
