"""The difference between two datasets: what came, went, changed and moved, by content, address and likeness."""

import json
from pathlib import Path

import jsonschema_rs
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.__main__ import run
from pipeline.core.errors import TunesetError
from pipeline.diff.compare import compare
from pipeline.diff.dataset import Lines, open_dataset
from pipeline.diff.faces import as_json, as_page, as_text
from pipeline.diff.match import equal
from pipeline.diff.model import Difference, diff_schema
from tests.house.house import House

TOPICS = ["parcel", "invoice", "refund", "customer", "number", "order", "account", "letter", "address", "problem"]


def question(number: int) -> tuple[str, str]:
    word = TOPICS[number % 10]
    return f"Where can I find {word} {number} of last week?", f"You find {word} {number} in room {number * 7} upstairs."


def sheet(rows: list[tuple[str, str]]) -> str:
    return "question,answer\n" + "".join(f"{asked},{answered}\n" for asked, answered in rows)


def versions(folder: Path, old: list[tuple[str, str]], new: list[tuple[str, str]]) -> Difference:
    house = House(folder)
    for stamp, rows in (("old", old), ("new", new)):
        house.write(faq_csv=sheet(rows)).build(stamp=stamp, dedupe={"near": False})
    shelf = folder / "data/processed/versions"
    return compare(open_dataset(shelf / "old", name="old"), open_dataset(shelf / "new", name="new"))


ROWS = [question(number) for number in range(40)]


def test_what_came_went_changed_and_was_lost_is_told_with_its_reason(tmp_path: Path) -> None:
    changed = (ROWS[5][0], ROWS[5][1].replace("upstairs", "downstairs"))
    new = [
        *ROWS[:5],
        changed,
        *ROWS[6:20],
        (ROWS[20][0], ""),
        *ROWS[21:39],
        ("A thing unheard of?", "Quite so indeed."),
    ]
    found = versions(tmp_path, ROWS, new)

    assert (found.same, found.added, found.removed, found.changed) == (37, 1, 2, 1)
    assert found.shown_changed[0].old_name == found.shown_changed[0].new_name == "faq.csv:7"
    assert found.shown_added[0].why == "was kept"
    assert {"is rejected (compose.empty)", "is kept"} == {one.why for one in found.shown_removed}
    assert ("kept", "rejected", {"compose.empty": 1}) in [(m.old, m.new, m.codes) for m in found.moves]


def test_rows_that_only_change_their_place_are_the_same(tmp_path: Path) -> None:
    found = versions(tmp_path, ROWS, [("A thing unheard of?", "Quite so indeed."), *reversed(ROWS)])

    assert (found.same, found.added, found.removed, found.changed) == (40, 1, 0, 0)


def test_a_changed_row_is_found_at_another_address_by_its_words(tmp_path: Path) -> None:
    changed = (ROWS[5][0], ROWS[5][1].replace("upstairs", "downstairs"))
    found = versions(tmp_path, ROWS, [*ROWS[:5], *ROWS[6:], changed])

    assert (found.same, found.added, found.removed, found.changed) == (39, 0, 0, 1)
    assert (found.shown_changed[0].old_name, found.shown_changed[0].new_name) == ("faq.csv:7", "faq.csv:41")


def test_a_dataset_has_no_difference_from_itself(tmp_path: Path) -> None:
    found = versions(tmp_path, ROWS, ROWS[:39])
    same = open_dataset(tmp_path / "data/processed/versions/old", name="old")

    assert not found.is_none
    assert compare(same, same).is_none


def test_private_data_in_shown_texts_are_masked(tmp_path: Path) -> None:
    found = versions(tmp_path, ROWS, [*ROWS, ("Who helps me?", "Write to jane.doe@acorn-support.com about it.")])

    assert "jane.doe" not in as_text(found) + as_json(found) + as_page(found)
    assert found.shown_added


def test_every_face_tells_the_same_numbers_and_the_json_fits_its_schema(tmp_path: Path) -> None:
    found = versions(tmp_path, ROWS, ROWS[:30])

    jsonschema_rs.validator_for(diff_schema()).validate(json.loads(as_json(found)))
    for told in (as_text(found), as_page(found)):
        assert "0 added, 10 removed, 0 changed; 30 examples the same" in told
    assert "<script" not in as_page(found)
    assert "http" not in as_page(found).replace("http-equiv", "")


def line(number: int) -> str:
    asked, answered = question(number)
    messages = [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
    return json.dumps({"messages": messages})


def test_two_files_are_compared_by_content_and_words(tmp_path: Path) -> None:
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    old.write_text("\n".join(line(n) for n in range(20)))
    new.write_bytes(
        b"\xef\xbb\xbf"
        + "\r\n".join([*(line(n) for n in range(19, 0, -1)), line(0).replace("upstairs", "below")]).encode()
    )
    found = compare(open_dataset(old, name="old"), open_dataset(new, name="new"))

    assert (found.same, found.added, found.removed, found.changed) == (19, 0, 0, 1)


def test_lines_are_found_whatever_ends_them(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"one\r\n\ntwo")
    lines = Lines(path)

    assert [b"one", b"", b"two"] == [lines[number] for number in range(1, len(lines) + 1)]
    lines.close()


def test_an_empty_file_has_no_examples(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.touch()

    assert compare(open_dataset(path, name="a"), open_dataset(path, name="a")).is_none


KEYS = st.lists(st.sampled_from([None, b"a", b"b", b"c"]), max_size=12)


@given(old=KEYS, new=KEYS)
def test_equal_keys_are_paired_as_often_as_both_have_them(old: list[bytes | None], new: list[bytes | None]) -> None:
    left, right = equal(*(pa.chunked_array([pa.array(keys, pa.binary())]) for keys in (old, new)))

    assert [old[row] for row in left] == [new[row] for row in right]
    assert len(left) == sum(min(old.count(key), new.count(key)) for key in {*old} - {None})
    assert len(np.unique(left)) == len(left)
    assert len(np.unique(right)) == len(right)


def test_the_command_ends_as_git_diff_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    versions(tmp_path, ROWS, ROWS[:39])
    monkeypatch.chdir(tmp_path)

    assert run(["diff", "old", "new"]) == 0
    assert run(["diff", "old", "new", "--exit-code"]) == 1
    assert run(["diff", "new", "latest", "--exit-code"]) == 0
    assert run(["diff", "old", "elsewhere"]) == 2
    assert "elsewhere: no such version" in capsys.readouterr().err


def test_a_folder_that_tuneset_did_not_build_is_named(tmp_path: Path) -> None:
    with pytest.raises(TunesetError, match=r"no lineage\.parquet in it"):
        open_dataset(tmp_path, name="x")
