"""A place in a JSON text of any size: values are taken one by one, and only the one in hand is in memory."""

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_TOKEN: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)  # an unclosed string runs to the end, once
_DECODER: Final = json.JSONDecoder()
MARGIN: Final = 16
"""Characters after a value that must be there before its end is believed: a number or literal may go on."""


class Value(NamedTuple):
    """One JSON value as it stands in the text."""

    line: int
    """Physical line on which it begins."""
    text: str
    flaw: str | None = None
    """Why it is not JSON; the text is then what was passed over to go on."""


class Cursor:
    """Reads on through pieces of text; `line` is where it stands."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self.line = 1
        self._pieces = pieces
        self._text = ""
        self._at = 0

    def peek(self) -> str:
        """Pass over white space and give the next character; empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._move(found.end() if found else self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, sign: str) -> bool:
        """Pass over this character if it is the next one."""
        if self.peek() != sign:
            return False
        self._move(self._at + 1)
        return True

    def value(self) -> Value:
        """Take the next value, or pass over what stands in its place up to where its brackets close."""
        self.peek()
        line = self.line
        while True:
            end, flaw = self._decoded()
            is_settled = end + MARGIN < len(self._text) if flaw is None else self._balanced() + MARGIN < len(self._text)
            if not is_settled and self._more():
                continue
            end, flaw = (end, flaw) if is_settled else self._decoded()
            return Value(line, self._taken(end if flaw is None else self._balanced()), flaw)

    def _decoded(self) -> tuple[int, str | None]:
        """Give the end of the value that begins here; or why there is none, which may be that the text goes on."""
        try:
            return _DECODER.raw_decode(self._text, self._at)[1], None
        except json.JSONDecodeError as error:
            return self._at, error.msg
        except RecursionError:
            return self._at, "nested too deeply"

    def rest(self) -> str:
        """Take all that is in memory; used where the stream has broken off."""
        return self._taken(len(self._text))

    def _balanced(self) -> int:
        """Give the place after the bracket that closes the one here; of anything else, the next comma or bracket."""
        if self._text[self._at : self._at + 1] not in ("{", "["):
            found = re.compile(r"[,\]}\r\n]").search(self._text, self._at)
            return max(found.start(), self._at + 1) if found else len(self._text)
        depth = 0
        for token in _TOKEN.finditer(self._text, self._at):
            sign = token[0]
            depth += (sign in "[{") - (sign in "]}") if len(sign) == 1 else 0
            if depth == 0:
                return token.end()
        return len(self._text)

    def _taken(self, end: int) -> str:
        text = self._text[self._at : end]
        self._move(end)
        return text

    def _move(self, end: int) -> None:
        self.line += len(_LINE_END.findall(self._text, self._at, end))
        self._at = end

    def _more(self) -> bool:
        """Read on, as much again as is in hand, so that a large value is tried few times."""
        wanted = max(1, len(self._text) - self._at)
        fresh = [self._text[self._at :]]
        try:
            while wanted > 0 and (piece := next(self._pieces, None)) is not None:
                fresh.append(piece)
                wanted -= len(piece)
        finally:  # what was read stays in hand where the stream breaks off
            self._text, self._at = "".join(fresh), 0
        return len(fresh) > 1
