"""Which rows of the sources are meant by what was asked, and which versions of the dataset still hold them."""

import base64
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.core.columns import DIGEST
from pipeline.core.tombstone import ERASED, Tombstones
from pipeline.publish import Version, versions
from pipeline.report.lineage import FILE as LINEAGE
from pipeline.report.manifest import MANIFEST

REJECTED: Final = "rejected.jsonl"
_DIGEST_BYTES: Final = 16

Payloads = Callable[[pa.RecordBatch], list[str | None]]
"""Composes the rows of a batch."""


class Meant(NamedTuple):
    """Rows of the sources as they are now."""

    names: tuple[str, ...]
    records: tuple[str, ...]
    """As they were read; without those that could not be."""
    digests: frozenset[bytes]
    """Of the examples that they make."""


class Holding(NamedTuple):
    """What a version of the dataset has of the rows that are meant."""

    version: Version
    lines: tuple[str, ...]
    """`train.jsonl:17`, in the order of the sources."""
    rejected: int
    """Rows whose original stands in rejected.jsonl."""
    unsure: tuple[str, ...]
    """Sources that this version read and that are not the same any more: rows that they had then may be in it."""

    @property
    def holds(self) -> bool:
        """Whether something of the rows was found."""
        return bool(self.lines or self.rejected)


def meant(batches: Iterable[pa.RecordBatch], is_meant: Callable[[pa.RecordBatch], list[bool]], of: Payloads) -> Meant:
    """Give the rows for which `is_meant` is true; only they are held in memory."""
    names: list[str] = []
    records: list[str] = []
    digests: set[bytes] = set()
    for batch in batches:
        found = is_meant(batch)
        if any(found):
            rows = batch.filter(pa.array(found))
            names += rows["name"].to_pylist()
            records += [record for record in rows["record"].to_pylist() if record is not None]
            digests |= {digest(payload) for payload in of(rows) if payload is not None}
    return Meant(tuple(names), tuple(records), frozenset(digests))


def digest(payload: str) -> bytes:
    """Give the digest of an example, as lineage.parquet has it."""
    return hashlib.sha256(payload.encode("utf-8", "surrogatepass")).digest()[:_DIGEST_BYTES]


def holdings(folder: Path, rows: Meant, tombstones: Tombstones, sources: Mapping[str, str]) -> tuple[Holding, ...]:
    """Give what each version has, the oldest first; `sources` has the present SHA-256 of each file by its address."""
    return tuple(_holding(version, rows, tombstones, sources) for version in versions(folder))


def _holding(version: Version, rows: Meant, tombstones: Tombstones, sources: Mapping[str, str]) -> Holding:
    path = version.folder
    then = {source["path"]: source["sha256"] for source in _manifest(path).get("sources", ())}
    changed = tuple(sorted(address for address, sha256 in then.items() if sources.get(address) != sha256))
    return Holding(
        version=version,
        lines=tuple(_lines(path, rows, changed)),
        rejected=sum(_originals(path / REJECTED, tombstones)),
        unsure=changed,
    )


def _manifest(path: Path) -> Mapping[str, Any]:
    try:
        manifest: Mapping[str, Any] = json.loads((path / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return manifest


def _lines(path: Path, rows: Meant, changed: Collection[str]) -> Iterator[str]:
    """Give the lines of the training files: by address where the source is the same, else by what the line says."""
    same = [name for name in rows.names if name.rpartition(":")[0] not in changed]
    by_name = pc.is_in(pc.field("name"), value_set=pa.array(same, pa.string()))
    by_text = pc.is_in(pc.field("digest"), value_set=pa.array(sorted(rows.digests), DIGEST))
    wanted = (by_name | by_text if changed else by_name) & pc.is_valid(pc.field("file"))
    if not (path / LINEAGE).is_file():
        return
    found = pq.read_table(path / LINEAGE, columns=["file", "line"], filters=wanted)
    yield from (f"{row['file']}:{row['line']}" for row in found.to_pylist())


def _originals(path: Path, tombstones: Tombstones) -> Iterator[bool]:
    """Say of each line of rejected.jsonl whether it has an original that is meant."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        for line in file:
            rejected = json.loads(line)
            if any(reason["code"] == ERASED for reason in rejected["reasons"]):
                continue
            if "original" in rejected:
                yield tombstones.mean(_record(line, rejected))
            elif "original_base64" in rejected:
                yield tombstones.mean_unread(base64.b64decode(rejected["original_base64"]))
            else:
                yield tombstones.mean_unread(rejected.get("original_text", "").encode("utf-8", "surrogatepass"))


def _record(line: bytes, rejected: Mapping[str, Any]) -> str:
    """Give the original byte for byte: it is the last key of its line."""
    _, found, rest = line.rstrip(b"\n").rpartition(b',"original":')
    text = rest[:-1].decode("utf-8", "surrogatepass")
    try:
        if found and json.loads(text) == rejected["original"]:
            return text
    except ValueError:
        pass
    return json.dumps(rejected["original"], ensure_ascii=False, separators=(",", ":"))
