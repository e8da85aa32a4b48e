"""A second build compares only what is new, and a question added to the exam is a change."""

from pathlib import Path

import numpy as np

from pipeline.core.store import Store
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


def test_a_question_added_to_the_exam_is_a_change(house: House) -> None:
    house.write(
        faq_csv="question,answer\nWho wrote Hamlet?,Somebody did.\nWhy is it?,Just so.\n", exam_jsonl='{"q":"Who?"}\n'
    )
    exam = {"against": [{"path": "exam.jsonl"}]}
    house.build(decontaminate=exam, remembers=True)
    house.write(exam_jsonl='{"q":"Who wrote Hamlet?"}\n')

    house.build(decontaminate=exam, remembers=True)

    assert {"faq.csv:2": "rejected"} == house.fates()
