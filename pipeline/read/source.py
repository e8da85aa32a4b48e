"""The files of a source: one file, a folder, or a pattern, each with the address that names its rows."""

import os
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.core.errors import SourceError
from pipeline.core.place import Place, is_url, shown
from pipeline.read.format import formats
from pipeline.read.settings import AutoSettings, ReadSettings
from pipeline.read.stream import Stream, open_stream

_GLOB: Final = frozenset("*?[")


class SourceFiles(NamedTuple):
    """One source of the plan with the files it stands for."""

    name: str
    """The plan's name of the source."""
    read: ReadSettings
    """Settings of one format, or AutoSettings: guessed for each file."""
    files: tuple[tuple[Place, str], ...]
    """Absolute path, or object behind a URL, and address of each file, in the order of addresses."""
    skipped: tuple[str, ...] = ()
    """Addresses in a folder whose ending no format bears: not read, and said so."""


def find(
    source_name: str, pattern: str, *, root: Path, read: ReadSettings | None = None, blocks: Path | None = None
) -> SourceFiles:
    """Give the files that the pattern names: a file, a folder with all below it, or a glob (`raw/**/*.csv`).

    Any of them may be a URL; what is read of its objects is kept in the folder `blocks`. Hidden files are passed over. A
    folder gives files whose ending some format bears; a glob gives what it matches. Raises SourceError where nothing is found.
    """
    if is_url(pattern):
        return _behind(source_name, pattern, settings=read or AutoSettings(), blocks=blocks)
    path = root / Path(pattern).expanduser()
    settings = read or AutoSettings()
    if path.is_file():
        return SourceFiles(source_name, settings, ((path.absolute(), _address(path, root)),))
    if path.is_dir():
        found_below = sorted((_address(file, root), file.absolute()) for file in _below(path))
        return _folder(source_name, settings, _address(path, root), found_below)
    if _GLOB & set(pattern):
        found = sorted((_address(file, root), file.absolute()) for file in _matches(pattern, root))
        if not found:
            raise SourceError(
                f"source `{source_name}`: no file matches `{pattern}` in {_shown(root)}.{_hint(path, root)}"
            )
        return SourceFiles(source_name, settings, tuple((file, address) for address, file in found))
    raise SourceError(f"source `{source_name}`: no file or folder `{pattern}` in {_shown(root)}.{_hint(path, root)}")


def _shown(root: Path) -> str:
    return f"`{root.name or root}`"


def _folder(name: str, settings: ReadSettings, folder: str, found: Sequence[tuple[str, Place]]) -> SourceFiles:
    """Give what some format can read of all that is in a folder."""
    from pipeline.read.compression import SUFFIXES

    known = frozenset().union(*(entry.suffixes for entry in formats().values()))
    chosen = formats().get(getattr(settings, "format", "auto"))
    files: list[tuple[Place, str]] = []
    skipped: list[tuple[Place, str]] = []
    for address, file in found:
        suffixes = [suffix.lower() for suffix in file.suffixes if suffix.lower() not in SUFFIXES]
        is_taken = suffixes and suffixes[-1] in (chosen.suffixes | known if chosen else known)
        (files if is_taken else skipped).append((file, address))
    if not files:
        kinds = ", ".join(sorted(known))
        raise SourceError(f"source `{name}`: no file in folder `{folder}` has a known ending ({kinds}).")
    return SourceFiles(name, settings, tuple(files), tuple(address for _, address in skipped))


def _behind(name: str, url: str, *, settings: ReadSettings, blocks: Path | None) -> SourceFiles:
    """Give the objects behind a URL; each is what it is now, and reading it later is an error if it changed."""
    from pipeline.core.remote import find as objects

    found: list[tuple[str, Place]] = [(place.address, place) for place in objects(url, blocks=blocks)]
    if not found:
        raise SourceError(f"source `{name}`: nothing is at `{shown(url)}`. Look at the name of bucket and object.")
    if "*" in url or "[" in url or [address for address, _ in found] == [shown(url)]:
        return SourceFiles(name, settings, tuple((place, address) for address, place in found))
    return _folder(name, settings, shown(url), found)


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place) / name for name in names if not name.startswith("."))


def _matches(pattern: str, root: Path) -> Iterator[Path]:
    import glob

    for name in glob.iglob(str(root / Path(pattern).expanduser()), recursive=True):  # noqa: PTH207 - Path.glob takes no `..`
        if Path(name).is_file():
            yield Path(name)


def _address(path: Path, root: Path) -> str:
    """Give the path relative to the root, `../` where it lies outside, with forward slashes: no machine's path gets in."""
    return Path(os.path.relpath(path, root)).as_posix()


def _hint(path: Path, root: Path) -> str:
    """Name the nearest existing file or folder."""
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        path, folder = folder, folder.parent
    if not folder.is_dir():
        return ""
    names = {entry.name.lower(): entry.name for entry in folder.iterdir() if not entry.name.startswith(".")}
    near = get_close_matches(path.name.lower(), names, n=1, cutoff=0.5)
    if near:
        return f" Did you mean `{_address(folder / names[near[0]], root)}`?"
    listed = ", ".join(f"`{name}`" for name in sorted(names.values())[:5])
    return f" `{_address(folder, root)}` holds {listed or 'nothing'}."


def streams(source: SourceFiles) -> Iterator[Stream]:
    """Give each file of the source as a stream, its encoding detected unless the settings name it."""
    for path, address in source.files:
        yield open_stream(path, address, encoding=getattr(source.read, "encoding", None))


def encoding_of(address: str, *, sources: Iterable[SourceFiles]) -> str | None:
    """Give the encoding in which a file is read; None: no source has it."""
    streams_of = (stream for source in sources for stream in streams(_only(source, address)))
    return next((stream.encoding.name for stream in streams_of), None)


def _only(source: SourceFiles, address: str) -> SourceFiles:
    return source._replace(files=tuple(file for file in source.files if file[1] == address))
