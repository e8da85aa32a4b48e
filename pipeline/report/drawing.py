"""The few shapes that our plots are made of, as inline SVG; colours come from the page's style sheet by class."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

WIDTH: Final = 720
"""Units across every plot; the page scales them to its own width."""

_RECT: Final = Markup(
    '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="1.5"><title>{}</title></rect>'
)
_LINE: Final = Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
_TEXT: Final = Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>')
_SVG: Final = Markup(
    '<svg class="{name}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{name}-title {name}-words">'
    '<title id="{name}-title">{title}</title><desc id="{name}-words">{words}</desc>{drawn}</svg>'
)


def rect(kind: str, title: str, *, x: float, y: float, width: float, height: float) -> Markup:
    """Draw a box that tells its title to a pointer."""
    return _RECT.format(kind, x, y, width, height, title)


def line(kind: str, *, x: float, y: float, to_x: float, to_y: float) -> Markup:
    """Draw a straight line."""
    return _LINE.format(kind, x, y, to_x, to_y)


def text(kind: str, words: str, *, x: float, y: float, anchor: str = "start") -> Markup:
    """Write words on a base line; `anchor` is start, middle or end."""
    return _TEXT.format(kind, x, y, anchor, words)


def svg(name: str, drawn: Sequence[Markup], *, height: float, title: str, words: str) -> Markup:
    """Give a whole drawing with a title and a description for those who cannot see it; names differ within a page."""
    return _SVG.format(name=name, width=WIDTH, height=height, title=title, words=words, drawn=Markup("").join(drawn))
