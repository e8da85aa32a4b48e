"""JSON Lines and JSON in all their forms."""

import json

import pytest

from pipeline.read import look
from tests.read.conftest import Desk


def test_a_line_passes_through_as_the_very_text_that_stands_there(desk: Desk) -> None:
    line = '{"b": 1.50,  "a":"\\u00e9", "big": 123456789012345678901234567890}'
    desk.lay("x.jsonl", f"{line}\n\n  {line}\r\n")

    assert [line, line] == [row["record"] for row in desk.table("x.jsonl")]
    assert ["x.jsonl:1", "x.jsonl:3"] == [row["name"] for row in desk.table("x.jsonl")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('"a": 1}', "read.not-json Not JSON from column 4 on: more text follows the object."),
        ('{"a": 1}{"b": 2}', "read.not-json Not JSON from column 9 on: more text follows the object."),
        ('{"é": 1,}', "read.not-json Not JSON from column 9 on:"),
        ('{"a": NaN}', "read.not-json Not JSON at column 7: NaN is no JSON number; null was expected."),
        ("[1, 2]", "read.not-a-record A JSON list; an object was expected."),
        ('"text"', "read.not-a-record A JSON text; an object was expected."),
        ("[" * 100_000, "read.not-json JSON nested too deeply to be read."),
        ('{"a":' + "[" * 100_000, "read.not-json JSON nested too deeply to be read."),
        ('{"a": "\ufffd', "read.not-json Not JSON from column"),
    ],
    ids=["lost brace", "two glued", "trailing comma", "NaN", "list", "text", "deep", "deep inside", "cut"],
)
def test_a_line_that_is_no_object_says_where_and_keeps_its_bytes(desk: Desk, line: str, expected: str) -> None:
    desk.lay("x.jsonl", f'{{"a": 1}}\n{line}\n{{"a": 2}}\n')
    table = desk.table("x.jsonl")

    assert ["x.jsonl:1", "x.jsonl:2", "x.jsonl:3"] == [row["name"] for row in table]
    assert table[1]["unread"].startswith(expected)
    assert line.encode() == table[1]["raw"]


def test_a_lone_surrogate_in_an_escape_is_still_json(desk: Desk) -> None:
    assert [{"a": "\ud800"}] == desk.read("x.jsonl", '{"a": "\\ud800"}\n')
    assert [{"a": "\ud800"}] == desk.read("x.json", '[\n{"a": "\\ud800"}\n]')


def test_json_lines_are_known_whatever_the_file_is_called(desk: Desk) -> None:
    for name in ("x.json", "x.txt", "x.csv", "x"):
        assert 2 == len(desk.read(name, '{"a": 1}\n{"a": 2}\n'))


def test_the_elements_of_a_list_are_records_named_by_their_line(desk: Desk) -> None:
    text = '[\n  {"a": 1},\n  {\n    "a": "x\\n"\n  }\n]\n'

    assert [{"a": 1}, {"a": "x\n"}] == desk.read("x.json", text)
    assert ["x.json:2", "x.json:3"] == desk.names("x.json", text)


def test_records_on_one_line_are_numbered(desk: Desk) -> None:
    assert ["x.json:1#1", "x.json:1#2", "x.json:2"] == desk.names("x.json", '[{"a":1},{"a":2},\n{"a":3}]')


def test_the_one_list_of_objects_inside_is_found(desk: Desk) -> None:
    text = '{"canary": "x", "tags": ["a"], "examples": [{"a": 1}, {"a": 2}], "end": null}'
    path = desk.lay("x.json", text)

    assert [{"a": 1}, {"a": 2}] == desk.read("x.json", text)
    assert "examples" == look(path).plan["records"]


def test_a_conversation_is_not_taken_for_a_list_of_records(desk: Desk) -> None:
    text = '{"messages": [{"role": "user", "content": "Hi"}]}'

    assert [json.loads(text)] == desk.read("x.json", text)


def test_two_lists_are_not_guessed_between(desk: Desk) -> None:
    text = '{"train": [{"a": 1}], "test": [{"a": 2}]}'
    path = desk.lay("x.json", text)

    assert [json.loads(text)] == desk.read("x.json", text)
    assert "several lists of records: `train`, `test`" in look(path).notes[0]
    assert [{"a": 2}] == desk.read("x.json", text, format="json", records="test")


def test_records_are_found_at_a_path(desk: Desk) -> None:
    text = '{"data": {"meta": [1, {"items": 3}], "items": [{"a": 1}]}, "items": [{"a": 2}]}'

    assert [{"a": 1}] == desk.read("x.json", text, format="json", records="data.items")


def test_objects_one_after_the_other_need_no_list(desk: Desk) -> None:
    assert [{"a": 1}, {"a": 2}] == desk.read("x.json", '{\n "a": 1\n}\n{\n "a": 2\n}\n')


def test_a_broken_element_costs_itself_alone(desk: Desk) -> None:
    text = '[\n{"a": 1},\n{"a": "x" "b": [1, {"c": "]}"}]},\n{"a": 3}\n]'
    desk.lay("x.json", text)
    first, broken, last = desk.table("x.json")

    assert broken["unread"].startswith("read.not-json")
    assert ("x.json:3", b'{"a": "x" "b": [1, {"c": "]}"}]}') == (broken["name"], broken["raw"])
    assert ('{"a":1}', '{"a":3}') == (first["record"], last["record"])


def test_elements_far_larger_than_a_block_are_read(desk: Desk) -> None:
    records = [{"n": n, "text": 'é\\"[{' * 500_000} for n in range(3)]

    assert records == desk.read("x.json", json.dumps(records, ensure_ascii=False))


def test_a_list_that_breaks_off_gives_what_is_there(desk: Desk) -> None:
    desk.lay("x.json", '[{"a": 1},\n{"a": 2},\n{"a": "cut')
    table = desk.table("x.json")

    assert ['{"a":1}', '{"a":2}', None] == [row["record"] for row in table]
    assert ("x.json:3", b'{"a": "cut') == (table[2]["name"], table[2]["raw"])


def test_broken_bytes_in_an_element_are_its_own_trouble(desk: Desk) -> None:
    desk.lay("x.json", b'[{"a": "\xff"},\n{"a": "b"}]')
    bad, good = desk.table("x.json", encoding="utf-8")

    assert bad["unread"].startswith("read.encoding")
    assert b'{"a": "\xff"}' == bad["raw"]
    assert '{"a":"b"}' == good["record"]


def test_a_log_that_begins_with_a_bracket_is_text(desk: Desk) -> None:
    assert ["text", "path"] == list(desk.read("irc.txt", "[09:14] <ann> hello\n[09:15] <bob> hi\n")[0])


def test_a_text_that_begins_with_a_brace_is_text(desk: Desk) -> None:
    assert "{name} was here" == desk.read("x.txt", "{name} was here")[0]["text"]


def test_a_wide_encoding_is_no_hindrance(desk: Desk) -> None:
    assert [{"a": "é"}] == desk.read("x.jsonl", '{"a": "é"}\n'.encode("utf-16"))
    assert [{"a": "é"}] == desk.read("x.json", '[{"a": "é"}]'.encode("utf-16"))
