"""What is found in a text or in a whole example, each character claimed by one detector at most."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from pipeline.core.example import Json
from pipeline.core.plain import plain_passages
from pipeline.core.private.detector import Detector, detectors
from pipeline.core.private.kinds.card import is_card
from pipeline.core.private.kinds.national import is_number
from pipeline.core.private.places import changed, changed_text
from pipeline.core.settings import PrivateKind

PLACEHOLDER: Final = re.compile(r"\[[A-Z_]+_[0-9]{1,9}\]?|\[?[A-Z_]+_[0-9]{1,9}\]")


ROUNDS: Final = 100
"""Rewritten so often at most: what stood beside a number that is gone may read anew as another, and of six numbers in a row
each may take a round. Nearly all texts need one; no text goes on for ever, whatever a fake reads as."""


class Found(NamedTuple):
    """One piece of private data in a text."""

    by: Detector
    start: int
    end: int
    key: str
    """Equal for what is the same; holds the data, so it is never shown."""

    def __repr__(self) -> str:
        """Say what and where, never the data: representations end in logs."""
        return f"Found({self.by.code}, {self.start}, {self.end})"


def search(text: str, *, before: str = "", among: Sequence[Detector] | None = None) -> list[Found]:
    """Give what stands in a text, in order and without overlaps; `before` is context in front that is not searched.

    `among`: who alone may find something here; None: anybody.
    """
    shift = len(before)
    whole = before + text
    claims = [
        Found(one, span.start - shift, span.end - shift, span.key)
        for one in (detectors() if among is None else among)
        for span in one.find(whole)
        if span.start >= shift
    ]
    taken: list[Found] = []
    for claim in sorted(claims, key=lambda one: (one.by.rank, one.start - one.end, one.start)):
        if all(claim.end <= one.start or one.end <= claim.start for one in taken):
            taken.append(claim)
    return sorted(taken, key=lambda one: one.start)


NAME: Final = Detector(
    code="private.name",
    kind="name",
    label="NAME",
    noun="name",
    rank=50,
    hint="",
    find=lambda _text: iter(()),
)
"""Names are found by a model outside the core; see compose/names.py. It is in no catalogue."""


def named(text: str, found: list[Found], names: Iterable[tuple[int, int]]) -> list[Found]:
    """Give what was found with the names of persons where nothing else stands; placeholders are no names."""
    free = [
        Found(NAME, start, end, " ".join(text[start:end].lower().split()))
        for start, end in names
        if all(end <= one.start or one.end <= start for one in found)
        and not PLACEHOLDER.search(text[max(start - 1, 0) : end + 1])
    ]
    return sorted([*found, *free], key=lambda one: one.start)


def looks_private(text: str) -> bool:
    """Say whether a text alone would be found, whatever stands beside it: a fake must not."""
    return bool(search(text)) or is_number(text) or is_card(text)


def replaced(text: str, found: list[Found], by: Callable[[Found], str]) -> str:
    """Give the text with each of these written anew."""
    if not found:
        return text
    ends = [0, *(one.end for one in found)]
    kept = [text[end : one.start] for end, one in zip(ends, found, strict=False)]
    return "".join(part for pair in zip(kept, map(by, found), strict=True) for part in pair) + text[ends[-1] :]


def is_clean(payload: str, among: Sequence[Detector]) -> bool:
    """Say whether none of these finds anything in a plain conversation; any other example is never called clean.

    It takes a quarter of what a search for rewriting does, and nine in ten suspected rows are clean.
    """
    plain = plain_passages(payload, method="sft")
    return plain is not None and not any(
        span.start >= len(before)
        for text in plain.texts
        for part, before in _pieces(text)
        for one in among
        for span in one.find(before + part)
    )


def _pieces(text: str) -> Sequence[tuple[str, str]]:
    """Give the literals of a JSON text with the words in front of them, any other text as it is."""
    if text.lstrip()[:1] not in ("{", "["):
        return ((text, ""),)
    pieces: list[tuple[str, str]] = []

    def note(part: str, before: str) -> str:
        pieces.append((part, before))
        return part

    changed_text(text, note)
    return pieces


def found_by(payload: str, one: Detector) -> Iterator[tuple[str, Found]]:
    """Give pointer and finding of everything in an example that is of one detector.

    A text in which it claims nothing is asked no other: most that are suspected hold one number of ten turns, or none.
    """
    for where, text, before in _texts(payload):
        if any(span.start >= len(before) for span in one.find(before + text)):
            yield from ((where, found) for found in _searched(text, before) if found.by.code == one.code)


@lru_cache(maxsize=8)
def _searched(text: str, before: str) -> tuple[Found, ...]:
    """Give what stands in a text; kept for a moment, as the rules of a row ask in turn."""
    return tuple(search(text, before=before))


@lru_cache(maxsize=8)
def _texts(payload: str) -> tuple[tuple[str, str, str], ...]:
    """Give pointer, text and the words in front of every text of an example; none where it is not JSON."""
    texts: list[tuple[str, str, str]] = []

    def note(where: str, text: str, before: str) -> str:
        texts.append((where, text, before))
        return text

    try:
        for where, part in _parts(payload):
            changed(part, note, where)
    except (ValueError, RecursionError):
        return ()
    return tuple(texts)


def _parts(payload: str) -> Iterator[tuple[str, Json]]:
    """Give what is searched, with its place: of a plain conversation its texts alone, without a copy of every object."""
    plain = plain_passages(payload, method="sft")
    if plain is None:
        yield "", json.loads(payload)
    else:
        yield from ((f"/messages/{turn}/content", text) for turn, text in enumerate(plain.texts))


def masked(text: str, kinds: frozenset[PrivateKind]) -> str:
    """Give a text, or a JSON text, in which everything of these kinds is only named: for what people are shown."""

    def mask(part: str, before: str) -> str:
        found = [one for one in search(part, before=before) if one.by.kind in kinds]
        return replaced(part, found, lambda one: f"[{one.by.label}]")

    for _ in range(ROUNDS):
        before, text = text, changed_text(text, mask)
        if before == text:
            break
    return text
