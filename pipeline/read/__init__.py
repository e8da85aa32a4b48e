"""Files become records: any CSV, text, JSON, Parquet or sheet, as a stream of rows that name their line."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.read.cutting import Wanted
    from pipeline.read.erase import erased
    from pipeline.read.first_look import Look, look
    from pipeline.read.format import Format, formats
    from pipeline.read.records import Note, notes, pieces_of, rows
    from pipeline.read.settings import AutoSettings, ReadSettings
    from pipeline.read.source import SourceFiles, encoding_of, find
    from pipeline.read.table import read_settings

__all__ = [
    "AutoSettings",
    "Format",
    "Look",
    "Note",
    "ReadSettings",
    "SourceFiles",
    "Wanted",
    "encoding_of",
    "erased",
    "find",
    "formats",
    "look",
    "notes",
    "pieces_of",
    "read_settings",
    "rows",
]

_HOMES = {
    "encoding_of": "source",
    "erased": "erase",
    "Format": "format",
    "formats": "format",
    "Look": "first_look",
    "look": "first_look",
    "Note": "records",
    "notes": "records",
    "pieces_of": "records",
    "rows": "records",
    "Wanted": "cutting",
    "AutoSettings": "settings",
    "ReadSettings": "settings",
    "SourceFiles": "source",
    "find": "source",
    "read_settings": "table",
}


def __getattr__(name: str) -> Any:
    """Bring in a public name when it is first asked for: a start of the program without reading stays quick."""
    if name not in _HOMES:
        raise AttributeError(name)
    value = getattr(import_module(f"pipeline.read.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
