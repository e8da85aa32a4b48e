"""What a detector is: one kind of private data, how to suspect it cheaply, how to find it surely."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Final, NamedTuple, TypeAlias

from pipeline.core.settings import PrivateKind

LATIN: Final = "A-Za-z\u00c0-\u024f"
SPACE: Final = "[ \u00a0\u202f]"
"""What stands between groups of digits: a space, also one that does not break."""
APART: Final = r"(?:[^0-9A-Za-z_]|\\[bfnrt])"
"""What a hint asks in front of a number that no letter or digit touches: a line break reads `\\n` in JSON."""
ENDS: Final = "[^0-9A-Za-z_]"
"""What a hint asks behind such a number."""
_NO_LOOK_BEHIND: Final = re.compile(r"\(\?<[!=][^)]*\)")


class Span(NamedTuple):
    """A place in a text; `end` is the first character behind it."""

    start: int
    end: int
    key: str
    """What makes two the same, whatever their spelling: digits without separators, an address in lower case."""


Find: TypeAlias = Callable[[str], Iterator[Span]]


@dataclass(frozen=True)
class Detector:
    """One entry of the catalogue under pipeline/core/private/kinds/."""

    code: str
    """Of the finding, such as `private.card`."""
    kind: PrivateKind
    """The setting of the plan that says what becomes of it."""
    label: str
    """Its placeholder is `[LABEL_1]`."""
    noun: str
    """What findings call one of it; its plural takes an s."""
    rank: int
    """Where two detectors claim the same characters, the lower rank has them."""
    hint: str
    r"""Regular expression of RE2. Whatever `find` finds, this matches the text as JSON writes it, unless it stands
    behind an escape (`\u`, `\/`) there."""
    find: Find
    closer: tuple[str, ...] = ()
    """The same promise, wrong less often and dearer to search: each is asked of what those before it match."""


def hinted(words: Iterable[str]) -> str:
    r"""Give words that must stand in front of a number, without case, as a hint may search them in JSON text.

    Each word is one alternative. What stands before those that begin with `\b` is written once for all of them: beside
    every word it made RE2 take twice as long.

    Wider than the words: `\b` is taken beside an underscore too, as a key such as `my_ssn` is read as words, and RE2
    does not know that Python takes \u0130 and \u0131 for an i.
    """
    plain = [_NO_LOOK_BEHIND.sub("", word).replace(" ", "[ _]").replace("i", "[i\u0130\u0131]") for word in words]
    begun = "|".join(word.removeprefix(r"\b") for word in plain if word.startswith(r"\b"))
    free = [word for word in plain if not word.startswith(r"\b")]
    either = "|".join((rf"(?:[^0-9A-Za-z]|\\[bfnrt])(?:{begun})", *free))
    return "(?i:" + either.replace(r"\b", "[^0-9A-Za-z]") + ")"


@lru_cache(maxsize=1)  # four finders ask it of each text in turn
def digit_count(text: str) -> int:
    """Give how many ASCII digits a text has, in half a microsecond: finders ask it before they search further.

    A tenth of what `str.count` takes for each digit in turn.
    """
    whole = text.encode("utf-8", "surrogatepass")
    return len(whole) - len(whole.translate(None, b"0123456789"))


@cache
def detectors() -> tuple[Detector, ...]:
    """Give every detector by rank, from the files of pipeline/core/private/kinds/."""
    folder = import_module("pipeline.core.private.kinds")
    modules = [import_module(f"{folder.__name__}.{module.name}") for module in iter_modules(folder.__path__)]
    return tuple(sorted((module.DETECTOR for module in modules), key=lambda one: (one.rank, one.code)))


@cache
def detector(code: str) -> Detector:
    """Give the detector of a code."""
    return next(one for one in detectors() if one.code == code)
