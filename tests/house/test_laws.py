"""The five laws of docs/architecture.md, each over builds of random tables."""

import csv
import hashlib
import io
import json
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.house.house import House

WORDS = st.sampled_from(
    ["how", "do", "I", "pay", "return", "ship", "it", "the", "card", "Größe", "日本", "42", "'quoted'"]
)
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
TABLES = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=25)
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CORPUS = ("train.jsonl", "validation.jsonl")


def as_csv(rows: list[tuple[str, str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([("question", "answer"), *rows])
    return text.getvalue()


@FEW
@given(rows=TABLES)
def test_every_row_leaves_with_one_fate(new_house: Callable[[], House], rows: list[tuple[str, str]]) -> None:
    house = new_house().write(faq_csv=as_csv(rows))
    report = house.build().report

    assert report.rows_read == len(rows)
    assert report.fates.total == len(rows)
    assert len(house.examples()) == report.fates.kept
    assert len(house.lines("rejected.jsonl")) == len(rows) - report.fates.kept


@FEW
@given(rows=TABLES, batch_rows=st.integers(1, 9))
def test_the_size_of_batches_changes_no_byte(
    new_house: Callable[[], House], rows: list[tuple[str, str]], batch_rows: int
) -> None:
    one, other = new_house().write(faq_csv=as_csv(rows)), new_house().write(faq_csv=as_csv(rows))
    one.build()
    other.build(batch_rows=batch_rows)

    assert one.published() == other.published()


@FEW
@given(rows=TABLES)
def test_the_order_of_sources_in_the_plan_changes_no_byte(
    new_house: Callable[[], House], rows: list[tuple[str, str]]
) -> None:
    sources = [
        {"path": "a.csv", "compose": {"recipe": "pairs"}},
        {"path": "b.csv", "compose": {"recipe": "pairs", "user": "answer", "assistant": "question"}},
    ]
    one, other = (new_house().write(a_csv=as_csv(rows), b_csv=as_csv(rows[::-1])) for _ in range(2))
    one.build(*sources)
    other.build(*reversed(sources))

    assert one.published() == other.published()


@FEW
@given(rows=TABLES, data=st.data())
def test_the_order_of_rows_changes_no_byte_of_the_training_files(
    new_house: Callable[[], House], rows: list[tuple[str, str]], data: st.DataObject
) -> None:
    one, other = new_house().write(faq_csv=as_csv(rows)), new_house()
    other.write(faq_csv=as_csv(data.draw(st.permutations(rows))))
    one.build()
    other.build()

    assert [one.read(name) for name in CORPUS] == [other.read(name) for name in CORPUS]


@FEW
@given(rows=TABLES)
def test_no_example_and_no_prompt_is_on_both_sides(new_house: Callable[[], House], rows: list[tuple[str, str]]) -> None:
    house = new_house().write(faq_csv=as_csv(rows))
    house.build(split={"validation": 0.4})

    def prompts(name: str) -> set[str]:
        return {line["messages"][0]["content"].casefold() for line in house.lines(name)}

    assert prompts("train.jsonl").isdisjoint(prompts("validation.jsonl"))


def test_workers_change_no_byte(new_house: Callable[[], House]) -> None:
    rows = [(f"How do I pay for item {n}?", f"By card, in {n % 7} parts.") for n in range(200)]
    one, other = new_house().write(faq_csv=as_csv(rows)), new_house().write(faq_csv=as_csv(rows))
    one.build(workers=1)
    other.build(workers=3, batch_rows=11)

    assert one.published() == other.published()


def test_what_is_checked_is_what_ships(house: House) -> None:
    rows = [(f"Question {n}?", f"Answer number {n}.") for n in range(30)]
    house.write(faq_csv=as_csv(rows)).build()
    import pyarrow.parquet as pq

    lineage = pq.read_table(house.root / "data/processed/lineage.parquet").to_pylist()
    for name in CORPUS:
        for number, line in enumerate(house.read(name).split(b"\n")[:-1], 1):
            (row,) = [r for r in lineage if (r["file"], r["line"]) == (name, number)]
            assert hashlib.sha256(line).digest()[:16] == row["digest"]
            assert json.loads(line)["messages"][0]["content"] == rows[int(row["name"].rpartition(":")[2]) - 2][0]


def test_a_changed_limit_changes_fates_and_no_measurement(new_house: Callable[[], House]) -> None:
    rows = [(f"Question {n}?", "word " * (n + 1)) for n in range(30)]
    one, other = new_house().write(faq_csv=as_csv(rows)), new_house().write(faq_csv=as_csv(rows))
    wide, narrow = one.build().report, other.build(target={"max_tokens": 25}).report

    assert wide.fates.kept > narrow.fates.kept
    assert wide.tokens.composed is not None
    assert narrow.tokens.composed is not None
    assert wide.tokens.composed.total == narrow.tokens.composed.total
