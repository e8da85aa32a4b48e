"""A second build compares only what is new, and a question added to the exam is a change."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.core.grouping import IDENTITY, Grouping
from pipeline.core.store import Store
from pipeline.remember.groupings import KeptGroupings
from pipeline.remember.pairs import KeptVerdicts
from tests.house.house import House


def kept(root: Path, *, version: bytes = b"1") -> KeptVerdicts:
    return KeptVerdicts(Store(root / "spare", root / "cache"), dataset=root / "data", version=version)


def test_what_a_run_asked_for_is_known_to_the_next_and_nothing_else_is(tmp_path: Path) -> None:
    first = kept(tmp_path)
    first.add(np.array([9, 3], np.uint64), np.array([0.5, 0.0], np.float32))
    first.save()
    second = kept(tmp_path)
    second.look_up(np.array([9], np.uint64))
    second.save()

    assert [0.5] == kept(tmp_path).look_up(np.array([9], np.uint64)).tolist()
    assert np.isnan(kept(tmp_path).look_up(np.array([3], np.uint64))).all()


def test_another_version_believes_nothing_of_it_nor_does_anyone_of_a_damaged_file(tmp_path: Path) -> None:
    first = kept(tmp_path)
    first.add(np.array([9], np.uint64), np.array([0.5], np.float32))
    first.save()

    assert np.isnan(kept(tmp_path, version=b"2").look_up(np.array([9], np.uint64))).all()
    (path,) = (tmp_path / "cache").rglob("*.arrow")
    path.write_bytes(path.read_bytes()[:-40])
    assert np.isnan(kept(tmp_path).look_up(np.array([9], np.uint64))).all()


def test_what_was_not_asked_stays_known_where_not_everything_was_looked_at(tmp_path: Path) -> None:
    first = kept(tmp_path)
    first.add(np.array([3, 9], np.uint64), np.array([0.0, 0.5], np.float32))
    first.save()
    second = kept(tmp_path)
    second.add(np.array([5], np.uint64), np.array([0.75], np.float32))
    second.save(is_whole=False)

    third = kept(tmp_path)
    assert [0.0, 0.75, 0.5] == third.look_up(np.array([3, 5, 9], np.uint64)).tolist()
    assert not third.is_overgrown
    third.add(np.array([6], np.uint64), np.array([0.75], np.float32))
    third.save(is_whole=False)
    assert kept(tmp_path).is_overgrown


def grouping(*digests: bytes) -> Grouping:
    ends = np.array([0], np.int32), np.array([1], np.int32)
    heads = [np.arange(len(digests), dtype=np.uint32)] * 2
    return Grouping(pa.array(digests, IDENTITY), heads, *ends, np.array([0.5], np.float32))


def groupings(root: Path, **settings: Any) -> KeptGroupings:
    stated = {"dataset": root / "data", "version": b"1"} | settings
    return KeptGroupings(Store(root / "spare", root / "cache"), **stated)


def test_the_last_grouping_is_found_by_its_dataset_version_and_rules_alone(tmp_path: Path) -> None:
    one = grouping(b"a" * 17, b"b" * 17)
    groupings(tmp_path).keep("rules", one, is_whole=True)
    found = groupings(tmp_path).last("rules")

    assert found is not None
    assert one.identities == found.identities
    assert [[0, 1], [0, 1]] == [heads.tolist() for heads in found.heads]
    assert ([0], [1], [0.5]) == tuple(column.tolist() for column in found[2:])
    assert groupings(tmp_path).last("other rules") is None
    assert groupings(tmp_path, version=b"2").last("rules") is None
    assert groupings(tmp_path, dataset=tmp_path / "other").last("rules") is None
    assert groupings(tmp_path, is_believed=False).last("rules") is None


def test_twins_that_are_about_other_contents_or_damaged_are_not_believed(tmp_path: Path) -> None:
    groupings(tmp_path).keep("rules", grouping(b"a" * 17, b"b" * 17), is_whole=True)
    before = {path: path.read_bytes() for path in (tmp_path / "cache").rglob("*.arrow")}
    groupings(tmp_path).keep("rules", grouping(b"c" * 17, b"d" * 17), is_whole=True)
    assert groupings(tmp_path).last("rules") is not None

    for path, old in before.items():
        new = path.read_bytes()
        for content in (old, new[:-30], new[:-30] + b"x" + new[-29:], b""):
            path.write_bytes(content)
            assert groupings(tmp_path).last("rules") is None
        path.write_bytes(new)
    assert groupings(tmp_path).last("rules") is not None


def test_a_question_added_to_the_exam_is_a_change(house: House) -> None:
    house.write(
        faq_csv="question,answer\nWho wrote Hamlet?,Somebody did.\nWhy is it?,Just so.\n", exam_jsonl='{"q":"Who?"}\n'
    )
    exam = {"against": [{"path": "exam.jsonl"}]}
    house.build(decontaminate=exam, remembers=True)
    house.write(exam_jsonl='{"q":"Who wrote Hamlet?"}\n')

    house.build(decontaminate=exam, remembers=True)

    assert {"faq.csv:2": "rejected"} == house.fates()
