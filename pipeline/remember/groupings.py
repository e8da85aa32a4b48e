"""The last grouping of a dataset, kept from run to run: a nightly build seeks near twins only near what is new.

Two entries of the cache, contents with their keys and the pairs of twins; the second says which of the first it is about.
"""

from pathlib import Path
from typing import Final

import pyarrow as pa
import xxhash

from pipeline.core.grouping import IDENTITY, Grouping
from pipeline.core.store import Entry, Store, touch

PARTS: Final = ("contents", "twins")
ABOUT: Final = b"tuneset.contents"
"""In the metadata of the twins: the digest of the contents that they number."""
TWINS: Final = pa.schema(
    [
        pa.field("first", pa.int32(), nullable=False),
        pa.field("second", pa.int32(), nullable=False),
        pa.field("likeness", pa.float32(), nullable=False),
    ]
)


class KeptGroupings:
    """The grouping that a dataset's last run kept; a new one takes its place."""

    def __init__(self, store: Store, *, dataset: Path, version: bytes, is_believed: bool = True) -> None:
        """`is_believed` says whether the last one may be used; if not, there is none."""
        self._store = store
        self._name = b"grouping\0" + version + str(dataset.absolute()).encode()
        self._is_believed = is_believed
        self.is_whole = True
        """Were all pairs looked at in this run?"""

    def last(self, rules: str) -> Grouping | None:
        """Give the last one by these rules."""
        if not self._is_believed:
            return None
        contents, twins = (self._store.get(self._key(part, rules)) for part in PARTS)
        if contents is None or twins is None or _about(twins) != contents.digest:
            return None
        touch(contents.path)
        touch(twins.path)
        identities, *heads = _batch(contents).columns
        first, second, likeness = (column.to_numpy() for column in _batch(twins).columns)
        return Grouping(identities, [head.to_numpy() for head in heads], first, second, likeness)

    def keep(self, rules: str, grouping: Grouping, *, is_whole: bool) -> None:
        """Keep this one."""
        self.is_whole = is_whole
        bands = [pa.field(str(number), pa.uint32()) for number in range(len(grouping.heads))]
        columns = [grouping.identities, *(pa.array(heads, pa.uint32()) for heads in grouping.heads)]
        contents = self._put("contents", rules, columns, pa.schema([pa.field("identity", IDENTITY), *bands]))
        twins = [pa.array(column) for column in (grouping.first, grouping.second, grouping.likeness)]
        self._put("twins", rules, twins, TWINS.with_metadata({ABOUT: contents.digest}))

    def _put(self, part: str, rules: str, columns: list[pa.Array], schema: pa.Schema) -> Entry:
        return self._store.put(self._key(part, rules), pa.RecordBatch.from_arrays(columns, schema=schema))

    def _key(self, part: str, rules: str) -> bytes:
        return xxhash.xxh3_128_digest(b"\0".join([part.encode(), self._name, rules.encode()]))


def _about(twins: Entry) -> bytes | None:
    found: bytes | None = (_batch(twins).schema.metadata or {}).get(ABOUT)
    return found


def _batch(entry: Entry) -> pa.RecordBatch:
    assert entry.batch is not None
    return entry.batch
