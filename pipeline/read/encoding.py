"""Which encoding a file is in: byte-order mark, NUL pattern, strict UTF-8 over the whole file, then statistics.

Inside the reader all text is UTF-8 bytes. A file in another encoding is recoded on the way in; a byte that is no text in
the file's encoding becomes a lone surrogate, which is no UTF-8, so that a row holding one is recognised when it is decoded.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np

from pipeline.read.latin import best


class Encoding(NamedTuple):
    """A file's encoding, and how it was found."""

    name: str
    """A Python codec; `utf-8` where nothing has to be recoded."""
    mark: int = 0
    """Bytes of the byte-order mark that comes first."""
    doubt: str | None = None
    """Why it may be wrong, as a sentence; None: sure."""


_MARKS: Final = (  # UTF-32's mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES: Final = 1 << 16
_MOSTLY: Final = 0.5
"""NULs among every second byte below which UTF-8 text with stray NULs is no UTF-16: there each Latin letter has one."""
_CONTROLS: Final = bytes({*range(1, 32)} - {*b"\t\n\r"})
"""What the letters of other alphabets begin with in UTF-16: Russian ones with 4, Arabic ones with 6."""
_FEW_BYTES: Final = 24
"""Fewer foreign bytes than this say little about the language; Western European is then by far the likeliest."""
_UTF8_SHARE: Final = 4
"""Valid UTF-8 sequences per broken one at which a file is UTF-8 with damage: chance alone gives less than one."""


def marked(head: bytes) -> Encoding | None:
    """Give the encoding that a byte-order mark or the pattern of NUL bytes shows; None: neither is there."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name, len(mark))
    wide = _wide(head)
    return Encoding(wide) if wide else None


def _wide(head: bytes) -> str | None:
    """Name the wide encoding whose NULs stand at the same place of every character, as in Latin text."""
    units = len(head) // 4
    if not units:
        return None
    share = [head[place : units * 4 : 4].count(0) / units for place in range(4)]
    if min(share[1:]) > 0.9 and share[0] < 0.1:  # noqa: PLR2004 - nearly all, nearly none
        return "utf-32-le"
    if min(share[:3]) > 0.9 and share[3] < 0.1:  # noqa: PLR2004 - nearly all, nearly none
        return "utf-32-be"
    even, odd = (share[0] + share[2]) / 2, (share[1] + share[3]) / 2
    most = max(even, odd)
    if most == 0 or (most < _MOSTLY and _is_narrow_text(head[: units * 4])):
        return None
    likelier = ("utf-16-le", "utf-16-be") if odd > even else ("utf-16-be", "utf-16-le")
    return next((name for name in likelier if _is_wide_text(head, name)), None)


def _is_narrow_text(head: bytes) -> bool:
    """Say whether it is UTF-8 with hardly a control character but NUL."""
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls < 0.1 * len(head) and _decodes(head, "utf-8")


def _is_wide_text(head: bytes, name: str) -> bool:
    """Say whether text of any script comes out, with a line end or a space in it."""
    text = codecs.getincrementaldecoder(name)("replace").decode(head)
    return (
        not text.isalnum()
        and any(sign in text for sign in "\n ")
        and all(c.isprintable() or c in "\r\n\t" for c in text)
    )


class _Census:
    """Counts over a file's bytes, block by block, with a sample of the places that are not ASCII."""

    def __init__(self) -> None:
        self.valid = 0
        self.broken = 0
        self.sample = bytearray()
        self._begun = b""

    def add(self, block: bytes, *, final: bool = False) -> None:
        if block.isascii() and not final and not self._begun:
            return
        data = self._begun + block
        try:
            _, size = codecs.utf_8_decode(data, "strict", final)
        except UnicodeDecodeError:
            text, size = codecs.utf_8_decode(data, "surrogateescape", final)
            self.broken += len(_ESCAPED.findall(text))
            self.valid += len(_FOREIGN.findall(text))
        else:
            self.valid += int(np.count_nonzero(np.frombuffer(data, np.uint8)[:size] >= _FIRST_LEAD))
        self._begun = data[size:]
        self._keep(block)

    def _keep(self, block: bytes) -> None:
        at = 0
        while len(self.sample) < _SAMPLE_BYTES and (match := _FOREIGN_BYTES.search(block, at)):
            begin = max(block.rfind(b"\n", at, match.start()) + 1, match.start() - 200, at)
            end = match.end() + 200
            self.sample += block[begin:end]
            at = end


_FIRST_LEAD: Final = 0xC0
"""Each character beyond ASCII has one byte from here on."""
_ESCAPED: Final = re.compile("[\udc80-\udcff]")
_FOREIGN: Final = re.compile("[^\x00-\x7f\udc80-\udcff]")
_FOREIGN_BYTES: Final = re.compile(rb"[\x80-\xff]")


def detect(blocks: Iterable[bytes]) -> Encoding:
    """Give the encoding of a whole file: one foreign byte after a gigabyte of ASCII counts as much as in the first line."""
    source = iter(blocks)
    first = next(source, b"")
    if found := marked(first[:_SAMPLE_BYTES]):
        return found
    census = _Census()
    census.add(first)
    for block in source:
        census.add(block)
    census.add(b"", final=True)
    if census.broken == 0:
        return Encoding("utf-8")
    if census.valid > _UTF8_SHARE * census.broken:
        places = f"{census.broken:,} bytes that are not UTF-8 among {census.valid:,} characters that are"
        return Encoding("utf-8", doubt=f"{places}; set `encoding` if it is another")
    return _by_statistics(bytes(census.sample))


_CANDIDATES: Final = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874"),
    *("iso8859_2", "iso8859_5", "iso8859_6", "iso8859_7", "iso8859_8", "koi8_r", "koi8_u", "cp866", "cp437", "cp850"),
    *("mac_roman", "cp932", "euc_jp", "iso2022_jp", "cp949", "gb18030", "big5hkscs", "johab"),
)
"""What files are really in; the rest of Python's codecs are look-alikes of these and win by accident."""


_LATIN_SCORE: Final = 0.45
"""Mean fit of Latin text; Cyrillic or Chinese read as Latin comes out below zero."""


def _by_statistics(sample: bytes) -> Encoding:
    foreign = len(_FOREIGN_BYTES.findall(sample))
    latin, score = best(sample)
    if foreign < _FEW_BYTES:
        doubt = f"only {foreign} of its bytes not ASCII, too few to tell; set `encoding` if it is another"
        return Encoding(
            latin if score > _LATIN_SCORE else "cp1252" if _decodes(sample, "cp1252") else "latin-1", doubt=doubt
        )
    if score > _LATIN_SCORE:
        return Encoding(latin)
    from charset_normalizer import from_bytes

    found = from_bytes(sample, cp_isolation=list(_CANDIDATES)).best()
    if found is None:
        name = "cp1252" if _decodes(sample, "cp1252") else "latin-1"
        return Encoding(name, doubt="no encoding fits all its bytes; set `encoding`")
    return Encoding(
        found.encoding,
        doubt=None if found.coherence else "its bytes fit several encodings; set `encoding` if it is another",
    )


def _decodes(sample: bytes, name: str) -> bool:
    try:
        sample.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("tuneset.keep", _keep_bytes)
_KEPT: Final = re.compile("([\udc00-\udcff])")


def recoded(blocks: Iterable[bytes], encoding: Encoding) -> Iterator[bytes]:
    """Give the blocks as UTF-8 without the mark; bytes that are no text become lone surrogates, three bytes each."""
    source = _without(blocks, encoding.mark)
    if encoding.name == "utf-8":
        yield from source
        return
    decoder = codecs.getincrementaldecoder(encoding.name)("tuneset.keep")
    for block in source:
        yield decoder.decode(block).encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")


def original(piece: bytes, encoding: Encoding) -> bytes:
    """Give a piece of the recoded stream as the bytes it was in the file (in a codec with twins: as an equal spelling)."""
    if encoding.name == "utf-8":
        return piece
    text = piece.decode("utf-8", "surrogatepass")
    return b"".join(
        bytes([ord(part) - 0xDC00]) if _KEPT.match(part) else part.encode(encoding.name) for part in _KEPT.split(text)
    )


def _without(blocks: Iterable[bytes], mark: int) -> Iterator[bytes]:
    for block in blocks:
        yield block[mark:]
        mark = max(0, mark - len(block))
