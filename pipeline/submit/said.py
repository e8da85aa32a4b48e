"""Sentences of others on our terminal: on one line, without what moves the cursor, cut where they go on too long."""

import unicodedata


def plain(text: str, *, most: int | None = None) -> str:
    """Give a text on one line; control and format characters become spaces; `most`: characters, then `...`."""
    line = " ".join("".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in text).split())
    return line if most is None or len(line) <= most else f"{line[:most].rstrip()}..."


def plain_lines(text: str) -> str:
    """Give a text with its lines, each one plain."""
    return "\n".join(
        "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in line) for line in text.splitlines()
    )
