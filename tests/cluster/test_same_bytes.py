"""The distributed build gives the bytes of the embedded one, file by file, however the work is divided."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.cluster.build import Layout, build
from pipeline.cluster.engine import Engine, Here
from pipeline.cluster.store import Store
from tests.house.house import House

WORDS = "the parcel came late and nobody at the desk could say where it had been for two weeks in spring".split()


def chats(rows: int, *, seed: int = 0) -> str:
    """Give a CSV with exact, normalised and near twins, several answers to one prompt, families and flawed rows."""
    import random

    chance = random.Random(seed)
    made: list[tuple[str, str, str, str]] = []
    for number in range(rows):
        kind = chance.random()
        if made and kind < 0.35:
            question, reply, topic, customer = chance.choice(made)
            words = question.split()
            if kind < 0.1:
                question = question.upper()
            elif kind < 0.25:
                words[chance.randrange(len(words))] = chance.choice(WORDS) + "s"
                question = " ".join(words)
            elif kind < 0.3:
                reply = " ".join(chance.choices(WORDS, k=25))
        else:
            question = f"{' '.join(chance.choices(WORDS, k=30))} {number}"
            reply = " ".join(chance.choices(WORDS, k=25)) if kind < 0.95 else ""
            topic, customer = chance.choice(["late", "lost", "paid"]), f"c{chance.randrange(rows)}"
        made.append((question, reply, topic, customer))
    return "question,answer,topic,customer\n" + "".join(",".join(row) + "\n" for row in made)


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


def both(tmp_path: Path, engine: Engine, *sources: dict[str, Any], **given: Any) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Give the files of both engines."""
    how = {name: given.pop(name) for name in ("part_rows", "buckets") if name in given}
    houses = []
    for name in ("embedded", "distributed"):
        (tmp_path / name).mkdir()
        houses.append(House(tmp_path / name).write(faq_csv=chats(220), more_csv=chats(60, seed=1)))
    houses[0].build(*sources, **given)
    return houses[0].published(), distributed(houses[1], engine, *sources, **how, **given)


PAIRS = {"recipe": "pairs", "question": "question", "answer": "answer"}
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
