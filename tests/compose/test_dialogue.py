"""Dialogues: rows, lists and transcripts become turns; what is cut, merged or left out is noted."""

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compose import Compose, recipes
from pipeline.core import columns


def compose(record: Any, **settings: Any) -> dict:
    stage = Compose({"s": recipes()["dialogue"].settings.model_validate(settings)})
    row = {"name": ["f:1"], "source": ["s"], "record": [json.dumps(record)], "raw": [None], "unread": [None]}
    return stage(pa.table(row, schema=columns.READ)).select(columns.COMPOSE.names).to_pylist()[0]


def talk(record: Any, **settings: Any) -> tuple[str, list[str]]:
    """Give the conversation as a transcript, and the notes."""
    row = compose(record, **settings)
    assert row["trouble"] is None, row["trouble"]
    return "\n".join(f"{m['role']}: {m['content']}" for m in json.loads(row["payload"])["messages"]), row["mended"]


def rows(*turns: tuple[str, str]) -> dict:
    return {"id": 7, "rows": [{"role": role, "content": content, "tone": "Be kind."} for role, content in turns]}


def test_gathered_rows_become_a_conversation() -> None:
    record = rows(("customer", "Hi"), ("agent", "Hello"))

    assert talk(record) == ("user: Hi\nassistant: Hello", [])


def test_speakers_are_mapped_whatever_their_case() -> None:
    record = {"rows": [{"who": "ANNA", "says": "Hi"}, {"who": "Ben ", "says": "Hello"}]}

    assert talk(record, role="who", content="says", speakers={"anna": "user", "ben": "assistant"})[0] == (
        "user: Hi\nassistant: Hello"
    )


def test_a_system_column_is_taken_from_the_first_row() -> None:
    record = rows(("user", "Hi"), ("assistant", "Hello"))

    assert talk(record, system_column="tone")[0].startswith("system: Be kind.\n")


def test_consecutive_turns_of_one_speaker_are_joined_and_noted() -> None:
    record = rows(("user", "Hi"), ("user", "there"), ("assistant", "Hello"))

    assert talk(record) == ("user: Hi\nthere\nassistant: Hello", ["merged-turns"])
    assert talk(record, merge=False) == ("user: Hi\nuser: there\nassistant: Hello", [])


def test_trailing_user_turns_are_cut_and_noted() -> None:
    record = rows(("user", "Hi"), ("assistant", "Hello"), ("user", "Bye"))

    assert talk(record) == ("user: Hi\nassistant: Hello", ["trailing-user-turn"])
    assert talk(record, trailing="keep") == ("user: Hi\nassistant: Hello\nuser: Bye", [])


def test_a_conversation_that_the_assistant_opens_is_kept_cut_or_given_an_opening() -> None:
    record = rows(("system", "S"), ("agent", "Welcome"), ("user", "Hi"), ("agent", "Hello"))

    assert talk(record)[0] == "system: S\nassistant: Welcome\nuser: Hi\nassistant: Hello"
    assert talk(record, leading="drop") == ("system: S\nuser: Hi\nassistant: Hello", ["leading-assistant-turn"])
    assert talk(record, opening="(calls)")[0].startswith("system: S\nuser: (calls)\nassistant: Welcome")
    assert talk(record, opening="(calls)")[1] == ["opening"]


def test_no_assistant_turn_is_ever_invented() -> None:
    customers_only = rows(("customer", "Hi"), ("customer", "Anyone?"))
    questions_only = {"turns": ["Write a post.", "Now shorter."]}

    assert compose(customers_only)["trouble"].startswith("compose.no-answer")
    assert compose(questions_only, turns="turns")["trouble"] == (
        "compose.shape Turn 1 is not an object; expected a speaker and a text, or `alternate`."
    )


def test_a_list_of_texts_alternates_where_the_plan_says_so() -> None:
    record = {"turns": ["Hi", "Hello", "Bye", "See you"]}

    assert talk(record, turns="turns", alternate=True)[0] == (
        "user: Hi\nassistant: Hello\nuser: Bye\nassistant: See you"
    )


def test_speakers_may_be_skipped_and_everyone_else_named_by_a_star() -> None:
    record = rows(("bot", "ad"), ("Zoe", "Hi"), ("agent", "Hello"))

    assert talk(record, speakers={"bot": "skip", "*": "user"}) == ("user: Hi\nassistant: Hello", ["other-speakers"])


def test_empty_turns_are_left_out_and_noted() -> None:
    record = rows(("user", "Hi"), ("assistant", "  "), ("assistant", "Hello"))

    assert talk(record) == ("user: Hi\nassistant: Hello", ["empty-turns"])


@pytest.mark.parametrize(
    ("text", "expected", "notes"),
    [
        pytest.param("User: Hi\nAgent: Hello", "user: Hi\nassistant: Hello", [], id="labels on lines"),
        pytest.param("User: Hi\r\nAgent: Hello\r\n", "user: Hi\nassistant: Hello", [], id="lines of Windows"),
        pytest.param("Q: Why?\nA: One.\nTwo.\n\nThree.", "user: Why?\nassistant: One.\nTwo.\n\nThree.", [], id="turns of several lines"),
        pytest.param("User: see\nNote: this\nAgent: ok", "user: see\nNote: this\nassistant: ok", [], id="a colon that is no speaker"),
        pytest.param("User: http://x.de\nAgent: 10:30", "user: http://x.de\nassistant: 10:30", [], id="colons inside"),
        pytest.param("Chat 7\nUser: Hi\nAgent: Hello", "user: Hi\nassistant: Hello", ["preamble"], id="text before the first speaker"),
        pytest.param("User: Hi\nAgent: Hello\nUser", "user: Hi\nassistant: Hello", ["cut-label"], id="a label cut at the end"),
        pytest.param("\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: a\n\nb\n\nAssistant: c", "user: Hi\nassistant: Hello\nuser: a\n\nb\nassistant: c", [], id="blocks"),
        pytest.param("\n\nHuman: He wrote:\nAssistant: no\n\nAssistant: Hello", "user: He wrote:\nAssistant: no\nassistant: Hello", [], id="a label inside a block"),
        pytest.param("用户：你好\n助手：您好", "user: 你好\nassistant: 您好", [], id="Chinese"),
        pytest.param("Cliente: ¿Sí?\nAgente: No.", "user: ¿Sí?\nassistant: No.", [], id="Spanish"),
    ],
)  # fmt: skip
def test_a_transcript_is_taken_apart(text: str, expected: str, notes: list[str]) -> None:
    assert talk({"text": text}, transcript="text") == (expected, notes)


def test_numbered_users_are_named_by_the_plan() -> None:
    text = "User 1: Hi!\nUser 2: Hello!\nUser 1: Bye\nUser "

    turns, notes = talk({"text": text}, transcript="text", speakers={"User 1": "user", "User 2": "assistant"})

    assert turns == "user: Hi!\nassistant: Hello!"
    assert notes == ["cut-label", "trailing-user-turn"]


IRC = """[09:14] <ann> how do I mount it?
[09:14] === zed [n=z@host] has joined #help
[09:15] <bob> sudo mount /dev/sda1
[09:15] <zed> hi all
[09:16] <ann> thanks
[09:17] <bob> np: any time
"""


def test_of_an_irc_log_the_two_who_speak_most_are_kept() -> None:
    turns, notes = talk({"text": IRC}, transcript="text", pick="busiest-two")

    assert turns == "user: how do I mount it?\nassistant: sudo mount /dev/sda1\nuser: thanks\nassistant: np: any time"
    assert notes == ["notices", "other-speakers"]


def test_of_an_irc_log_the_named_are_kept() -> None:
    turns, _ = talk({"text": IRC}, transcript="text", speakers={"bob": "assistant", "zed": "user", "*": "skip"})

    assert turns == "assistant: sudo mount /dev/sda1\nuser: hi all\nassistant: np: any time"


said_texts = st.text(alphabet="ab c.\n", min_size=1).map(str.strip).filter(bool)


@given(st.lists(st.tuples(st.sampled_from(["User", "Agent"]), said_texts), min_size=1, max_size=6))
def test_a_transcript_written_down_is_read_back(turns: list[tuple[str, str]]) -> None:
    from pipeline.compose.transcript import take_apart

    text = "\n".join(f"{speaker}: {said}" for speaker, said in turns)

    assert [tuple(line) for line in take_apart(text, form="lines", speakers=("user", "agent")).lines] == turns


@given(text=st.text(alphabet="UserAgnt12: \n\r[0:9]<>=*：é"), form=st.sampled_from(["auto", "lines", "blocks", "irc"]))
def test_no_transcript_whatever_breaks_the_recipe(text: str, form: str) -> None:
    row = compose({"text": text}, transcript="text", form=form, speakers={"*": "user"})

    assert (row["payload"] is None) != (row["trouble"] is None)
