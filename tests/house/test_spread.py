"""Near twins are compared by all workers, which open the texts for themselves; the files are those of one process."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.core.store import Store
from pipeline.engines.local import Local
from pipeline.engines.spool import Spool, spooled
from pipeline.fates import _compared
from pipeline.group.part import Part, Way
from pipeline.onepass import OnePass, done
from pipeline.read import Wanted, find, pieces_of
from tests.house.house import House
from tests.house.stages import batches

THINGS = ("card", "shoe", "lamp", "desk", "book", "coat", "bike", "tent")
ANSWER = "You can send the {} back to us within thirty days, and we pay for the parcel and the way{}"


def rows(count: int) -> str:
    ends = (".", "!", ", of course.")
    told = (f'May I return the {THINGS[n % 8]}?,"{ANSWER.format(THINGS[n % 8], ends[n % 3])}"' for n in range(count))
    return "\n".join(["question,answer", *told])


def test_two_workers_find_the_twins_that_one_process_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.group.verify.TEXTS_AT_ONCE", 2)
    one, other = (House(tmp_path / name) for name in ("one", "other"))
    for house, workers in ((one, 1), (other, 2)):
        house.root.mkdir()
        house.write(faq_csv=rows(48)).build(workers=workers)

    assert one.published() == other.published()
    assert len(set(one.fates().values())) == 1


@dataclass(frozen=True)
class Kept:
    """Adds the record as the payload."""

    name: str = "kept"
    reads: tuple[str, ...] = ("record",)

    @property
    def adds(self) -> pa.Schema:
        return pa.schema([("payload", pa.string())])

    def __call__(self, batch: pa.Table) -> pa.Table:
        return batch.append_column("payload", batch["record"])


def spool_in(folder: Path) -> Spool:
    (folder / "x.jsonl").write_text("".join(f'{{"number":{n}}}\n' for n in range(20)))
    work = OnePass((Kept(),), Store(folder / "spare"), version=b"1")
    pieces = pieces_of([find("s", "x.jsonl", root=folder)], Wanted(8))
    parts = [done(worked, work) for worked in Local(1).map(pieces, work, work.known)]
    return Spool([part for part in parts if part], work.schema)


def test_payloads_are_sent_as_paths_and_opened_where_they_are_asked_for(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    sent = pickle.dumps(spool.shelf())

    assert spool.payloads([19, 0, 9]) == pickle.loads(sent)([19, 0, 9])
    assert b"number" not in sent


def test_what_another_run_removed_from_the_cache_is_compared_by_the_process_that_holds_it(tmp_path: Path) -> None:
    shelf = pickle.loads(pickle.dumps(spool_in(tmp_path).shelf()))
    for path in (tmp_path / "spare").rglob("*.arrow"):
        path.unlink()
    numbers = np.array([0, 1], np.int64)
    way = Way("sft", 0.7, "spelling")
    part = Part.of(numbers[None], rows=numbers, words=numbers + 1, prompts=None, way=way)

    assert part is _compared(part, shelf)


def test_rows_that_stand_in_no_files_of_their_own_have_no_shelf(tmp_path: Path) -> None:
    tables = [pa.Table.from_batches([batch]) for batch in batches(["a", "b", "c"], 2)]

    assert spooled(tmp_path / "x.arrow", tables, tables[0].schema).shelf() is None
