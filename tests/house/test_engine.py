"""The embedded engine: the same rows in the same order, however many workers, whatever dies."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.core.columns import READ
from pipeline.core.piece import Piece
from pipeline.core.store import Store
from pipeline.engines.local import Local
from pipeline.engines.spool import Spool, spooled
from pipeline.onepass import OnePass, done
from pipeline.read import Wanted, find, pieces_of
from tests.house.stages import Deadly, DeadlyWord, Shout, batches


def loud(workers: int, *, size: int = 3, count: int = 40) -> list[str]:
    tables = Local(workers).run(batches([f"row {n}" for n in range(count)], size), [Shout()])
    return pa.concat_tables(tables)["loud"].to_pylist()


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_rows_come_back_in_order_whatever_the_workers(workers: int) -> None:
    assert [f"ROW {n}" for n in range(40)] == loud(workers)


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_rows_come_back_in_order_whatever_the_batch(size: int) -> None:
    assert [f"ROW {n}" for n in range(40)] == loud(1, size=size)


def test_a_row_that_kills_its_worker_is_held_and_its_neighbours_are_not() -> None:
    records = ["a", "b", "c", "d", "die", "f", "g", "h"]
    done = pa.concat_tables(Local(2).run(batches(records, 2), [Deadly(), Shout()]))

    lost = done.filter(pa.compute.is_valid(done["unread"]))
    assert ["a.csv:4"] == lost["name"].to_pylist()
    assert lost["unread"][0].as_py().startswith("run.worker-lost ")
    assert b"die" == lost["raw"][0].as_py()
    assert ["A", "B", "C", "D", None, "F", "G", "H"] == done["loud"].to_pylist()


def test_the_source_is_not_read_far_ahead_of_the_work() -> None:
    taken = []

    def feed() -> Iterator[pa.RecordBatch]:
        for batch in batches([str(n) for n in range(100)], 1):
            taken.append(batch)
            yield batch

    answers = Local(2).run(feed(), [Shout()])
    next(answers)

    assert len(taken) <= 8
    answers.close()


def spool(folder: Path, records: list[str], size: int) -> Spool:
    return spooled(folder / "spool.arrow", map(pa.Table.from_batches, [[b] for b in batches(records, size)]), READ)


def test_the_spool_gives_single_texts_from_any_batch_in_any_order(tmp_path: Path) -> None:
    with spool(tmp_path, ["null", "é", "", "日本", "x"], 2) as kept:
        assert [b"x", "é".encode(), "日本".encode(), b"", b"x"] == list(kept.texts("record", [4, 1, 3, 2, 4]))
        assert [b"", b""] == list(kept.texts("raw", [0, 3]))


def test_the_spool_gives_thin_columns_of_all_rows(tmp_path: Path) -> None:
    with spool(tmp_path, ["a", "b", "c"], 2) as kept:
        assert len(kept) == 3
        assert ["a.csv:0", "a.csv:1", "a.csv:2"] == kept.columns(["name"])["name"].to_pylist()


def test_an_empty_spool_has_no_rows(tmp_path: Path) -> None:
    with spool(tmp_path, [], 2) as kept:
        assert len(kept) == 0
        assert len(kept.columns(["name"])) == 0
        assert list(kept.texts("record", [])) == []


def pieces(folder: Path, rows: int, *, deadly: int | None = None) -> Iterator[Piece]:
    words = ["die" if n == deadly else f"row {n}" for n in range(rows)]
    (folder / "x.jsonl").write_text("".join(f'{{"word":"{word}"}}\n' for word in words))
    return pieces_of([find("s", "x.jsonl", root=folder)], Wanted(8))


@pytest.mark.parametrize("workers", [1, 2])
def test_pieces_are_read_where_they_are_worked_on_and_come_back_in_order(tmp_path: Path, workers: int) -> None:
    work = OnePass((Shout(),), Store(tmp_path / "spare"), version=b"1")
    parts = [done(worked, work) for worked in Local(workers).map(pieces(tmp_path, 60), work, work.known)]
    spool = Spool([part for part in parts if part], work.schema)

    assert [f"x.jsonl:{n}" for n in range(1, 61)] == spool.columns(["name"])["name"].to_pylist()
    assert [f'{{"WORD":"ROW {n}"}}' for n in range(60)] == spool.columns(["loud"])["loud"].to_pylist()


def test_pages_that_were_let_go_come_back(tmp_path: Path) -> None:
    work = OnePass((Shout(),), Store(tmp_path / "spare"), version=b"1")
    parts = [done(worked, work) for worked in Local(1).map(pieces(tmp_path, 60), work, work.known)]
    spool = Spool([part for part in parts if part], work.schema)
    columns = spool.columns(["name", "record", "loud"])
    before, order = columns.to_pylist(), [59, 0, 31, 31, 7]

    spool.release()
    texts = list(spool.texts("loud", order))
    spool.release()

    assert before == columns.to_pylist()
    assert [before[row]["loud"].encode() for row in order] == texts == list(spool.texts("loud", order))


def test_more_texts_than_are_held_at_a_time_come_in_the_order_asked(tmp_path: Path) -> None:
    records = [str(number) * size for number, size in enumerate([1, 9, 0, 30, 2, 5] * 9)]
    order = [(number * 31) % 54 for number in range(54)]

    with spool(tmp_path, records, 4) as kept, pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.engines.spool.BYTES_AT_ONCE", 16)
        assert [records[row].encode() for row in order] == list(kept.texts("record", order))


def test_a_row_of_a_segment_that_kills_its_worker_is_held_and_its_neighbours_are_not(tmp_path: Path) -> None:
    work = OnePass((DeadlyWord(), Shout()), Store(tmp_path / "spare"), version=b"1")
    parts = [done(worked, work) for worked in Local(2).map(pieces(tmp_path, 60, deadly=17), work, work.known)]
    table = Spool([part for part in parts if part], work.schema).columns(["name", "unread", "raw", "loud"])
    lost = table.filter(table["unread"].is_valid())

    assert (60, ["x.jsonl:18"], [b'{"word":"die"}']) == (len(table), lost["name"].to_pylist(), lost["raw"].to_pylist())
    assert 59 == len(table) - table["loud"].null_count


def test_what_is_known_is_sent_nowhere(tmp_path: Path) -> None:
    work = OnePass((Shout(),), Store(tmp_path / "spare"), version=b"1")
    first = [worked.made for worked in Local(1).map(pieces(tmp_path, 60), work, work.known)]
    again = [worked.made for worked in Local(2).map(pieces(tmp_path, 60), work, work.known)]

    assert all(made == 2 for made in first)
    assert [0] * len(first) == again
