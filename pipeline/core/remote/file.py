"""A remote object as a file: read anywhere, in blocks, with the next one fetched while this one is worked on."""

import io
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from pipeline.core.errors import SourceError
from pipeline.core.place import Remote, shown
from pipeline.core.remote.doors import find, read

BLOCK_BYTES: Final = 8 << 20
"""Large enough that waiting for the first byte (some 50 ms) costs less than the transfer, small enough to hold a few."""
AHEAD: Final = 2
"""Blocks fetched ahead of one who reads on; with the one in hand the most that a file holds in memory."""


class RemoteFile(io.RawIOBase):
    """Bytes of a remote object; blocks are kept on disk where the place says so, and then fetched once by all processes."""

    def __init__(self, place: Remote, fetch: Callable[[Remote, int, int], bytes] = read) -> None:
        super().__init__()
        self._place, self._fetch, self._at = place, fetch, 0
        self._number, self._block = -1, b""
        self._ahead: dict[int, Future[bytes]] = {}
        self._threads: ThreadPoolExecutor | None = None

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Give the place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place; nothing is fetched."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._place.size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer is 3.12's
        """Fill the buffer up to the end of the block in which the place lies."""
        if self._at >= self._place.size:
            return 0
        number, start = divmod(self._at, BLOCK_BYTES)
        piece = self._get(number)[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        """Let go of what is fetched ahead."""
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
            self._threads = None
        self._ahead.clear()
        super().close()

    def _get(self, number: int) -> bytes:
        if number == self._number:
            return self._block
        reads_on = number == self._number + 1 and number > 0
        waiting = self._ahead.pop(number, None)
        if reads_on:
            self._look_ahead(number)
        self._number, self._block = number, waiting.result() if waiting else self._fetched(number)
        return self._block

    def _look_ahead(self, number: int) -> None:
        """Have the next blocks fetched; those that were jumped over are let go."""
        last = (self._place.size - 1) // BLOCK_BYTES
        wanted = range(number + 1, min(number + AHEAD, last) + 1)
        self._threads = self._threads or ThreadPoolExecutor(AHEAD, thread_name_prefix="remote")
        self._ahead = {one: self._ahead.get(one) or self._threads.submit(self._fetched, one) for one in wanted}

    def _fetched(self, number: int) -> bytes:
        """Give a block from the disk, or from the network and onto the disk."""
        start = number * BLOCK_BYTES
        end = min(start + BLOCK_BYTES, self._place.size)
        kept = self._kept(number)
        if kept is not None:
            with suppress(FileNotFoundError):
                return kept.read_bytes()
        content = self._fetch(self._place, start, end)
        if len(content) != end - start:
            raise OSError(None, f"{len(content):,} bytes came instead of {end - start:,}")
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=kept.parent, delete=False) as draft:
                draft.write(content)
            Path(draft.name).replace(kept)
        return content

    def _kept(self, number: int) -> Path | None:
        if self._place.blocks is None:
            return None
        content = f"{self._place.url}\n{self._place.size}\n{self._place.tag}\n{self._place.version}"
        return self._place.blocks / sha256(content.encode()).hexdigest()[:32] / str(number)


def fetched(url: str, folder: Path) -> Path:
    """Copy one object into a folder, under its own name, for work that goes over a file many times."""
    found = find(url)
    if len(found) != 1:
        raise SourceError(f"{shown(url)}: names {len(found):,} objects. Name one.")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (found[0].name or "object")
    with RemoteFile(found[0]) as source, path.open("wb") as copy:
        shutil.copyfileobj(source, copy, BLOCK_BYTES)
    return path
