"""HTML to text, through selectolax (Lexbor): what a reader of the page would read."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

_UNSEEN: Final = frozenset(("script", "style", "head", "template", "noscript", "svg"))
_LINES: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "section",
        "tr",
    ]
)
_PARAGRAPHS: Final = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table", "ul", "ol"])
_SPACES: Final = re.compile(r"[ \t\r\n\f]+")


class _Piece(NamedTuple):
    """What the page shows next: a text, or a break of one line feed or two."""

    text: str = ""
    line_feeds: int = 0
    is_preformatted: bool = False


def visible_text(html: str) -> str:
    """Give the text of an HTML document or fragment: blocks are lines, paragraphs stand apart, list items have a dash."""
    root = LexborHTMLParser(html if "<body" in html.lower() else f"<body>{html}").body
    return html if root is None else _set_in_lines(_pieces(root))


def _pieces(root: LexborNode) -> Iterator[_Piece]:
    """Walk with a stack of our own: pages nest deeper than Python calls may."""
    stack: list[tuple[LexborNode | _Piece, bool]] = [(root, False)]
    while stack:
        current, is_preformatted = stack.pop()
        if isinstance(current, _Piece):
            yield current
            continue
        tag = current.tag or ""
        if tag == "-text":
            yield _text(current.text_content or "", is_preformatted=is_preformatted)
        elif tag == "br":
            yield _Piece("\n", is_preformatted=True)
        elif tag not in _UNSEEN:
            edge = _Piece(line_feeds=2 if tag in _PARAGRAPHS else 1 if tag in _LINES else 0)
            yield edge
            yield _Piece("- " if tag == "li" else "", is_preformatted=True)
            stack.append((_Piece(" ") if tag in ("td", "th") else edge, False))
            inside = is_preformatted or tag == "pre"
            stack.extend((child, inside) for child in reversed(list(current.iter(include_text=True))))


def _text(text: str, *, is_preformatted: bool) -> _Piece:
    return _Piece(text if is_preformatted else _SPACES.sub(" ", text), is_preformatted=is_preformatted)


def _set_in_lines(pieces: Iterable[_Piece]) -> str:
    """Join the pieces: breaks that meet are one, the widest; spaces beside a break or another space vanish."""
    shown: list[str] = []
    end = "\n"
    line_feeds = 0
    for piece in pieces:
        line_feeds = max(line_feeds, piece.line_feeds)
        text = piece.text
        if not piece.is_preformatted and (line_feeds or end in " \n"):
            text = text.lstrip(" ")
        if not text:
            continue
        if line_feeds and shown:
            shown.append("\n" * line_feeds)
        shown.append(text)
        line_feeds, end = 0, text[-1]
    return re.sub(r" +\n", "\n", "".join(shown)).strip()
