"""The distributed build gives the bytes of the embedded one, file by file, however the work is divided."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from pipeline.cluster.build import Layout, build
from pipeline.cluster.engine import Engine, Here
from pipeline.cluster.job import Job
from pipeline.cluster.measured import measure_part
from pipeline.cluster.store import Store
from pipeline.core.columns import READ
from pipeline.core.errors import PlanError
from pipeline.core.store import Store as Cache
from pipeline.onepass import OnePass
from pipeline.read.loose import loose
from tests.cluster.chats import chats
from tests.house.house import House
from tests.house.stages import Deadly, Unmeasured


def distributed(
    house: House,
    engine: Engine,
    *sources: dict[str, Any],
    part_rows: int = 37,
    buckets: int = 3,
    remembered: Store | None = None,
    **tables: Any,
) -> dict[str, bytes]:
    """Build on an engine and give the published files."""
    plan = house.plan(*sources, **tables)
    build(
        plan,
        house.setting(),
        engine=engine,
        layout=Layout(
            Store(f"file://{house.root}/shared"), buckets=buckets, part_rows=part_rows, remembered=remembered
        ),
    )
    return house.published()


def both(
    tmp_path: Path, engine: Engine, *sources: dict[str, Any], **given: Any
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Give the files of both engines."""
    how = {name: given.pop(name) for name in ("part_rows", "buckets") if name in given}
    houses = []
    for name in ("embedded", "distributed"):
        (tmp_path / name).mkdir()
        houses.append(House(tmp_path / name).write(faq_csv=chats(220), more_csv=chats(60, seed=1)))
    houses[0].build(*sources, **given)
    return houses[0].published(), distributed(houses[1], engine, *sources, **how, **given)


FAQ = {"path": "faq.csv", "compose": {"recipe": "pairs"}}
CASES = {
    "one-file": {},
    "in-the-order-of-the-source": {"write": {"order": "source"}},
    "everything-ships": {"dedupe": {"keep": "all"}},
    "exact-twins-only": {"dedupe": {"near": False}},
    "no-normalising": {"dedupe": {"exact": False}},
    "nobody-is-asked": {"split": {"validation": 0.0}},
    "filled-to-a-minimum": {"split": {"validation": 0.01, "minimum": 40}},
    "too-few-to-split": {"split": {"minimum": 150}},
    "by-source": {"split": {"stratify": "source", "validation": 0.2}},
    "private-data-is-masked": {"privacy": {"originals": "mask"}},
}


def difference(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


@pytest.mark.parametrize("case", CASES)
def test_the_files_are_the_same(tmp_path: Path, case: str) -> None:
    one, other = both(tmp_path, Here(), {**FAQ, "name": "b"}, {**FAQ, "name": "a", "path": "more.csv"}, **CASES[case])

    assert difference(one, other) == []


@pytest.mark.parametrize(("part_rows", "buckets"), [(1_000, 1), (11, 1), (11, 7), (60, 20)])
def test_the_division_of_the_work_is_not_seen(tmp_path: Path, part_rows: int, buckets: int) -> None:
    one, other = both(tmp_path, Here(), {**FAQ, "family": "customer"}, part_rows=part_rows, buckets=buckets)

    assert difference(one, other) == []


def test_strata_of_a_family_over_several_labels_are_those_of_its_first_row(tmp_path: Path) -> None:
    labelled = {**FAQ, "family": "customer", "label": "topic"}
    one, other = both(tmp_path, Here(), labelled, split={"stratify": "label", "validation": 0.3})

    assert difference(one, other) == []


def test_lineage_of_several_row_groups_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.report.lineage.ROWS_A_GROUP", 50)
    one, other = both(tmp_path, Here(), FAQ)

    assert difference(one, other) == []


def test_one_prompt_that_most_rows_share_binds_nobody(tmp_path: Path) -> None:
    story = "question,answer\n" + "".join(f"Tell me a story,Once upon a time {n} {n * 7}\n" for n in range(120))
    files = []
    for name in ("embedded", "distributed"):
        (tmp_path / name).mkdir()
        files.append(House(tmp_path / name).write(faq_csv=story))
    files[0].build()

    assert files[0].published() == distributed(files[1], Here(), part_rows=13)


@pytest.mark.parametrize("rows", [0, 1])
def test_a_file_of_hardly_any_rows_is_built(tmp_path: Path, rows: int) -> None:
    files = []
    for name in ("embedded", "distributed"):
        (tmp_path / name).mkdir()
        files.append(House(tmp_path / name).write(faq_csv="question,answer\n" + "Hi,Hello\n" * rows))
    files[0].build()

    assert files[0].published() == distributed(files[1], Here())


class Curious(NamedTuple):
    """Looks at the tables that one process will see whole."""

    folder: Path
    seen: list[pa.Schema]

    def each(self, work: Any, numbers: Iterable[int], *, careful: Any = None) -> list[Any]:
        answers = Here().each(work, numbers, careful=careful)
        if work.func.__name__ == "trace_part":
            store = Store.at(str(self.folder), "shared")
            self.seen.extend(store.load(f"{topic}/{0:07}").schema for topic in ("done", "facts"))
        return answers


def test_no_table_of_the_whole_has_a_key(tmp_path: Path) -> None:
    engine = Curious(tmp_path, [])
    distributed(House(tmp_path).write(faq_csv=chats(50)), engine)

    assert len(engine.seen) == 2
    names = {name for schema in engine.seen for name in schema.names}
    assert set() == names & {"keys", "sketch", "group", "kin", "payload"}
    assert [field for schema in engine.seen for field in schema if pa.types.is_fixed_size_binary(field.type)] == []


def test_a_file_that_two_sources_read_is_refused(tmp_path: Path) -> None:
    house = House(tmp_path).write(faq_csv=chats(10))

    with pytest.raises(PlanError, match=r"faq\.csv: read by source `a` and by `b`"):
        distributed(house, Here(), {**FAQ, "name": "a"}, {**FAQ, "name": "b"})


def test_a_row_that_kills_its_worker_is_held_with_care(tmp_path: Path) -> None:
    store = Store.at(str(tmp_path), "shared")
    read = [
        {"name": f"a:{n}", "source": "a", "record": r, "raw": None, "unread": None}
        for n, r in enumerate(["x", "die", "y"])
    ]
    store.keep(f"read/{0:07}", [loose(pa.RecordBatch.from_pylist(read, schema=READ))])
    work = OnePass((Deadly(), Unmeasured()), Cache(tmp_path), version=b"")
    job = Job(store=store, parts=1, buckets=1, plan=House(tmp_path).plan(), work=work, held_codes=())

    assert 3 == measure_part(job, 0, is_careful=True)
    assert [None, "run.worker-lost", None] == [
        unread and unread.split()[0] for unread in store.load(f"rows/{0:07}")["unread"].to_pylist()
    ]


def test_what_was_worked_out_is_looked_up_by_every_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path).write(faq_csv=chats(100))
    kept = Store.at(str(tmp_path), "kept")
    first = distributed(house, Here(), remembered=kept)
    monkeypatch.setattr("pipeline.compose.stage.Compose.__call__", lambda *_: pytest.fail("worked out again"))

    assert first == distributed(house, Here(), remembered=kept)
