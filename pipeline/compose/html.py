"""HTML to text, through selectolax (Lexbor): what a reader of the page would read."""

import re
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

_UNSEEN: Final = ("script", "style", "head", "template", "noscript", "svg")
_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
_PARAGRAPHS: Final = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table", "ul", "ol"])
_SPACES: Final = re.compile(r"[ \t\r\n\f]+")


def visible_text(html: str) -> str:
    """Give the text of an HTML document or fragment."""
    root = LexborHTMLParser(f"<body>{html}" if "<body" not in html.lower() else html).body
    if root is None:
        return html
    pieces: list[str] = []
    _walk(root, pieces)
    text = re.sub(r"[ \t]*\n[ \t]*(?=\n|$)", "\n", "".join(pieces))
    text = re.sub(r" *\n ?", "\n", text) if "<pre" not in html.lower() else text
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _walk(node: LexborNode, pieces: list[str]) -> None:
    """Append what is visible below the node. An explicit stack: pages nest deeper than Python calls may."""
    stack: list[LexborNode | str] = list(reversed(list(node.iter(include_text=True))))
    inside_pre = node.tag == "pre"
    while stack:
        current = stack.pop()
        if isinstance(current, str):
            pieces.append(current)
            continue
        tag = current.tag or ""
        if tag == "-text":
            text = current.text_content or ""
            pieces.append(text if inside_pre or _is_preformatted(current) else _SPACES.sub(" ", text))
        elif tag == "br":
            pieces.append("\n")
        elif tag not in _UNSEEN:
            opening, closing = _edges(tag)
            stack.append(closing)
            stack.extend(reversed(list(current.iter(include_text=True))))
            pieces.append(opening)


def _edges(tag: str) -> tuple[str, str]:
    if tag == "li":
        return "\n- ", ""
    if tag in ("td", "th"):
        return "", " "
    if tag in _PARAGRAPHS:
        return "\n\n", "\n\n"
    return ("\n", "\n") if tag in _BLOCKS else ("", "")


def _is_preformatted(node: LexborNode) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.tag == "pre":
            return True
        parent = parent.parent
    return False
