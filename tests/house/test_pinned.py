"""A pinned validation set is the validation file, and what repeats it is not trained on."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import SourceError
from tests.house.house import House

QUESTION = "our train to the north was late again and nobody at the station could tell us when the next one would leave"
ANSWER = (
    "I am sorry to hear that; write to the office with your ticket and they will send the money back within a month"
)


def chat(question: str, answer: str) -> str:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns}, separators=(",", ":")) + "\n"


def pinned(house: House, *lines: str, csv: str, **dedupe: object) -> House:
    house.write(pinned_jsonl="".join(lines), faq_csv=f"question,answer\n{csv}")
    house.build(split={"validation": "pinned.jsonl"}, dedupe=dedupe, moderation={"enabled": False})
    return house


def test_the_pinned_lines_are_the_validation_file_byte_for_byte(house: House) -> None:
    lines = [chat("Who are you?", "A tuner of pianos."), chat("who are you", "A tuner of  pianos.")]

    pinned(house, *lines, csv="".join(f"What is {n}?,It is the number {n}.\n" for n in range(50)))

    assert sorted(lines) == sorted(house.read("validation.jsonl").decode().splitlines(keepends=True))
    assert 50 == len(house.lines("train.jsonl"))


@pytest.mark.parametrize("keep", ["one", "all"])
def test_what_repeats_a_pinned_line_is_a_duplicate_of_it(house: House, keep: str) -> None:
    rows = f'"{QUESTION.upper()}","{ANSWER}"\n"{QUESTION.replace("late", "slow")}","{ANSWER}"\nWhy?,Because of it.\n'

    pinned(house, chat(QUESTION, ANSWER), csv=rows, keep=keep)

    assert {"faq.csv:2": "duplicate", "faq.csv:3": "duplicate"} == house.fates()
    assert ["pinned.jsonl:1"] * 2 == [line["twin"] for line in house.lines("rejected.jsonl")]


def test_every_pinned_line_keeps_its_own_near_twins_out(house: House) -> None:
    """Two pinned lines that are near twins of each other: what is like only the second is kept out too."""
    second = QUESTION.replace("late", "slow").replace("north", "south")
    third = second.replace("nobody", "no-one").replace("leave", "start")

    pinned(house, chat(QUESTION, ANSWER), chat(second, ANSWER), csv=f'"{third}","{ANSWER}"\nWhy?,Because of it.\n')

    assert {"faq.csv:2": "duplicate"} == house.fates()
    assert 2 == len(house.lines("validation.jsonl"))


def test_what_asks_the_same_and_answers_otherwise_is_rejected_with_the_pinned_line(house: House) -> None:
    pinned(house, chat("Who are you?", "A tuner of pianos."), csv="who are you?,Nobody in particular.\nWhy?,So.\n")

    (line,) = house.lines("rejected.jsonl")
    assert ("faq.csv:2", "rejected") == (line["name"], line["fate"])
    assert "split.pinned" in {reason["code"] for reason in line["reasons"]}
    assert any("pinned.jsonl:1" in reason["message"] for reason in line["reasons"])


def test_a_flawed_pinned_line_is_rejected_and_holds_nobody_back(house: House) -> None:
    flawed = '{"messages":[{"role":"user","content":"Why?"}]}\n'

    pinned(house, flawed, chat("Who?", "You, of course."), csv="Why?,Because it is so.\n")

    assert {"pinned.jsonl:1": "rejected"} == house.fates()
    assert 1 == len(house.lines("train.jsonl"))


def test_a_pinned_file_that_is_not_there_is_named(house: House) -> None:
    house.write(faq_csv="question,answer\nHi,Hello\n")

    with pytest.raises(SourceError, match=r"pinned\.jsonl"):
        house.build(split={"validation": "pinned.jsonl"})


words = st.lists(st.sampled_from(QUESTION.split()), min_size=1, max_size=12).map(" ".join)


@settings(max_examples=15, deadline=None)
@given(
    own=st.lists(st.tuples(words, words), min_size=1, max_size=4), more=st.lists(st.tuples(words, words), max_size=8)
)
def test_no_turns_of_a_pinned_line_are_trained_on(
    tmp_path_factory: pytest.TempPathFactory, own: list[tuple[str, str]], more: list[tuple[str, str]]
) -> None:
    root: Path = tmp_path_factory.mktemp("pinned")
    rows = "".join(f"{question},{answer}\n" for question, answer in [*more, *own])

    house = pinned(House(root), *(chat(*one) for one in own), csv=rows)

    asked = {line["messages"][0]["content"].lower() for line in house.lines("validation.jsonl")}
    assert asked.isdisjoint(line["messages"][0]["content"].lower() for line in house.lines("train.jsonl"))
    assert len(house.lines("validation.jsonl")) + sum(name.startswith("pinned") for name in house.fates()) == len(own)
