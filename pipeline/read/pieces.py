"""A text taken apart: at headings, blank lines, separators, a size, or by questions and answers."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

Line: TypeAlias = tuple[int, str]
"""Number of a physical line and its text without its end."""


class Splitting(NamedTuple):
    """What the splitters need to know; each reads what is its own."""

    separator: str = "---"
    heading: str | None = None
    level: int = 6
    size: int = 4_000


class Piece(NamedTuple):
    """One record's text."""

    line: int
    fields: Mapping[str, str]
    title: str | None = None


def whole(lines: Iterable[Line], splitting: Splitting) -> Iterator[Piece]:
    """Give the text as one piece, titled by a Markdown heading in its first line."""
    del splitting
    taken = list(lines)
    first = next((text for _, text in taken if text.strip()), "")
    found = _MARKDOWN.match(first)
    yield from _piece(taken, found[2] if found else None)


def headings(lines: Iterable[Line], splitting: Splitting) -> Iterator[Piece]:
    """Begin a piece at every heading, which becomes its title and is no part of its text.

    What stands before the first heading is a piece without title; headings without text of their own give none.
    """
    title: str | None = None
    taken: list[Line] = []
    is_code = False
    for number, text in lines:
        is_code ^= text.lstrip().startswith(("```", "~~~"))
        name = None if is_code else heading(text, splitting)
        if name is None and not is_code and taken and _underlines(text, taken[-1][1]):
            name = taken.pop()[1].strip()
        if name is None:
            taken.append((number, text))
            continue
        yield from _piece(taken, title)
        title, taken = name, []
    yield from _piece(taken, title)


_MARKDOWN: Final = re.compile(r"(#{1,6})[ \t]+(\S.*?)[ \t#]*$")
_NUMBERED: Final = re.compile(
    r"(?:chapter|adventure|story|part|book|tale|chapitre|partie|kapitel|teil|cap[ií]tulo|capitolo)\s+(?:[ivxlc]+|\d+)\b[.:]?\s*(.*)",
    re.IGNORECASE,
)
_ROMAN: Final = re.compile(r"[IVXLC]+(?:\.| --| -)\s+(\S.*)")


def heading(text: str, splitting: Splitting) -> str | None:
    """Give the title that this line bears; None: it is no heading."""
    if splitting.heading is not None:
        found = re.search(splitting.heading, text)
        return (found[1] if found.re.groups else text).strip() if found else None
    if found := _MARKDOWN.match(text):
        return found[2] if len(found[1]) <= splitting.level else None
    if (found := _NUMBERED.fullmatch(text.rstrip())) and len(text) < _LONGEST_HEADING:
        return found[1] or text.strip()
    if (
        (found := _ROMAN.fullmatch(text.rstrip()))
        and len(text) < _LONGEST_HEADING
        and (" -- " in text or found[1].isupper())
    ):
        return found[1]
    return None


_LONGEST_HEADING: Final = 80


def is_heading(text: str, splitting: Splitting) -> bool:
    """Say whether this line is a heading by itself, without an underline."""
    return heading(text, splitting) is not None


def _underlines(text: str, above: str) -> bool:
    """Say whether this line of = or - makes the one above a heading, as Markdown and reStructuredText have it."""
    line = text.rstrip()
    return len(line) > 2 and line in ("=" * len(line), "-" * len(line)) and 0 < len(above.strip()) <= len(line) + 2  # noqa: PLR2004


def paragraphs(lines: Iterable[Line], splitting: Splitting) -> Iterator[Piece]:
    """End a piece at every blank line."""
    del splitting
    taken: list[Line] = []
    for number, text in lines:
        if text.strip():
            taken.append((number, text))
        elif taken:
            yield from _piece(taken)
            taken = []
    yield from _piece(taken)


def separated(lines: Iterable[Line], splitting: Splitting) -> Iterator[Piece]:
    """End a piece at every separator: a whole line, where the separator stands alone in lines, else anywhere."""
    separator = splitting.separator.replace("\\n", "\n").replace("\\t", "\t")
    begin, held = 1, ""
    for number, text in lines:
        begin = begin if held else number
        held += text + "\n"
        *done, held = held.split(separator)
        for piece in done:
            yield from _text_piece(begin, piece)
            begin += piece.count("\n") + separator.count("\n")
    yield from _text_piece(begin, held)


def sized(lines: Iterable[Line], splitting: Splitting) -> Iterator[Piece]:
    """End a piece before it outgrows the size: at a blank line, else a line, else a sentence, else a word."""
    begin, held = 1, ""
    for number, text in lines:
        begin = begin if held else number
        held += text + "\n"
        while len(held) > splitting.size:
            end = _cut(held, splitting.size)
            yield from _text_piece(begin, held[:end])
            begin += held.count("\n", 0, end)
            held = held[end:]
    yield from _text_piece(begin, held)


def _cut(text: str, size: int) -> int:
    """Give the best place up to `size`, not in the first half of it."""
    for sign in ("\n\n", "\n", ". ", "。", " "):
        end = text.rfind(sign, size // 2, size)
        if end >= 0:
            return end + len(sign)
    return size


_QUESTION: Final = re.compile(
    r"\s*(?:\*\*)?(?:q|question|frage|pregunta|domanda|问|問)\s*\d*\s*[:.)\uff1a]\s*(?:\*\*)?\s*(.*)", re.IGNORECASE
)
_ANSWER: Final = re.compile(
    r"\s*(?:\*\*)?(?:a|answer|antwort|réponse|respuesta|risposta|答)\s*\d*\s*[:.)\uff1a]\s*(?:\*\*)?\s*(.*)",
    re.IGNORECASE,
)


def questions(lines: Iterable[Line], splitting: Splitting) -> Iterator[Piece]:
    """Give `question` and `answer` of every `Q:` and the `A:` after it; text before the first is a piece of its own."""
    del splitting
    begin, key = 1, "text"
    fields: dict[str, list[str]] = {}
    for number, text in lines:
        if found := _QUESTION.match(text):
            yield from _answered(begin, fields)
            begin, key, fields = number, "question", {"question": [found[1]]}
        elif key != "text" and "answer" not in fields and (found := _ANSWER.match(text)):
            key = "answer"
            fields[key] = [found[1]]
        else:
            fields.setdefault(key, []).append(text)
    yield from _answered(begin, fields)


def _answered(line: int, fields: Mapping[str, list[str]]) -> Iterator[Piece]:
    joined = {key: "\n".join(texts).strip() for key, texts in fields.items()}
    if any(joined.values()):
        yield Piece(line, joined)


def _piece(lines: list[Line], title: str | None = None) -> Iterator[Piece]:
    """Give the lines as one piece without the blank ones around it; nothing where all are blank."""
    filled = [place for place, (_, text) in enumerate(lines) if text.strip()]
    if filled:
        taken = lines[filled[0] : filled[-1] + 1]
        yield Piece(taken[0][0], {"text": "\n".join(text for _, text in taken)}, title)


def _text_piece(line: int, text: str) -> Iterator[Piece]:
    yield from _piece(list(enumerate(text.split("\n"), start=line)))


SPLITTERS: Final[Mapping[str, Callable[[Iterable[Line], Splitting], Iterator[Piece]]]] = {
    "file": whole,
    "heading": headings,
    "paragraph": paragraphs,
    "separator": separated,
    "size": sized,
    "qa": questions,
}
