"""Physical lines: CR, LF and CRLF each end one, in any mixture."""

from collections.abc import Iterable, Iterator

from pipeline.read.damage import Damaged


def whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Give the same bytes cut at line ends; a Damaged signal carries the bytes after the last whole line."""
    pieces: list[bytes] = []
    try:
        for block in blocks:
            cut = _last_end(block)
            if cut == 0:
                pieces.append(block)
                continue
            lines = b"".join((*pieces, block[:cut]))
            pieces = [block[cut:]]
            yield lines
    except Damaged as damage:
        raise Damaged(damage.message, b"".join(pieces)) from damage
    if rest := b"".join(pieces):
        yield rest


def line_blocks(blocks: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Give all lines with their ends, many at a time; a Damaged signal carries the bytes after the last whole line."""
    for lines in whole_lines(blocks):
        yield lines.splitlines(keepends=True)


def _last_end(block: bytes) -> int:
    """Give the place after the last line end that no later byte can lengthen: a CR at the end may be half of CRLF."""
    body = block.removesuffix(b"\r")
    return max(body.rfind(b"\n"), body.rfind(b"\r")) + 1


def without_end(line: str) -> str:
    """Give the line without its end."""
    return line.removesuffix("\n").removesuffix("\r")
