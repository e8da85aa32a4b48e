"""The platforms that jobs can be sent to, found by folder: one file each, with its `KIND`."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from pipeline.submit.platform import Kind


@cache
def kinds() -> Mapping[str, Kind]:
    """Give every kind of platform by name, sorted."""
    names = sorted(path.stem for path in (Path(__file__).parent / "platforms").glob("[a-z]*.py"))
    found = [import_module(f"pipeline.submit.platforms.{name}").KIND for name in names]
    return MappingProxyType({kind.name: kind for kind in found})
