"""Rows put together into conversations, and records taken apart."""

import json

from tests.read.conftest import Desk

CHAT = "chat,turn,who,text\n7,2,bot,Hello\n8,1,user,Help\n7,1,user,Hi\n8,10,bot,Bye\n8,2,bot,Sure\n"


def test_rows_of_a_conversation_are_joined_though_they_stand_apart(desk: Desk) -> None:
    first, second = desk.read("chat.csv", CHAT, group="chat", order="turn")

    assert ("7", ["Hi", "Hello"]) == (first["chat"], [row["text"] for row in first["rows"]])
    assert ("8", ["Help", "Sure", "Bye"]) == (second["chat"], [row["text"] for row in second["rows"]])


def test_a_conversation_is_named_by_its_first_row_in_the_file(desk: Desk) -> None:
    assert ["chat.csv:2", "chat.csv:3"] == desk.names("chat.csv", CHAT, group="chat", order="turn")


def test_without_an_order_rows_stay_as_they_stand(desk: Desk) -> None:
    first, _ = desk.read("chat.csv", CHAT, group="chat")

    assert ["Hello", "Hi"] == [row["text"] for row in first["rows"]]


def test_an_order_that_is_no_number_is_sorted_as_text_and_gaps_come_last(desk: Desk) -> None:
    text = "chat,at,text\n1,2024-02-01,b\n1,,c\n1,2024-01-31,a\n"
    (record,) = desk.read("chat.csv", text, group="chat", order="at")

    assert ["a", "b", "c"] == [row["text"] for row in record["rows"]]


def test_a_row_without_a_conversation_is_trouble_and_is_kept(desk: Desk) -> None:
    desk.lay("chat.csv", "chat,text\n1,a\n,b\n1,c\n")
    good, bad = desk.table("chat.csv", group="chat")

    assert bad["unread"].startswith("read.no-group The column that `group` names is empty")
    assert ("chat.csv:3", {"chat": "", "text": "b"}) == (bad["name"], json.loads(bad["raw"]))
    assert "chat.csv:2" == good["name"]


def test_troubles_keep_their_place_among_conversations(desk: Desk) -> None:
    desk.lay("chat.csv", "chat,text\n1,a\n1,b,c\n2,d\n")

    assert ["chat.csv:2", "chat.csv:3", "chat.csv:4"] == [row["name"] for row in desk.table("chat.csv", group="chat")]


def test_a_file_of_troubles_alone_is_gathered_too(desk: Desk) -> None:
    assert {"x.jsonl:1"} == set(desk.troubles("x.jsonl", "[1]\n", format="jsonl", group="chat"))


def test_keys_of_other_kinds_group_as_well(desk: Desk) -> None:
    text = '{"id": 1, "t": "a"}\n{"id": "1", "t": "b"}\n{"id": 1, "t": "c"}\n'
    records = desk.read("x.jsonl", text, group="id")

    assert [(1, 2), ("1", 1)] == [(record["id"], len(record["rows"])) for record in records]


def test_many_more_rows_than_the_spool_holds_at_once_come_together(desk: Desk) -> None:
    text = "chat,turn,text\n" + "".join(f"{n % 100},{n},t{n}\n" for n in range(10_000))
    records = desk.read("chat.csv", text, group="chat", order="turn")

    assert [100] * 100 == [len(record["rows"]) for record in records]
    assert all(
        [row["turn"] for row in r["rows"]] == [str(n) for n in range(int(r["chat"]), 10_000, 100)] for r in records
    )


def test_each_element_of_a_list_is_merged_over_its_parent(desk: Desk) -> None:
    text = '{"task": "add", "instances": [{"in": "1", "out": "2"}, {"in": "2", "out": "3"}]}\n'
    records = desk.read("x.jsonl", text, unfold="instances", format="jsonl")

    assert [{"task": "add", "in": "1", "out": "2"}, {"task": "add", "in": "2", "out": "3"}] == records
    assert ["x.jsonl:1#1", "x.jsonl:1#2"] == desk.names("x.jsonl", text, unfold="instances", format="jsonl")


def test_a_record_whose_list_is_empty_does_not_vanish(desk: Desk) -> None:
    troubles = desk.troubles(
        "x.jsonl", '{"task": "none", "instances": []}\n{"task": "x", "instances": 3}\n', unfold="instances"
    )

    assert {"x.jsonl:1", "x.jsonl:2"} == set(troubles)


def test_a_record_without_the_list_is_given_whole(desk: Desk) -> None:
    assert [{"task": "x"}] == desk.read("x.jsonl", '{"task": "x"}\n', unfold="instances", format="jsonl")


TREE = {
    "message_tree_id": "t",
    "prompt": {
        "text": "Hi",
        "role": "prompter",
        "replies": [
            {"text": "worse", "role": "assistant", "rank": 1, "replies": []},
            {"text": "better", "role": "assistant", "rank": 0, "replies": [{"text": "Thanks", "role": "prompter"}]},
        ],
    },
}


def test_every_path_of_a_message_tree_is_a_record_the_best_ranked_first(desk: Desk) -> None:
    records = desk.read("tree.jsonl", json.dumps(TREE), unfold="tree", format="jsonl")

    assert [["Hi", "better", "Thanks"], ["Hi", "worse"]] == [[m["text"] for m in r["messages"]] for r in records]
    assert {"t"} == {record["message_tree_id"] for record in records}


def test_the_best_path_alone_can_be_asked_for(desk: Desk) -> None:
    (record,) = desk.read("tree.jsonl", json.dumps(TREE), unfold="tree-best", format="jsonl")

    assert ["Hi", "better", "Thanks"] == [message["text"] for message in record["messages"]]


def test_a_record_that_is_no_tree_is_trouble(desk: Desk) -> None:
    assert {"x.jsonl:1"} == set(desk.troubles("x.jsonl", '{"a": 1}\n', unfold="tree", format="jsonl"))


def test_parts_can_be_grouped_again(desk: Desk) -> None:
    text = '{"chat": 1, "turns": [{"t": "a"}, {"t": "b"}]}\n{"chat": 1, "turns": [{"t": "c"}]}\n'
    (record,) = desk.read("x.jsonl", text, unfold="turns", group="chat", format="jsonl")

    assert ["a", "b", "c"] == [row["t"] for row in record["rows"]]
