"""What a platform's sentence means and what to do about it. The known sentences are data: failures.toml, with sources.

A platform's numbers are line numbers that count from 1. OpenAI called the first line of a file of one line `Line 1`
(OkGoDoIt/OpenAI-API-dotnet issue 59, 2023), and `Example 1273` the line that it also called `(line 1273)` (openai-php's
recorded answers, 2023); where every line was wrong, newer sentences named `Example 1` (2025), and none was seen that
names `Example 0`. Together's source adds 1 to the index. What OpenAI counts in `message 2` is not known, so turns are not
told. That a blank line counts is not known either: files that tuneset writes have none.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from pipeline.submit.platform import Failure

TABLE: Final = Path(__file__).with_name("failures.toml")
Certainty: TypeAlias = Literal["documented", "reported", "inferred"]
QUOTES: Final = str.maketrans("", "", "'\"`´‘’“”„«»")
BEGINNING: Final = 2_000
"""Letters of a sentence that tell its meaning; behind them are lists and quotes of the data."""
NUMBER: Final = "[0-9]{1,9}(?![0-9])"
NAMED: Final = re.compile(
    rf"\b(?:examples?|lines?|rows?)(?: number)?[ :#]{{1,3}}({NUMBER}(?:(?:, and|,| and| &) ?{NUMBER})*)(?!,? column)"
)
"""Lines that a sentence names. A column behind a number makes it a place inside of one line, as JSON's parsers tell it."""


class Explained(NamedTuple):
    """What a failure means, in our words."""

    title: str
    """What it means, one sentence."""
    cure: str
    """What to do, in one sentence or a few."""
    codes: tuple[str, ...] = ()
    """Rules and checks of tuneset that find it, the likeliest first; `tuneset explain CODE` tells about them."""
    lines: tuple[int, ...] = ()
    """Lines of the file that it names, from 1, sorted: `tuneset trace FILE:LINE` says where each comes from."""
    is_retryable: bool = False
    """Whether the same order may be sent again unchanged."""


class Said(NamedTuple):
    """A sentence that a platform says, and where we know it from."""

    message: str
    source: str
    as_of: date
    code: str = ""
    certainty: Certainty = "documented"


class Known(NamedTuple):
    """Sentences of one meaning."""

    pattern: re.Pattern[str]
    """Found in them, once they are `plain`."""
    said: tuple[Said, ...]
    explained: Explained


def explained(failure: Failure) -> Explained | None:
    """Say what a failure means; None: nothing is known about its sentence."""
    sentence = plain(failure)
    found = next((one for one in known() if one.pattern.search(sentence, 0, BEGINNING)), None)
    return None if found is None else found.explained._replace(lines=_lines(sentence))


@cache
def known() -> tuple[Known, ...]:
    """Give every known meaning, in the order in which they are tried."""
    return tuple(_known(entry) for entry in tomllib.loads(TABLE.read_text(encoding="utf-8"))["failure"])


def plain(failure: Failure) -> str:
    """Give code and message as patterns read them: in lower case, without quotes, white space made one space."""
    return " ".join(f"{failure.code}: {failure.message}".translate(QUOTES).casefold().split())


def _known(entry: Mapping[str, Any]) -> Known:
    told = {name: value for name, value in entry.items() if name not in ("patterns", "codes", "said")}
    return Known(
        re.compile("|".join(entry["patterns"])),
        tuple(Said(**said) for said in entry["said"]),
        Explained(**told, codes=tuple(entry.get("codes", ()))),
    )


def _lines(sentence: str) -> tuple[int, ...]:
    numbers = {int(number) for named in NAMED.findall(sentence) for number in re.findall(NUMBER, named)}
    return tuple(sorted(numbers - {0}))
