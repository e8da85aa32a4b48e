"""What else decides a result besides data and settings: our own code and its data, and the libraries it stands on."""

import platform
import re
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

import xxhash

from pipeline.core.resources import PACKAGE, schemas

NO_PART: Final = frozenset({"__pycache__", "cli", "generated"})
"""Folders that decide nothing about a row."""


@cache
def version() -> bytes:
    """Give a digest that changes whenever a result may: 50 ms, once a process.

    It is taken of the files themselves: a version number alone would let a development tree believe what older code made.
    """
    whole = xxhash.xxh3_128()
    for folder in (PACKAGE, schemas()):
        for path in sorted(_files(folder)):
            whole.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
            whole.update(path.read_bytes())
    whole.update(repr(libraries()).encode())
    return whole.digest()


def libraries() -> tuple[str, ...]:
    """Give Python and every library that is asked for by name, extras among them, with its version."""
    names = {re.split(r"[\s<>=!~;\[(]", line, maxsplit=1)[0] for line in metadata.requires("tuneset") or ()}
    return (platform.python_version(), *(f"{name} {_version(name)}" for name in sorted(names | {"spacy"})))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "absent"


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not NO_PART & set(path.relative_to(folder).parts)]
