"""The lines of training files as the reviewer gets them, read as often as they are needed and never held."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from pipeline.core.errors import PlanError, SourceError
from pipeline.core.example import Json
from pipeline.preflight.lines import Ends, lines
from pipeline.preflight.source import opened

DIGEST_BYTES: Final = 16


class Row(NamedTuple):
    """One example."""

    name: str
    """`train.jsonl:5`, with the file as it was given."""
    digest: bytes
    """Of the payload and of its source text, so that another source is another question."""
    payload: str
    source: str | None = None
    """The text that it was made from, where one is known."""

    @property
    def value(self) -> dict[str, Json]:
        """Give what the reviewer sees."""
        example = {"example": json.loads(self.payload)}
        return example if self.source is None else {**example, "source": self.source}


class Rows:
    """The examples of some files, in order."""

    def __init__(self, files: Sequence[str], *, sources: Mapping[str, str] | None = None) -> None:
        self._files, self._sources = files, sources or {}
        self.unreadable = 0
        """Lines that are no JSON object, counted by the last full pass."""

    def __iter__(self) -> Iterator[Row]:
        self.unreadable = 0
        for name in self._files:
            with opened(name) as source:
                for batch in lines(source, side="", ends=Ends()):
                    yield from self._examples(batch["name"].to_pylist(), batch["record"].to_pylist())

    def _examples(self, names: list[str], records: list[str | None]) -> Iterator[Row]:
        for name, record in zip(names, records, strict=True):
            if record is None or not _is_object(record):
                self.unreadable += 1
                continue
            source = self._sources.get(name, self._sources.get(Path(name).name))
            yield Row(name, _digest(record, source), record, source)


def read_sources(path: Path) -> dict[str, str]:
    """Give the source text of rows by name from JSON lines with `name` (`train.jsonl:5`) and `text`."""
    found = {}
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            told = msgspec.json.decode(line)
            found[_text_of(told["name"])] = _text_of(told["text"])
        except (msgspec.DecodeError, LookupError, TypeError):
            raise PlanError(f'{path}:{number}: expected {{"name": "train.jsonl:5", "text": "..."}}.') from None
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: cannot be read as UTF-8 text. Name a file that can.") from error


def _text_of(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _is_object(record: str) -> bool:
    try:
        return isinstance(json.loads(record), dict)
    except (ValueError, RecursionError):
        return False


def _digest(payload: str, source: str | None) -> bytes:
    whole = hashlib.sha256(payload.encode("utf-8", "surrogatepass"))
    if source is not None:
        whole.update(b"\0" + source.encode("utf-8", "surrogatepass"))
    return whole.digest()[:DIGEST_BYTES]
