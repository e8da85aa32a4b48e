"""Plain text and Markdown: one file a record, or pieces of it, each with its title and the line where it begins."""

from collections.abc import Iterator
from functools import partial
from typing import Final, Literal

from pydantic import Field, PositiveInt

from pipeline.core.record import Record
from pipeline.core.trouble import Trouble
from pipeline.read.boilerplate import body, is_book
from pipeline.read.damage import Damaged
from pipeline.read.format import Format, Settled
from pipeline.read.pieces import SPLITTERS, Piece, Splitting, is_heading
from pipeline.read.settings import ReadSettings
from pipeline.read.stream import Stream

SUFFIXES: Final = frozenset({".txt", ".md", ".markdown", ".text", ".rst", ".log"})


_HEAD_BYTES: Final = 1 << 16
"""Far more than any header of Project Gutenberg."""


class TextSettings(ReadSettings):
    """How a text becomes records with `text`, `title` where one is known, and `path`."""

    format: Literal["text"] = "text"
    encoding: str | None = Field(default=None, min_length=1)
    """Python name of the encoding (`cp1252`). None: detected."""
    split: Literal["file", "separator", "heading", "paragraph", "size", "qa"] = "file"
    """Where one record ends: with the file, at a separator, before a heading, at blank lines, at a size, by `Q:` and `A:`."""
    separator: str = "---"
    r"""Text between two records for `split = "separator"`; `\n` stands for a line end of any kind."""
    heading: str | None = None
    """Regular expression of a heading line, its group 1 the title. None: Markdown headings, chapters, numbered capitals."""
    level: int = Field(default=6, ge=1, le=6)
    """Deepest Markdown heading that begins a record: 1 splits at `#` only."""
    size: PositiveInt = 4_000
    """Most characters of a record for `split = "size"`, about 1,000 tokens; cut at a paragraph, sentence or word."""
    boilerplate: bool = True
    """Leave out Project Gutenberg's header, licence and front matter where its marks are found."""


def settle(stream: Stream, settings: TextSettings) -> Settled:
    """Nothing is left to detection; what is left out of a book is said."""
    if not (settings.boilerplate and is_book(stream.head(_HEAD_BYTES))):
        return Settled(settings)
    return Settled(
        settings, ("Project Gutenberg's header and licence are left out; set `boilerplate = false` to keep them.",)
    )


def records(stream: Stream, settings: TextSettings) -> Iterator[Record]:
    """Give every piece that is not blank, line ends written as LF."""
    splitting = Splitting(settings.separator, settings.heading, settings.level, settings.size)
    lines = _lines(stream)
    if settings.boilerplate:
        lines = body(lines, begins=partial(is_heading, splitting=splitting) if settings.split == "heading" else None)
    try:
        for piece in SPLITTERS[settings.split](lines, splitting):
            if record := _record(piece, stream):
                yield record
    except _Broken as broken:
        damage = broken.damage
        raw = stream.original(damage.rest)
        yield Record(broken.line, None, raw=raw, trouble=Trouble("read.damaged", damage.message))


class _Broken(Exception):  # noqa: N818 - a signal
    """The stream breaks off after this line."""

    def __init__(self, damage: Damaged, line: int) -> None:
        super().__init__(damage, line)
        self.damage = damage
        self.line = line


def _lines(stream: Stream) -> Iterator[tuple[int, str]]:
    """Give each physical line with its number, without its end; bytes that are no text as lone surrogates."""
    number = 0
    try:
        for lines in stream.line_blocks():
            for number, line in enumerate(lines, start=number + 1):  # noqa: B020 - counts on through all blocks
                yield number, line.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
    except Damaged as damage:
        raise _Broken(damage, number + 1) from damage


def _record(piece: Piece, stream: Stream) -> Record | None:
    if not any(value.strip() for value in piece.fields.values()):
        return None
    try:
        for value in piece.fields.values():
            value.encode()
    except UnicodeEncodeError:
        raw = "\n".join(piece.fields.values()).encode("utf-8", "surrogateescape")
        trouble = Trouble("read.encoding", "Bytes that are not text in the file's encoding.")
        return Record(piece.line, None, raw=stream.original(raw), trouble=trouble)
    title = {"title": piece.title} if piece.title else {}
    return Record(piece.line, {**piece.fields, **title, "path": stream.address})


FORMAT: Final = Format("text", TextSettings, SUFFIXES, settle, records)
