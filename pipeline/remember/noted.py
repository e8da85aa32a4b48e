"""Where a build notes what its dataset was made of: one small file for each dataset's folder."""

from pathlib import Path
from typing import Final

import xxhash

FOLDER: Final = "unchanged"
"""Below the cache."""


def note_place(cache: Path, folder: Path) -> Path:
    """Give the path of the note about the dataset in a folder."""
    return cache / FOLDER / f"{xxhash.xxh3_64_hexdigest(str(folder.absolute()).encode())}.json"


def is_noted(cache: Path, folder: Path) -> bool:
    """Say whether a build of it was noted: most of what the next one needs is kept then."""
    return note_place(cache, folder).is_file()
