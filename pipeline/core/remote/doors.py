"""Finds, reads and writes what lies behind URLs, whichever kind; every trouble is one sentence without a secret."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit

from pipeline.core.errors import DiskError, PlanError, SourceError
from pipeline.core.place import Remote, shown
from pipeline.core.remote.door import Changed, Door, Seen, Shelf

_DOORS: Final = {"s3": "objects", "gs": "objects", "az": "objects", "https": "web", "http": "web", "hf": "hub"}
_SIGNS: Final = re.compile(r"[*\[]")
_PATTERN: Final = re.compile(r"\*\*/?|\*|\[!?[^\]/]+\]|[^*\[]+|\[")


def find(url: str, *, blocks: Path | None = None) -> list[Remote]:
    """Give the objects that a URL names: one, all below it, or those that match its `*`, `[]` and `**`; sorted.

    Empty where nothing does. Hidden files and empty marks of folders are passed over.
    """
    door = _door(url)
    with _told(url):
        seen = list(_matching(door, url)) if _SIGNS.search(url) else _named(door, url)
    return [Remote(**one._asdict(), blocks=blocks) for one in seen]


def read(place: Remote, start: int, end: int) -> bytes:
    """Give these bytes of an object; a SourceError where it is not what it was when it was found."""
    with _told(place.url):
        return _door(place.url).read(Seen(place.url, place.size, place.tag, place.version), start, end)


def get(url: str) -> tuple[bytes, str | None] | None:
    """Give the content and the tag of a small object; None where there is none."""
    door = _door(url)
    with _told(url):
        try:
            seen = door.look(url)
        except FileNotFoundError:
            return None
        return door.read(seen, 0, seen.size) if seen.size else b"", seen.tag


def names(url: str) -> list[str]:
    """Give what continues this URL after a `/`, of every object below it, sorted."""
    with _told(url):
        return [one.url[len(url.rstrip("/")) + 1 :] for one in _door(url).below(url)]


def put(url: str, content: bytes, *, over: str | None) -> str | None:
    """Write a small object whole; `over` is the tag of what may be replaced, `""` nothing, None anything.

    Raises `Changed` where something else is there.
    """
    with _told(url, writing=True):
        return _shelf(url).put(url, content, over=over)


def put_file(url: str, path: Path) -> None:
    """Write a file, in parts where it is large; readers see it when it is whole."""
    with _told(url, writing=True):
        _shelf(url).put(url, path, over=None)


def remove(url: str) -> None:
    """Remove an object."""
    with _told(url, writing=True):
        _shelf(url).delete(url)


def _door(url: str) -> Door:
    name = _DOORS[urlsplit(url).scheme.lower()]
    return cast("Door", import_module(f"pipeline.core.remote.{name}"))


def _shelf(url: str) -> Shelf:
    door = _door(url)
    if not hasattr(door, "put"):
        raise PlanError(f"{shown(url)}: cannot be written to. Name a folder, or an s3://, gs:// or az:// URL.")
    return cast("Shelf", door)


def _named(door: Door, url: str) -> list[Seen]:
    try:
        if not url.endswith("/"):
            return [door.look(url)]
    except FileNotFoundError:
        pass
    return [one for one in door.below(url) if _counts(one, url)]


def _matching(door: Door, url: str) -> Iterator[Seen]:
    """Give what matches a pattern, of all below the part of it that is none."""
    begin = url[: _SIGNS.search(url).start()].rpartition("/")[0]  # type: ignore[union-attr]  # the caller has seen a sign
    pattern = "".join(_expression(part[0]) for part in _PATTERN.finditer(url[len(begin) + 1 :]))
    for one in door.below(begin):
        if re.fullmatch(pattern, one.url[len(begin) + 1 :]) and _counts(one, begin):
            yield one


def _expression(part: str) -> str:
    """Turn one part of a pattern into an expression; only `**` reaches over a `/`."""
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    if part in known:
        return known[part]
    return "[" + part[1:].replace("!", "^", 1) if part.startswith("[") and len(part) > 1 else re.escape(part)


def _counts(one: Seen, begin: str) -> bool:
    parts = one.url[len(begin) :].strip("/").split("/")
    return not one.url.endswith("/") and not any(part.startswith(".") for part in parts)


@contextmanager
def _told(url: str, *, writing: bool = False) -> Iterator[None]:
    """Turn what a door raises into a sentence: where, what, what to do."""
    here, kind = shown(url), DiskError if writing else SourceError
    try:
        yield
    except Changed:
        if writing:
            raise
        raise SourceError(f"{here}: it changed while it was read. Run again when nobody writes to it.") from None
    except FileNotFoundError:
        raise kind(f"{here}: there is no such bucket or object. Look at its name.") from None
    except PermissionError:
        raise kind(
            f"{here}: access denied. Give the environment credentials that may {'write' if writing else 'read'} here; "
            "see docs/remote.md."
        ) from None
    except (ConnectionError, TimeoutError) as error:
        raise kind(f"{here}: cannot be reached, after several attempts: {error}. Try again later.") from None
