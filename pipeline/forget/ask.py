"""tuneset forget: take a request, find its rows, say which versions still hold them, and delete those."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pyarrow as pa

from pipeline import read
from pipeline.account import files_of
from pipeline.core.errors import PlanError, TunesetError
from pipeline.core.tombstone import normal
from pipeline.forget.file import Request, load, record
from pipeline.forget.search import Holding, Meant, digest, holdings, meant
from pipeline.plan import Plan
from pipeline.publish import remove, workplace
from pipeline.read.erase import mask
from pipeline.rows import composing


class Wish(NamedTuple):
    """What is asked for on the command line."""

    where: tuple[str, ...] = ()
    """`column=value`."""
    rows: tuple[str, ...] = ()
    """`file:line`, as findings write it, or its end."""
    digests: tuple[str, ...] = ()
    """Of examples, in hexadecimal."""


class Place(NamedTuple):
    """Where it is asked, and with what secret."""

    root: Path
    """Folder of the plan."""
    secret: str | None
    today: date
    salt: bytes
    """Fresh randomness, for a file that is not there yet."""


class Answer(NamedTuple):
    """What is known after a request."""

    added: tuple[str, ...]
    """Ids of new tombstones."""
    names: tuple[str, ...]
    """Rows of the sources that are meant by any tombstone."""
    holdings: tuple[Holding, ...]

    def to_purge(self, *, doubtful: bool) -> tuple[Holding, ...]:
        """Give the versions to delete; `doubtful`: also those of which it cannot be known."""
        return tuple(one for one in self.holdings if one.holds or (doubtful and one.unsure))


def ask(plan: Plan, wish: Wish, place: Place) -> Answer:
    """Write the tombstones of a wish, and say where the rows of all tombstones are. Raises TunesetError."""
    with TemporaryDirectory(prefix="tuneset-") as blocks:
        found = [
            read.find(s.name, s.path, root=place.root, read=s.read, blocks=Path(blocks) / "blocks") for s in plan.source
        ]
        return _answered(plan, wish, place, found)


def _answered(plan: Plan, wish: Wish, place: Place, sources: Sequence[read.SourceFiles]) -> Answer:
    path = place.root / plan.forget.file
    requests = [*_cells(wish.where), *_records(plan, wish, place, sources)]
    new = (
        record(path, requests, secret=place.secret, salt=place.salt, since=place.today.isoformat()) if requests else []
    )
    tombstones = load(path, secret=place.secret)
    compose = partial(_payloads, plan, place.secret)
    rows = meant(read.rows(sources), partial(mask, tombstones=tombstones), compose) if tombstones else _NOTHING
    now = {file.path: file.sha256 for source in sources for file in files_of(source)}
    found = holdings(place.root / plan.write.folder, rows, tombstones, now) if tombstones else ()
    return Answer(tuple(stone.id for stone in new), rows.names, found)


def purge(plan: Plan, root: Path, going: Sequence[Holding]) -> None:
    """Delete these versions for good, never the published or the accepted one: a TunesetError says what to do first."""
    if any(one.version.is_latest for one in going):
        raise TunesetError(
            "The published version holds such rows. Run `tuneset build`, so that one without them takes its place, "
            "then `tuneset forget --purge`."
        )
    if any(one.version.is_accepted for one in going):
        raise TunesetError(
            "The accepted version, with which builds are compared, holds such rows. Run `tuneset accept latest`, "
            "then `tuneset forget --purge`."
        )
    folder = root / plan.write.folder
    with workplace(folder):  # no build at the same time; what a dead one left behind goes too
        for one in going:
            remove(one.version, folder=folder)


_NOTHING = Meant((), (), frozenset())


def _cells(where: Sequence[str]) -> Iterator[Request]:
    for said in where:
        column, found, value = said.partition("=")
        if not found or not column.strip() or not normal(value):
            raise PlanError(f"--where {column}: a column and a value were expected, as in --where user_id=42.")
        yield Request(column.strip(), normal(value))


def _records(plan: Plan, wish: Wish, place: Place, sources: Sequence[read.SourceFiles]) -> Iterator[Request]:
    """Give the whole records that are named by address or by digest; a PlanError where one is not there."""
    if not wish.rows and not wish.digests:
        return
    compose = partial(_payloads, plan, place.secret)
    digests = frozenset(_digest(text) for text in wish.digests)
    by_name = [partial(_named, name=name) for name in wish.rows]
    by_digest = [partial(_making, digests=frozenset({one}), compose=compose) for one in sorted(digests)]
    for said, pick in zip([*wish.rows, *(one.hex() for one in sorted(digests))], [*by_name, *by_digest], strict=True):
        found = meant(read.rows(sources), pick, compose)
        if not found.records:
            raise PlanError(f"{said}: the sources have no such row any more that could be read; nothing was written.")
        files = {name.rpartition(":")[0] for name in found.names}
        if said in wish.rows and len(files) > 1:
            raise PlanError(f"{said}: {len(found.names)} rows end so. Name one in full: {', '.join(found.names[:5])}.")
        yield from (Request(None, text) for text in found.records)


def _named(batch: pa.RecordBatch, *, name: str) -> list[bool]:
    """Say which rows have this name, its end, or are parts of the row that has."""
    return [f"/{own}".endswith(f"/{name}") or f"/{name}#" in f"/{own}" for own in batch["name"].to_pylist()]


def _making(batch: pa.RecordBatch, *, digests: frozenset[bytes], compose: "partial[list[str | None]]") -> list[bool]:
    return [payload is not None and digest(payload) in digests for payload in compose(batch)]


def _payloads(plan: Plan, secret: str | None, batch: pa.RecordBatch) -> list[str | None]:
    made: list[str | None] = composing(plan, secret)(pa.Table.from_batches([batch]))["payload"].to_pylist()
    return made


def _digest(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 16:  # noqa: PLR2004 - columns.DIGEST
        raise PlanError(f"--digest {text}: 32 hexadecimal digits were expected, as `tuneset why` shows them.")
    return found


__all__ = ["Answer", "Place", "Wish", "ask", "purge"]
