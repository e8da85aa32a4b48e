"""What a provider says and what a plan pins reach every part of a distributed build: its files are those of the embedded one."""

import csv
import json
import os
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline.check import Check
from pipeline.cluster import measured
from pipeline.cluster.build import Layout, build
from pipeline.cluster.engine import Here
from pipeline.cluster.store import Store
from pipeline.core.errors import ProviderGaveUp
from tests.cluster.chats import chats
from tests.house.house import House
from tests.moderation.standin import KEY, Standin, error, running

QUICK = {"requests_per_minute": 600_000, "tokens_per_minute": 1_000_000_000}
PINNED = {"validation": "pinned.jsonl"}


def flagged(rows: int) -> str:
    """Give chats of which every seventh is flagged."""
    head, *lines = chats(rows).splitlines()
    return "\n".join([head, *(f"BAD:hate {line}" if n % 7 == 0 else line for n, line in enumerate(lines))]) + "\n"


def some_pinned(source: str, *, every: int) -> str:
    """Give some rows of a CSV as lines of a pinned file: as they are, with another answer, a word changed, and without any."""
    lines = []
    for number, row in enumerate(list(csv.DictReader(StringIO(source)))[::every]):
        question, answer = row["question"], row["answer"]
        kind = number % 4
        if kind == 1:
            answer = f"Nobody knows that, least of all number {number}."
        if kind == 2:
            question = question.replace("the", "a", 1)
        turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        lines.append(json.dumps({"messages": turns[: 1 if kind == 3 else 2]}) + "\n")
    return "".join([*lines, *lines[:3]])


def on_nodes(
    house: House, *, part_rows: int = 37, buckets: int = 3, setting: dict[str, Any] | None = None, **tables: Any
) -> dict[str, bytes]:
    """Build on an engine and give the published files."""
    layout = Layout(Store.at(str(house.root), "shared"), buckets=buckets, part_rows=part_rows)
    build(house.plan(**tables), house.setting(**(setting or {})), engine=Here(), layout=layout)
    return house.published()


def houses(tmp_path: Path, **files: str) -> tuple[House, House]:
    """Give two houses with the same files."""
    return tuple(House(_made(tmp_path / name)).write(**files) for name in ("embedded", "distributed"))  # type: ignore[return-value]  # two


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.parametrize("dedupe", [{}, {"keep": "all"}, {"exact": False}, {"near": False}], ids=str)
@pytest.mark.parametrize(("part_rows", "buckets"), [(37, 3), (11, 7), (1_000, 1)])
def test_a_pinned_validation_set_is_that_of_one_machine(
    tmp_path: Path, dedupe: dict[str, Any], part_rows: int, buckets: int
) -> None:
    source = chats(220)
    one, other = houses(tmp_path, faq_csv=source, pinned_jsonl=some_pinned(source, every=9))
    one.build(split=PINNED, dedupe=dedupe)

    files = on_nodes(other, part_rows=part_rows, buckets=buckets, split=PINNED, dedupe=dedupe)

    codes = [reason["code"] for line in one.lines("rejected.jsonl") for reason in line["reasons"]]
    assert "split.pinned" in codes
    assert one.published() == files


def test_an_open_task_that_is_pinned_rejects_nobody(tmp_path: Path) -> None:
    story = "question,answer\n" + "".join(f"Tell me a story,Once upon a time {n} {n * 7}\n" for n in range(120))
    one, other = houses(tmp_path, faq_csv=story, pinned_jsonl=some_pinned(story, every=30))
    one.build(split=PINNED)

    files = on_nodes(other, part_rows=13, split=PINNED)

    assert len(one.lines("train.jsonl")) > 50
    assert one.published() == files


@pytest.mark.parametrize("policy", ["reject", "hold", "report"])
def test_every_row_is_asked_about_and_judged_by_the_answer(tmp_path: Path, policy: str) -> None:
    one, other = houses(tmp_path, faq_csv=flagged(90))
    tables = {"moderation": {**QUICK, "policy": policy}}
    with running(Standin()) as standin:
        said = {"api_key": KEY, "base_url": standin.base_url}
        one.build(**said, **tables)
        asked = standin.texts.copy()
        standin.texts.clear()
        files = on_nodes(other, part_rows=20, setting=said, **tables)

    assert "moderation.flagged" in {finding["code"] for finding in one.lines("findings.jsonl")}
    assert one.published() == files
    assert asked == standin.texts


def test_pinned_rows_are_asked_about_too(tmp_path: Path) -> None:
    source = flagged(90)
    one, other = houses(tmp_path, faq_csv=source, pinned_jsonl=some_pinned(source, every=5))
    with running(Standin()) as standin:
        said = {"api_key": KEY, "base_url": standin.base_url}
        one.build(**said, moderation=QUICK, split=PINNED)
        files = on_nodes(other, setting=said, moderation=QUICK, split=PINNED)

    assert one.published() == files


def test_a_provider_that_gives_up_publishes_nothing_and_the_next_build_goes_on(tmp_path: Path) -> None:
    house = House(tmp_path).write(faq_csv=flagged(90))
    answered = 0

    def fault(*_: object) -> Any:
        nonlocal answered
        answered += 1
        return None if answered < 2 else error(429, "insufficient_quota")

    with running(Standin(fault)) as standin, pytest.raises(ProviderGaveUp):
        on_nodes(house, setting={"api_key": KEY, "base_url": standin.base_url}, moderation=QUICK)
    assert not (house.root / "data/processed/latest").exists()

    with running(Standin()) as again:
        on_nodes(house, setting={"api_key": KEY, "base_url": again.base_url}, moderation=QUICK)
    assert len(house.lines("train.jsonl")) > 0


class DeadlyCheck(Check):
    """Dies without a word on a row that says so, as a process killed by the system does."""

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Check the others."""
        if any("box 7?" in (payload or "") for payload in batch["payload"].to_pylist()):
            os._exit(9)
        return super().__call__(batch)


def questions(count: int) -> str:
    return "question,answer\n" + "".join(f"What is in box {n}?,Marbles number {n}.\n" for n in range(count))


@pytest.mark.parametrize("engine", ["embedded", "nodes"])
def test_a_row_on_which_the_check_dies_is_held_and_not_lost(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path).write(faq_csv=questions(20))
    monkeypatch.setattr("pipeline.rows.Check", DeadlyCheck)
    monkeypatch.setattr("pipeline.cluster.measured.Check", DeadlyCheck)
    monkeypatch.setattr("pipeline.cluster.build.measured.check_part", partial(measured.check_part, is_careful=True))
    with running(Standin()) as standin:
        said = {"api_key": KEY, "base_url": standin.base_url}
        if engine == "nodes":
            on_nodes(house, part_rows=5, setting=said, moderation=QUICK)
        else:
            house.build(**said, workers=2, batch_rows=5, moderation=QUICK)

    assert {"faq.csv:9": "held"} == house.fates()
    assert 19 == len(house.examples())
