"""The rank files of o200k_base and cl100k_base, shipped in the package, so that counting needs no network.

They are OpenAI's files byte for byte (the SHA-256 that tiktoken itself demands), compressed by xz.
"""

import hashlib
import lzma
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.core.errors import PlanError, TunesetError


class Vocabulary(NamedTuple):
    """What identifies one published rank file, and how text is cut before its merges are applied."""

    name: str
    sha256: str
    cache_name: str
    """SHA-1 of the file's URL: the name under which tiktoken's own cache keeps it."""
    pattern: str
    special: Mapping[str, int]


VOCABULARIES: Final = {
    "o200k_base": Vocabulary(
        "o200k_base",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "|".join(  # noqa: FLY002 - one alternative a line
            (
                r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
                r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
                r"\p{N}{1,3}",
                r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
                r"\s*[\r\n]+",
                r"\s+(?!\S)",
                r"\s+",
            )
        ),
        {"<|endoftext|>": 199999, "<|endofprompt|>": 200018},
    ),
    "cl100k_base": Vocabulary(
        "cl100k_base",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
        {
            "<|endoftext|>": 100257,
            "<|fim_prefix|>": 100258,
            "<|fim_middle|>": 100259,
            "<|fim_suffix|>": 100260,
            "<|endofprompt|>": 100276,
        },
    ),
}
"""Encoding → its file. Patterns and special tokens are tiktoken's (tiktoken_ext/openai_public.py); a test compares."""


def vocabulary(encoding: str) -> Vocabulary:
    """Give the vocabulary of an encoding; raises PlanError that lists the known ones."""
    try:
        return VOCABULARIES[encoding]
    except KeyError:
        known = ", ".join(VOCABULARIES)
        raise PlanError(f"unknown encoding `{encoding}`. Known: {known}.") from None


def cache_folders(own: Path, *, theirs: Path | None) -> tuple[str, ...]:
    """Give the folders to look in for unpacked files, the one to write to last.

    `own` is tuneset's cache; `theirs` the user's TIKTOKEN_CACHE_DIR, read first and never written to or corrected.
    """
    return (*([str(theirs)] if theirs else []), str(own / "vocabulary"))


def ranks(encoding: str, *, folders: Sequence[str] = ()) -> bytes:
    """Give the rank file's bytes, checked: an unpacked file of the folders, else the package's.

    Raises TunesetError when the installation is damaged.
    """
    known = vocabulary(encoding)
    for folder in folders:
        if (found := _sound(Path(folder) / known.cache_name, known)) is not None:
            return found
    packed = files(__package__).joinpath(f"{encoding}.tiktoken.xz").read_bytes()
    unpacked = lzma.decompress(packed)
    if hashlib.sha256(unpacked).hexdigest() != known.sha256:
        raise TunesetError(f"the vocabulary of {encoding} in this installation is damaged. Install tuneset again.")
    return unpacked


@contextmanager
def rank_file(encoding: str, *, folders: Sequence[str] = ()) -> Iterator[Path]:
    """Give the path of a checked, unpacked rank file for as long as the block runs.

    The first sound file of the folders, else a new one in the last folder, else (no folder, or it cannot be
    written to) a temporary one that is removed afterwards.
    """
    known = vocabulary(encoding)
    for folder in folders:
        path = Path(folder) / known.cache_name
        if _sound(path, known) is not None:
            yield path
            return
    written = _try_write(ranks(encoding), Path(folders[-1]) / known.cache_name) if folders else None
    if written is not None:
        yield written
        return
    with tempfile.TemporaryDirectory(prefix="tuneset-") as folder:
        path = Path(folder) / known.cache_name
        path.write_bytes(ranks(encoding))
        yield path


def _sound(path: Path, known: Vocabulary) -> bytes | None:
    """Give the file's bytes where they are those of the vocabulary."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == known.sha256 else None


def _try_write(data: bytes, path: Path) -> Path | None:
    """Write beside and rename, so that no other process ever sees half a file; None when the folder takes none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    except OSError:
        return None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(beside).replace(path)
    except OSError:
        Path(beside).unlink(missing_ok=True)
        return None
    return path
