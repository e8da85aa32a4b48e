"""What of an example is judged: every text of its turns and every image, or each whole conversation.

Tool definitions, names and ids are not asked: they are the developer's own words, not the conversation.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple

from pipeline.core.example import Example, Turn

RECIPE: Final = 1
"""Raised when this file takes other pieces from the same example, so that facts kept by digest are made anew."""


class Piece(NamedTuple):
    """One text or image to judge, and where it stands."""

    where: str
    """JSON pointer; for a conversation, of its messages or of its answer."""
    content: str
    """A text, or an image's address (https: or data:)."""
    kind: Literal["text", "image"] = "text"


def pieces(example: Example, *, unit: Literal["message", "conversation"], max_tokens: int) -> Iterator[Piece]:
    """Give what is to be judged in the order of the example; texts are cut to the length that one request takes."""
    texts = _messages(example) if unit == "message" else _conversations(example)
    for where, text in texts:
        for chunk in chunks(_sendable(text), max_tokens=max_tokens):
            yield Piece(where, chunk)
    for turn in example.turns:
        for where, part in turn.parts():
            if (address := _image(part)) is not None:
                yield Piece(where, address, "image")


def key(piece: Piece, *, judge: str) -> bytes:
    """Give the SHA-256 of who judges and what: the same text has one verdict wherever it stands."""
    told = f"{judge}\0{piece.kind}\0{piece.content}"
    return hashlib.sha256(told.encode()).digest()


def estimated_tokens(text: str) -> int:
    """Give about how many tokens a text has: 4 ASCII characters, or 1 to 2 bytes more than a character has in UTF-8.

    OpenAI does not publish the moderation models' encoding. On chat in English this is a few per cent high.
    """
    return (len(text) + 2 * (len(text.encode(errors="replace")) - len(text))) // 4 + 1


def chunks(text: str, *, max_tokens: int) -> Iterator[str]:
    """Give the text in pieces of at most so many estimated tokens, cut at a paragraph, sentence or word where one ends.

    Joined, the chunks are the text. Blank chunks are left out: there is nothing to judge.
    """
    start = 0
    while start < len(text):
        window = text[start : start + 4 * max_tokens]
        end = _fitting(window, max_tokens)
        cut = end if start + end == len(text) else _break(window, end)
        if (chunk := window[:cut]).strip():
            yield chunk
        start += cut


def _messages(example: Example) -> Iterator[tuple[str, str]]:
    for turn in example.turns:
        yield from _texts(turn)


def _texts(turn: Turn) -> Iterator[tuple[str, str]]:
    yield from turn.texts()
    for where, part in turn.parts():
        yield from _strings(part, "refusal", where)
    yield from _strings(turn.raw, "refusal", turn.where)
    yield from _arguments(turn.raw.get("function_call"), f"{turn.where}/function_call")
    for where, call in turn.tool_calls():
        yield from _arguments(call.get("function"), f"{where}/function")


def _arguments(function: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(function, dict):
        yield from _strings(function, "arguments", where)


def _strings(holder: Any, name: str, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(holder.get(name), str):
        yield f"{where}/{name}", holder[name]


def _conversations(example: Example) -> Iterator[tuple[str, str]]:
    answers = [answer for answer in (example.preferred, example.non_preferred) if answer]
    for answer in answers:
        yield answer[0].where.rpartition("/")[0], _script((*example.conversation, *answer))
    if not answers and example.conversation:
        yield example.conversation[0].where.rpartition("/")[0], _script(example.conversation)


def _script(turns: tuple[Turn, ...]) -> str:
    spoken = ((turn.role, "\n".join(text for _, text in _texts(turn))) for turn in turns)
    return "\n\n".join(f"{role}: {text}" for role, text in spoken if text.strip())


def _image(part: Any) -> str | None:
    image = part.get("image_url")
    address = image.get("url") if isinstance(image, dict) else image
    return address if isinstance(address, str) and address else None


def _sendable(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 request can carry."""
    return text.encode(errors="replace").decode()


def _fitting(text: str, max_tokens: int) -> int:
    """Give the largest end, at least 1, whose text before it is within the tokens."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if estimated_tokens(text[:middle]) <= max_tokens else (low, middle - 1)
    return low


def _break(text: str, end: int) -> int:
    """Give the last good place to cut in the last quarter before `end`, or `end`."""
    for mark in ("\n\n", "\n", ". ", "。", " "):
        found = text.rfind(mark, end * 3 // 4, end)
        if found > 0:
            return found + len(mark)
    return end
