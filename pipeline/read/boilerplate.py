"""What Project Gutenberg puts before and after a book."""

import re
from collections.abc import Callable, Iterator
from itertools import chain, dropwhile
from typing import Final

from pipeline.read.pieces import Line

_START: Final = re.compile(r"\*{3}\s*START OF (?:THE|THIS) PROJECT GUTENBERG", re.IGNORECASE)
_END: Final = re.compile(
    r"\*{3}\s*END OF (?:THE|THIS) PROJECT GUTENBERG|End of (?:the )?Project Gutenberg|\*{3}\s*START: FULL LICENSE",
    re.IGNORECASE,
)
_TITLE: Final = re.compile(r"Title:\s*(\S.*)")
_HEADER_LINES: Final = 1_000
"""The header is far shorter; further on the same words are the book's own."""


def body(lines: Iterator[Line], *, begins: Callable[[str], bool] | None = None) -> Iterator[Line]:
    """Give the lines of the book itself where Project Gutenberg's mark stands before it; else all lines as they are.

    `begins` tells a chapter's first line; title page and contents before it are then left out as well.
    """
    head: list[Line] = []
    for line in lines:
        head.append(line)
        if _START.match(line[1]):
            book = _until_end(_without_credits(lines))
            yield from book if begins is None else dropwhile(lambda line: not begins(line[1]), book)
            return
        if len(head) >= _HEADER_LINES:
            break
    yield from chain(head, lines)


def is_book(head: bytes) -> bool:
    """Say whether the beginning of a file bears Project Gutenberg's mark."""
    return any(_START.match(line) for line in head.decode("utf-8", "replace").splitlines())


def _without_credits(lines: Iterator[Line]) -> Iterator[Line]:
    """Leave out the credits, the first paragraph where it says who produced the file."""
    for number, text in lines:
        if not text.strip():
            continue
        is_credit = text.startswith(("Produced by", "E-text prepared by", "Transcribed from", "This etext was"))
        if not is_credit:
            yield number, text
        break
    else:
        return
    for number, text in lines:
        is_credit = is_credit and bool(text.strip())
        if not is_credit:
            yield number, text


def _until_end(lines: Iterator[Line]) -> Iterator[Line]:
    for number, text in lines:
        if _END.match(text):
            return
        yield number, text
