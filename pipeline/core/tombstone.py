"""Tombstones: what somebody asked to have erased, as keyed hashes, and how a record is held against them.

No hash can be read backwards: a build can tell that a record is meant, a reader of the file cannot tell who is, unless
there are so few possible values that all can be tried (docs/forget.md).
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, Self

import msgspec

from pipeline.core.example import Json

ERASED: Final = "forget.tombstone"
"""Code of the trouble that stands in the place of an erased row."""
SENTENCE: Final = "Erased on request; nothing of the row is kept."
_SIZE: Final = 20
"""Bytes of a hash: no two values of any dataset share one by chance."""
_FIELD_ENDS: Final = (",", ";", "\t", "|", ":", '"')
_CODECS: Final = ("utf-8", "cp1252", "utf-16-le", "utf-16-be")


class Key(NamedTuple):
    """What the hashes of one file are made with."""

    secret: bytes

    @classmethod
    def of(cls, salt: bytes, secret: str | None) -> Self:
        """Give the key of a file: its own salt, and a secret that stands in no file where there is one."""
        outer = b"" if secret is None else hashlib.blake2b(secret.encode("utf-8", "surrogatepass")).digest()
        return cls(hashlib.blake2b(salt, key=outer).digest())

    def cell(self, column: str, value: str) -> bytes:
        """Give the hash of one value of one column; `value` is as `normal` gives it."""
        return self._hash(f"{_folded(column)}\0{value}", b"tuneset-cell")

    def row(self, record: str) -> bytes:
        """Give the hash of a whole record, as it was read."""
        return self._hash(record, b"tuneset-row")

    def check(self) -> bytes:
        """Give a hash of nothing, by which a wrong secret is noticed."""
        return self._hash("", b"tuneset-check")

    def _hash(self, text: str, kind: bytes) -> bytes:
        return hashlib.blake2b(
            text.encode("utf-8", "surrogatepass"), key=self.secret, digest_size=_SIZE, person=kind
        ).digest()


class Tombstone(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One request: every record with this value in this column, or this very record."""

    id: str
    """Beginning of the hash: what messages and the manifest call it."""
    kind: Literal["cell", "row"]
    hash: str
    column: str | None = None
    """For a cell: the column, or a dotted path into nested JSON."""
    since: str | None = None
    """Day of the request."""
    withdrawn: bool = False
    """Whether it was taken back; the line stays, so that nothing is taken back by accident."""


@dataclass(frozen=True)
class Tombstones:
    """All requests of a file, ready to be asked about records. Falsy where there are none."""

    key: Key = field(default_factory=lambda: Key(b""))
    cells: Mapping[str, frozenset[bytes]] = field(default_factory=dict)
    """Column → hashes of its erased values."""
    rows: frozenset[bytes] = frozenset()
    """Hashes of erased records."""
    ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, key: Key, stones: Iterable[Tombstone]) -> Self:
        """Sort the requests by what they are about."""
        cells: dict[str, set[bytes]] = {}
        rows: set[bytes] = set()
        ids: set[str] = set()
        for stone in stones:
            ids.add(stone.id)
            if stone.withdrawn:
                continue
            place = rows if stone.kind == "row" else cells.setdefault(stone.column or "", set())
            place.add(bytes.fromhex(stone.hash))
        whole = {column: frozenset(hashes) for column, hashes in cells.items()}
        return cls(key, whole, frozenset(rows), tuple(sorted(ids)))

    def __bool__(self) -> bool:
        return bool(self.cells or self.rows)

    def mean(self, record: str) -> bool:
        """Say whether a record, JSON on one line, is to be erased; of a conversation of several rows one is enough."""
        if self.rows and self.key.row(record) in self.rows:
            return True
        return bool(self.cells) and self._mean_value(_decoded(record))

    def mean_unread(self, raw: bytes) -> bool:
        """Say whether a row that could not be read has a field with an erased value, whatever its column would be."""
        if self.rows and self.key.row(raw.decode("utf-8", "surrogateescape")) in self.rows:
            return True
        fields = _fields(raw)
        return any(self.key.cell(column, one) in hashes for column, hashes in self.cells.items() for one in fields)

    def _mean_value(self, value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        gathered = value.get("rows")
        rows = [value, *gathered] if isinstance(gathered, list) else [value]
        return any(
            self.key.cell(column, one) in hashes
            for column, hashes in self.cells.items()
            for one in {normal(found) for row in rows for found in _found(row, column)} - {""}
        )


def normal(value: Json) -> str:
    """Give a cell's value as it is compared: case, white space at the ends and Unicode form do not matter, 7.0 is 7.

    Empty where it names nobody: null, an empty text, an object or a list.
    """
    if value is None or isinstance(value, dict | list):
        return ""
    text = unicodedata.normalize("NFC", str(value)).strip().casefold()
    whole = text.removesuffix(".0")
    return whole if whole.isdecimal() else text


def _found(value: Json, column: str | None) -> Iterator[Json]:
    """Give all that a column or dotted path names; lists are gone through. None: the value itself."""
    if isinstance(value, list):
        for item in value:
            yield from _found(item, column)
    elif column is None:
        yield value
    elif isinstance(value, dict):
        for held in _fitting(value, column):
            yield from _found(held, None)
        step, _, rest = column.partition(".")
        for held in _fitting(value, step) if rest else ():
            yield from _found(held, rest)


def _fitting(value: Mapping[str, Json], name: str) -> list[Json]:
    """Give what stands under this key, or under those that differ in case and white space only."""
    return [value[name]] if name in value else [held for key, held in value.items() if _folded(key) == _folded(name)]


def _folded(name: str) -> str:
    return name.strip().casefold()


def _fields(raw: bytes) -> set[str]:
    """Give whatever could be a field of a row that is no row, by every delimiter and likely encoding."""
    texts = {raw.decode(codec, "replace") for codec in _CODECS}
    parts = {part for text in texts for line in text.splitlines() for end in _FIELD_ENDS for part in line.split(end)}
    return {normal(part.strip(" \"'{}[]\\\ufeff")) for part in parts} - {""}


def _decoded(record: str) -> Any:
    try:
        return msgspec.json.decode(record)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):  # a lone surrogate, or nested deeply
        try:
            return json.loads(record)
        except (ValueError, RecursionError):
            return None
