"""Questions of evaluations are kept out of train and validation, and each row says which question it holds."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import PlanError
from pipeline.core.passages import Passages
from pipeline.core.word_hashes import example_words
from pipeline.core.words import words
from pipeline.decontaminate import Question, questions
from pipeline.decontaminate.search import Search
from tests.house.house import House

EXAM = (
    "Natalia sold clips to her friends in April, and then she sold half as many clips in May; how many clips did Natalia "
    "sell altogether in April and May?"
)
CHINESE = "小明有五个苹果，他把其中的两个给了他的妹妹，然后又从市场上买回来七个新鲜的苹果，请问小明现在一共有多少个苹果可以分给他的朋友们？"


def judged(house: House, *rows: str, exam: str = EXAM, **settings: object) -> dict[str, str]:
    """Build a dataset of these questions, and give the code of each row that was kept out for the exam."""
    house.write(
        exam_jsonl="".join(json.dumps({"id": 1, "question": text}) + "\n" for text in exam.split("\n")),
        faq_csv="question,answer\n" + "".join(f'"{row}","Answer {n} it is, my dear."\n' for n, row in enumerate(rows)),
    )
    against = [{"path": "exam.jsonl", "column": "question"}]
    house.build(decontaminate={"against": against, **settings}, moderation={"enabled": False}, dedupe={"near": False})
    return {
        line["name"]: reason["code"]
        for line in house.lines("rejected.jsonl")
        for reason in line["reasons"]
        if reason["code"].startswith("decontaminate.")
    }


@pytest.mark.parametrize(
    ("row", "exam", "code"),
    [
        (f"Please solve this. {EXAM.upper()} Think step by step.", EXAM, "decontaminate.words"),
        (EXAM.replace("clips", "pins").replace("friends", "aunts"), EXAM, None),
        (EXAM.replace("friends in", "neighbours in"), EXAM, "decontaminate.words"),
        (EXAM.replace("friends", "aunts").replace("as many clips", "as many pins").replace("altogether", "in all"), EXAM, None),
        (EXAM.replace("and then", "and later").replace("how many", "how much"), EXAM, "decontaminate.near"),
        ("who WROTE  hamlet?", "Who wrote Hamlet?", "decontaminate.exact"),
        ("Do you know who wrote Hamlet?", "Who wrote Hamlet?", None),
        (f"请回答：{CHINESE}", CHINESE, "decontaminate.words"),
        (CHINESE[:20], CHINESE, None),
        (CHINESE[:30] + "很多很多" + CHINESE[32:], CHINESE, "decontaminate.near"),
    ],
    ids=["inside", "many-changed", "one-changed", "three-changed", "two-changed", "short", "short-inside", "chinese", "a-part", "chinese-changed"],
)  # fmt: skip
def test_a_question_is_found_word_by_word_and_with_words_changed(
    house: House, row: str, exam: str, code: str | None
) -> None:
    assert ({"faq.csv:2": code} if code else {}) == judged(house, row, "Why is the sky blue?", exam=exam)


def test_a_row_says_where_the_question_stands(house: House) -> None:
    judged(house, EXAM, exam=f"Who wrote Hamlet?\n{EXAM}")

    (line,) = house.lines("rejected.jsonl")
    assert "exam.jsonl:2" in line["reasons"][0]["message"]
    assert "rejected" == line["fate"]


def test_longer_runs_and_no_near_ones_find_less(house: House) -> None:
    assert {} == judged(house, f"Please: {EXAM}", near=0.0, words=40)
    assert {"faq.csv:2": "decontaminate.exact"} == judged(house, EXAM, near=0.0, words=40)


def test_a_column_that_no_question_has_is_named_with_those_there_are(house: House) -> None:
    house.write(exam_csv="id,text\n1,Who?\n", faq_csv="question,answer\nHi,Hello\n")

    with pytest.raises(PlanError, match="`question`; they have id, text"):
        house.build(decontaminate={"against": [{"path": "exam.csv", "column": "question"}]})


def test_two_workers_find_what_one_finds(house: House) -> None:
    many = [f"What is the name of house number {n}?" for n in range(30)]
    known = questions([Question("exam:1", EXAM)], run_words=13, run_characters=50)

    again = pickle.loads(pickle.dumps(known))

    assert known.digest == again.digest
    assert {"faq.csv:32": "decontaminate.words"} == judged(house, *many, EXAM)


text = st.lists(st.sampled_from([*"abcdefgh", "你", "好"]), min_size=1, max_size=40).map(" ".join)


@given(asked=text, said=text, size=st.integers(2, 8))
def test_a_run_is_found_just_where_it_stands(asked: str, said: str, size: int) -> None:
    known = questions([Question("exam:1", asked)], run_words=size, run_characters=size)
    found = Search(known)(example_words([Passages("u", (said,), None)]), near=0.0)

    def runs(of: list[str]) -> set[tuple[str, ...]]:
        return {tuple(of[at : at + size]) for at in range(len(of) - size + 1)}

    one, other = words(asked), words(said)
    stands = bool(runs(one) & runs(other)) if len(one) >= size else one == other
    assert stands == bool(found)
