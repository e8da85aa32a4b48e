"""Who asked to be erased is in no file of any later version, and their rows still leave with a fate."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.errors import PlanError
from pipeline.core.store import SUFFIX, SUM_BYTES
from pipeline.core.tombstone import normal
from pipeline.forget import Request, load, record
from tests.house.house import House

FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SALT = bytes(range(32))
SHOP = "user_id,question,answer\n7,How do I pay?,By card.\n8,Where is it?,On its way.\n7,Can I send it back?,Yes.\n"


def ask(house: House, column: str | None, value: str, *, secret: str | None = None) -> None:
    record(house.root / "forget.jsonl", [Request(column, value)], secret=secret, salt=SALT, since="2026-11-22")


def every_byte(house: House) -> bytes:
    """Give what any file of the dataset or the cache holds, kept columns unpacked."""
    files = [path for name in ("data", "cache") for path in sorted((house.root / name).rglob("*")) if path.is_file()]
    return b"".join([*(path.read_bytes() for path in files), *(unpacked(path) for path in files)])


def unpacked(path: Path) -> bytes:
    """Give what an Arrow file holds, whatever it is compressed with; nothing where it is none."""
    if path.suffix != SUFFIX:
        return b""
    table = pa.ipc.open_file(pa.py_buffer(path.read_bytes()[:-SUM_BYTES])).read_all()
    return b"".join(str(column.to_pylist()).encode("utf-8", "replace") for column in table.columns)


def test_the_rows_of_a_person_are_rejected_and_nothing_of_them_is_kept(house: House) -> None:
    house.write(faq_csv=SHOP)
    ask(house, "user_id", "7")

    house.build()

    assert {"faq.csv:2": "rejected", "faq.csv:4": "rejected"} == house.fates()
    assert [line["messages"][0]["content"] for line in house.examples()] == ["Where is it?"]
    assert b"How do I pay" not in every_byte(house)
    assert b"send it back" not in every_byte(house)


def test_what_was_kept_before_the_request_is_kept_no_more(house: House) -> None:
    house.write(faq_csv=SHOP).build()
    assert b"How do I pay" in every_byte(house)

    ask(house, "user_id", "7")
    house.build(stamp="after")
    shutil.rmtree(house.root / "data/processed/versions/test")

    assert b"How do I pay" not in every_byte(house)
    assert b"Where is it" in b"".join(unpacked(path) for path in (house.root / "cache").rglob("*.arrow"))


def test_an_erased_row_says_so_and_has_no_original(house: House) -> None:
    house.write(faq_csv=SHOP)
    ask(house, "user_id", "8")
    house.build()

    (line,) = house.lines("rejected.jsonl")

    assert ["forget.tombstone"] == [reason["code"] for reason in line["reasons"]]
    assert {"name", "fate", "reasons"} == set(line)


WORDS = st.text("abcdefghijklmnop", min_size=6, max_size=12)
ROWS = st.lists(st.tuples(st.sampled_from(["ann", "bob", "eve"]), WORDS, WORDS), min_size=1, max_size=20)


@FEW
@given(rows=ROWS)
def test_no_byte_of_an_erased_person_is_in_any_file_and_every_row_has_a_fate(
    new_house: Callable[[], House], rows: list[tuple[str, str, str]]
) -> None:
    told = [(who, f"{who}q{question}", f"{who}a{answer}") for who, question, answer in rows]
    house = new_house().write(faq_csv="user_id,question,answer\n" + "".join(",".join(row) + "\n" for row in told))
    house.build()
    ask(house, "user_id", "eve")
    report = house.build(stamp="after").report

    shutil.rmtree(house.root / "data/processed/versions/test", ignore_errors=True)
    held = every_byte(house)
    assert report.rows_read == report.fates.total == len(rows)
    for who, question, answer in told:
        if who == "eve":
            assert question.encode() not in held
            assert answer.encode() not in held
    assert len(house.examples()) + len(house.fates()) == len(rows)


@FEW
@given(rows=ROWS)
def test_without_the_rows_of_the_person_the_training_files_are_the_same(
    new_house: Callable[[], House], rows: list[tuple[str, str, str]]
) -> None:
    head = "user_id,question,answer\n"
    one, other = new_house(), new_house()
    one.write(faq_csv=head + "".join(",".join(row) + "\n" for row in rows))
    other.write(faq_csv=head + "".join(",".join(row) + "\n" for row in rows if row[0] != "eve") + "zoe,,\n")
    ask(one, "user_id", "eve")
    one.build()
    other.build()

    assert [other.read(name) for name in ("train.jsonl", "validation.jsonl")] == [
        one.read(name) for name in ("train.jsonl", "validation.jsonl")
    ]


def test_a_conversation_with_one_erased_row_is_erased_whole(house: House) -> None:
    chat = (
        "chat,role,content,who\n1,user,Hi there,ann\n1,assistant,Hello,bot\n2,user,Hey you,bob\n2,assistant,Yes,bot\n"
    )
    house.write(chat_csv=chat)
    ask(house, "who", "ann")
    source = {
        "path": "chat.csv",
        "read": {"format": "csv", "group": "chat"},
        "compose": {"recipe": "dialogue", "turns": "rows", "role": "role", "content": "content"},
    }
    house.build(source)

    assert {"chat.csv:2": "rejected"} == house.fates()
    assert b"Hi there" not in every_byte(house)
    assert ["Hey you"] == [line["messages"][0]["content"] for line in house.examples()]


@pytest.mark.parametrize(
    ("files", "column", "value"),
    [
        pytest.param(
            {"faq_csv": "Mail,question,answer\nANN@x.org ,Secret ask,Secret reply\n"}, "mail", "ann@x.org", id="case"
        ),
        pytest.param(
            {"faq_csv": "id,question,answer\n7,Secret ask,Secret reply,Secret rest\n8,,\n9,,\n"},
            "id",
            "7",
            id="a row that could not be read",
        ),
        pytest.param(
            {"faq_jsonl": '{"meta":{"user":{"id":7}},"question":"Secret ask","answer":"Secret reply"}\n'},
            "meta.user.id",
            "7",
            id="nested",
        ),
        pytest.param(
            {"faq_jsonl": '{"users":[{"id":"3"},{"id":"7"}],"question":"Secret ask","answer":"Secret"}\n'},
            "users.id",
            "7",
            id="in a list",
        ),
        pytest.param(
            {"faq_jsonl": '{"name":"\\ud800","id":7.0,"question":"Secret ask","answer":"Secret"}\n'},
            "id",
            "7",
            id="a lone surrogate beside it",
        ),
    ],
)
def test_a_value_is_found_however_it_is_written(house: House, files: dict[str, str], column: str, value: str) -> None:
    house.write(**files)
    ask(house, column, normal(value))
    (name,) = (path.name for path in house.root.iterdir() if path.name.startswith("faq"))
    house.build({"path": name, "compose": {"recipe": "pairs"}})

    assert b"Secret" not in every_byte(house)
    assert {"rejected"} == set(house.fates().values())


def test_a_whole_record_is_erased_wherever_it_stands(house: House) -> None:
    house.write(faq_csv="question,answer\nHi,Hello\nHi you,Hello\nHi,Hello\n")
    ask(house, None, '{"question":"Hi","answer":"Hello"}')
    house.build()

    assert {"faq.csv:2": "rejected", "faq.csv:4": "rejected"} == house.fates()


def test_the_file_holds_no_value(house: House) -> None:
    ask(house, "user_id", "ann@example.org")

    text = (house.root / "forget.jsonl").read_text()

    assert "ann" not in text
    assert ["salt", "cell"] == [
        json.loads(text.splitlines()[0]).keys() and "salt",
        json.loads(text.splitlines()[1])["kind"],
    ]


def test_the_same_request_is_written_once(house: House) -> None:
    ask(house, "user_id", "7")
    ask(house, "user_id", "7")

    assert len((house.root / "forget.jsonl").read_text().splitlines()) == 2


def test_a_secret_makes_other_hashes_and_must_be_there_again(house: House, tmp_path: Path) -> None:
    path = tmp_path / "keyed.jsonl"
    record(path, [Request("id", "7")], secret="one", salt=SALT, since="2026-11-22")

    assert load(path, secret="one").mean('{"id":7}')
    with pytest.raises(PlanError, match="TUNESET_SALT, which is not set"):
        load(path, secret=None)
    with pytest.raises(PlanError, match="not the one that the file was made with"):
        load(path, secret="two")


def test_a_lost_file_stops_the_build_before_it_brings_anybody_back(house: House) -> None:
    house.write(faq_csv=SHOP)
    ask(house, "user_id", "7")
    house.build()
    (house.root / "forget.jsonl").unlink()

    with pytest.raises(PlanError, match="1 of the requests that the published version obeys"):
        house.build()
    assert b"How do I pay" not in every_byte(house)


def test_a_request_is_taken_back_on_purpose_only(house: House) -> None:
    house.write(faq_csv=SHOP)
    ask(house, "user_id", "7")
    house.build()
    path = house.root / "forget.jsonl"
    path.write_text(path.read_text().replace('"since"', '"withdrawn":true,"since"'))

    assert 3 == house.build().report.fates.kept


@pytest.mark.parametrize("text", ["", "nonsense\n", '{"tuneset":"forget"}\n'], ids=["empty", "no JSON", "no salt"])
def test_a_broken_file_stops_the_build(house: House, text: str) -> None:
    house.write(faq_csv=SHOP, forget_jsonl=text)

    with pytest.raises(PlanError, match=r"forget.jsonl:1"):
        house.build()


def test_a_line_that_was_cut_off_is_named(house: House) -> None:
    ask(house, "user_id", "7")
    path = house.root / "forget.jsonl"
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(PlanError, match=r"forget.jsonl:2: no tombstone"):
        load(path, secret=None)


def test_a_row_without_the_column_is_nobodys() -> None:
    assert [normal(value) for value in (None, "", {}, [], 7, 7.0, " Ann ", "007", True)] == [
        "", "", "", "", "7", "7", "ann", "007", "true",
    ]  # fmt: skip
