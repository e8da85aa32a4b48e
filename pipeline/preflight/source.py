"""One file as it will be checked: plain UTF-8 bytes on disk, and what was strange about the way they lay there."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final, NamedTuple

from pipeline.core.errors import SourceError
from pipeline.core.place import is_url, shown
from pipeline.core.trouble import Trouble
from pipeline.read.compression import blocks, compression
from pipeline.read.damage import Damaged
from pipeline.read.encoding import Encoding, marked, recoded

STDIN: Final = "-"
HEAD_BYTES: Final = 1 << 20
"""What is looked at before the lines are read: the first rows tell format and method."""
_PLAIN: Final = ("utf-8",)


class Source(NamedTuple):
    """A file opened for checking."""

    address: str
    """How findings call it: the path as it was given, or `<stdin>`."""
    path: Path
    """Where its bytes lie as plain UTF-8: the file itself, or a copy that was unpacked or recoded."""
    head: bytes
    """The first bytes, without byte-order mark."""
    line_end: bytes
    r"""What ends a line: `\n`, or `\r` where the file has no other."""
    skip: int = 0
    """Bytes of the byte-order mark."""
    flaws: tuple[Trouble, ...] = ()
    """What the whole file has: a byte-order mark, another encoding, damage."""
    size: int = 0
    """Bytes as the platform would get them, unpacked."""


@contextmanager
def opened(name: str, *, stdin: BinaryIO | None = None) -> Iterator[Source]:
    """Give the file ready for reading twice; what is packed, recoded, piped or behind a URL lies in a temporary folder.

    Raises SourceError where there is no such file or it cannot be read.
    """
    with TemporaryDirectory(prefix="tuneset-") as folder:
        try:
            yield _source(name, Path(folder), stdin)
        except OSError as error:
            if isinstance(error, SourceError) or error.filename is None:
                raise
            raise SourceError(f"{name}: {error.strerror}. Name a file that can be read, or `-` for stdin.") from None


def _source(name: str, folder: Path, stdin: BinaryIO | None) -> Source:
    path = Path(name)
    if name == STDIN:
        path = folder / "stdin"
        with path.open("wb") as copy:
            shutil.copyfileobj(stdin or _nothing(), copy)
        name = "<stdin>"
    elif is_url(name):
        from pipeline.core.remote import fetched

        path, name = fetched(name, folder / "fetched"), shown(name)
    elif path.is_dir():
        raise SourceError(f"{name}: is a folder. Name its files, such as {name.rstrip('/')}/*.jsonl.")
    flaws: list[Trouble] = []
    with path.open("rb") as file:
        start = file.read(1 << 16)
    if compression(start[:6]):
        path, damage = _unpacked(path, folder / "unpacked")
        flaws += damage
        with path.open("rb") as file:
            start = file.read(1 << 16)
    found = _encoding(start)
    if found.name not in _PLAIN:
        path = _recoded(path, folder / "recoded", found)
        flaws.append(Trouble("file.encoding", f"The file is {found.name.upper()}; expected UTF-8."))
    elif found.mark:
        flaws.append(Trouble("file.bom", "Begins with a byte-order mark; expected none."))
    skip = found.mark if found.name in _PLAIN else 0
    with path.open("rb") as file:
        file.seek(skip)
        head = file.read(HEAD_BYTES)
    line_end = b"\r" if b"\r" in head and b"\n" not in head else b"\n"
    if line_end == b"\r":
        flaws.append(
            Trouble("file.line-ends", "Lines end in CR alone; expected LF, so that there is more than one line.")
        )
    return Source(name, path, head, line_end, skip, tuple(flaws), path.stat().st_size)


def _encoding(start: bytes) -> Encoding:
    """Give the encoding that a mark shows, or a NUL beside the first character: JSON begins with an ASCII one."""
    found = marked(start)
    return found if found and (found.mark or b"\0" in start[:2]) else Encoding("utf-8")


def _nothing() -> BinaryIO:
    raise SourceError("-: there is no standard input. Name a file.")


def _unpacked(path: Path, copy: Path) -> tuple[Path, list[Trouble]]:
    with copy.open("wb") as file:
        try:
            for block in blocks(path):
                file.write(block)
        except Damaged as damage:
            return copy, [Trouble("read.damaged", damage.message)]
    return copy, []


def _recoded(path: Path, copy: Path, encoding: Encoding) -> Path:
    with copy.open("wb") as file:
        for block in recoded(blocks(path), encoding):
            file.write(block)
    return copy
