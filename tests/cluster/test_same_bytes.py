"""The distributed build gives the bytes of the embedded one, file by file, however the work is divided."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.cluster.build import Layout, build
from pipeline.cluster.engine import Engine, Here
from pipeline.cluster.store import Store
from tests.cluster.chats import chats
from tests.house.house import House


def distributed(
    house: House, engine: Engine, *sources: dict[str, Any], part_rows: int = 37, buckets: int = 3, **tables: Any
) -> dict[str, bytes]:
    """Build on an engine and give the published files."""
    plan = house.plan(*sources, **tables)
    build(
        plan,
        house.setting(),
        engine=engine,
        layout=Layout(Store(f"file://{house.root}/shared"), buckets=buckets, part_rows=part_rows),
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
