"""Which format a file is in: its content decides, its ending only where the content fits several."""

from typing import Final

from pipeline.core.errors import SourceError
from pipeline.core.trouble import Trouble
from pipeline.read.compression import compression
from pipeline.read.cursor import Cursor
from pipeline.read.format import formats
from pipeline.read.kinds import csv, excel, jsonl, parquet
from pipeline.read.kinds.jsonl import checked
from pipeline.read.opening import open_file
from pipeline.read.stream import Stream, raw_head

_HEAD_BYTES: Final = 1 << 16
_FOREIGN: Final = {
    b"%PDF": "a PDF; export its text",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"SQLite format 3": "a database; export a table as CSV",
    b"ARROW1": "an Arrow file; write it as Parquet",
    b"Obj\x01": "an Avro file; write it as JSON Lines",
    b"{\\rtf": "RTF; save it as text",
}
_FOREIGN_SUFFIXES: Final = {
    ".yaml": "YAML; write it as JSON",
    ".yml": "YAML; write it as JSON",
    ".xml": "XML; write it as JSON or CSV",
    ".html": 'HTML; save its text, or read it with `format = "text"` and mend it with `html`',
    ".htm": 'HTML; save its text, or read it with `format = "text"` and mend it with `html`',
    ".docx": "a Word document; save it as text",
    ".pptx": "slides; save them as text",
    ".zip": "an archive; unpack it",
    ".tar": "an archive; unpack it",
}
_TAR_AT: Final = 257


def guess(stream: Stream) -> str:
    """Name the format of the file; a SourceError where it is none that is read."""
    head = raw_head(stream.path, 512)
    if found := _binary(stream, head):
        return found
    _refuse_foreign(stream, head)
    text = stream.head(_HEAD_BYTES)
    if found := _json(text, stream):
        return found
    if stream.suffix in csv.SUFFIXES:
        return "csv"
    if stream.suffix in jsonl.SUFFIXES:
        return "jsonl"
    if stream.suffix == ".json" and text.strip():
        return "json"
    if stream.suffix in _FOREIGN_SUFFIXES:
        raise SourceError(f"{stream.address}: {_FOREIGN_SUFFIXES[stream.suffix]}. Readable: {', '.join(formats())}.")
    return "text"


def _binary(stream: Stream, head: bytes) -> str | None:
    name = "parquet" if head.startswith(parquet.MAGIC) else "excel" if _is_workbook(stream, head) else None
    if name and not _is_plain(stream):
        raise SourceError(
            f"{stream.address}: a compressed {name} file. Unpack it first: it is read at many places at once."
        )
    return name


def _is_plain(stream: Stream) -> bool:
    with open_file(stream.path) as file:
        return compression(file.read(6)) is None


def _is_workbook(stream: Stream, head: bytes) -> bool:
    if not head.startswith(excel.MAGIC):
        return False
    if head.startswith(excel.MAGIC[1]):
        return True
    import zipfile

    try:
        with open_file(stream.path) as file, zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return stream.suffix in excel.SUFFIXES
    return any(name.startswith("xl/") or name == "content.xml" for name in names)


def _refuse_foreign(stream: Stream, head: bytes) -> None:
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise SourceError(f"{stream.address}: {what}. Readable: {', '.join(formats())}.")
    if head[_TAR_AT : _TAR_AT + 5] == b"ustar":
        raise SourceError(f"{stream.address}: {_FOREIGN_SUFFIXES['.tar']}. Readable: {', '.join(formats())}.")
    if head.startswith(b"PK\x03\x04"):
        what = _FOREIGN_SUFFIXES.get(stream.suffix, _FOREIGN_SUFFIXES[".zip"])
        raise SourceError(f"{stream.address}: {what}. Readable: {', '.join(formats())}.")
    if stream.encoding.name not in _WIDE and head.count(0) > len(head) / 8:
        raise SourceError(
            f"{stream.address}: neither text nor a format that is known. Readable: {', '.join(formats())}."
        )


_WIDE: Final = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


def _json(head: bytes, stream: Stream) -> str | None:
    """Tell JSON from JSON Lines by the first lines; None: neither."""
    lines = [line for line in head.splitlines() if line.strip()]
    if not lines:
        return None
    first = lines[0].lstrip()[:1]
    if first == b"{" and _is_object(lines[0]) and (len(lines) > 1 or stream.suffix in jsonl.SUFFIXES):
        return "jsonl"
    if first != b"[" and stream.suffix in jsonl.SUFFIXES and any(_is_object(line) for line in lines):
        return "jsonl"
    if first not in (b"{", b"["):
        return None
    return "json" if _begins_json(head.decode("utf-8", "surrogateescape")) else None


def _is_object(line: bytes) -> bool:
    try:
        checked(line)
    except Trouble:
        return False
    return True


def _begins_json(text: str) -> bool:
    """Say whether a list or object begins here as JSON would: with a key, or with an element."""
    cursor = Cursor(iter([text]))
    if cursor.take("{"):
        return cursor.peek() in ('"', "}")
    cursor.take("[")
    if cursor.peek() in ("{", "[", "]"):
        return True
    value = cursor.value()
    return value.flaw is None and cursor.peek() in (",", "]")
