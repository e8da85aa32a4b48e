"""A review asks each question once, says what is known, and never takes the unknown for a pass."""

import json
import time
from decimal import Decimal

import pytest

from pipeline.core.errors import PlanError, TunesetError
from pipeline.review.rubric import files
from tests.moderation.standin import error
from tests.review.bench import line
from tests.review.reviewer import verdict

TEN = [line(f"question {number}", "BAD" if number == 3 else "Fine.") for number in range(10)]
ABOUT = {"tone": "Warm and short, no jokes."}


def test_every_example_has_a_result_and_the_flawed_one_is_a_finding_at_its_place(bench):
    here = bench()
    reviewed = here.review(*TEN)

    assert here.states() == ["failed" if number == 3 else "passed" for number in range(10)]
    [finding] = reviewed.findings
    assert finding.name.endswith("train.jsonl:4")
    assert (finding.code, str(finding.severity)) == ("review.safety", "error")


@pytest.mark.parametrize("rubric", sorted(files()))
def test_every_rubric_of_ours_is_asked_in_the_published_shape_and_understood(bench, rubric):
    here = bench()
    reviewed = here.review(*TEN[:2], rubrics=(rubric,), settings={"about": ABOUT})

    assert reviewed.review.rubrics[0].passed == 2


def test_a_second_review_asks_nothing_and_says_the_same(bench):
    here = bench()
    here.review(*TEN, rubrics=("safety", "instruction"))
    before, told = here.output.read_bytes(), sum(here.reviewer.asked.values())
    again = here.review(rubrics=("safety", "instruction")).review

    assert (again.asked, again.from_cache, again.requests) == (0, 20, 0)
    assert again.cost.spent_usd == "0"
    assert (here.output.read_bytes(), sum(here.reviewer.asked.values())) == (before, told)


def test_only_what_is_new_is_asked(bench):
    here = bench()
    here.review(*TEN[:6])
    again = here.review(*TEN, line("new")).review

    assert (again.asked, again.from_cache) == (5, 6)
    assert set(here.reviewer.asked.values()) == {1}


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({"model": "other"}, 2),
        ({"temperature": "default"}, 2),
        ({"concurrency": 1}, 0),
        ({"max_output_tokens": 900}, 0),
    ],
)
def test_another_reviewer_is_another_question_and_another_pace_is_not(bench, change, asked):
    here = bench()
    here.review(*TEN[:2])

    assert here.review(settings=change).review.asked == asked


def test_another_description_of_the_brand_is_another_question(bench):
    here = bench()
    here.review(*TEN[:2], rubrics=("tone",), settings={"about": ABOUT})
    again = here.review(rubrics=("tone",), settings={"about": {"tone": "Formal."}})

    assert again.review.asked == 2


def test_the_same_example_twice_is_asked_once_and_told_twice(bench):
    here = bench()
    reviewed = here.review(TEN[3], TEN[3], TEN[0])

    assert (reviewed.review.asked, len(reviewed.findings)) == (2, 2)


def test_a_sample_is_the_same_wherever_its_examples_stand(bench):
    here = bench()
    first = here.review(*TEN, settings={"sample": 4}).review
    here.review(*reversed(TEN), settings={"sample": 4})

    assert (first.chosen, len(here.reviewer.asked)) == (4, 4)


def test_lines_that_are_no_example_are_counted_and_not_sent(bench):
    here = bench()
    reviewed = here.review(TEN[0], "{broken", "[1]", "", TEN[1])

    assert (reviewed.review.examples, reviewed.review.unreadable) == (2, 2)
    assert [one["name"][-13:] for one in here.results()] == ["train.jsonl:1", "train.jsonl:5"]


def test_the_source_text_goes_with_its_example(bench):
    here = bench()
    here.review(*TEN[:2], rubrics=("facts",), sources={"train.jsonl:2": "The source says 7."})

    told = [json.loads(asked.partition(" ")[2]) for asked in here.reviewer.asked]
    assert sorted(one.get("source", "") for one in told) == ["", "The source says 7."]


def test_a_label_that_says_there_was_nothing_to_judge_is_neither_pass_nor_fail(bench):
    reviewed = bench(lambda told: verdict(told, "no-source")).review(TEN[0], rubrics=("facts",))

    count = reviewed.review.rubrics[0]
    assert (count.passed, count.failed, count.held, count.not_applicable) == (0, 0, 0, 1)


def test_a_reviewer_that_cannot_tell_holds_the_example_and_is_not_asked_again(bench):
    here = bench(lambda told: verdict(told, "cannot-tell"))
    here.review(TEN[0])

    assert here.review().review.asked == 0
    assert here.results()[0]["why"] == "the reviewer could not tell"


def test_the_printed_review_quotes_neither_data_nor_reason(bench):
    from pipeline.review.face import text

    here = bench(lambda told: verdict(told, "unsafe", reason="It says: a telling text."))
    reviewed = here.review(line("a telling text"))

    shown = text(reviewed.review, reviewed.findings) + reviewed.review.model_dump_json() + " ".join(here.progress.notes)
    assert "telling" not in shown
    assert "a telling text" in here.results()[0]["reason"]
    assert here.output.stat().st_mode & 0o077 == 0


def test_the_estimate_is_told_before_and_asks_nothing(bench):
    here = bench()
    reviewed = here.review(*TEN, is_estimate=True, output=None, settings={"budget_usd": None})

    assert not here.reviewer.asked
    assert 0 < Decimal(reviewed.review.cost.expected_usd) < Decimal(reviewed.review.cost.most_usd)
    assert here.progress.notes[0].startswith("10 of 10 questions to ask: about")


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        pytest.param({"settings": {"budget_usd": None}}, "no budget", id="budget"),
        pytest.param({"settings": {"input_usd_per_million_tokens": None}}, "--price 0.40/1.60", id="price"),
        pytest.param({"api_key": None, "base_url": None}, "OPENAI_API_KEY: not set", id="key"),
    ],
)
def test_nothing_is_asked_before_price_budget_and_key_are_known(bench, missing, sentence):
    with pytest.raises(TunesetError, match=sentence) as told:
        bench().review(TEN[0], **missing)
    assert told.value.exit_code == 2


def test_a_brand_that_is_not_described_is_asked_for():
    from pipeline.review.rubric import load

    with pytest.raises(PlanError, match=r"\[review\.about\]"):
        load(["tone"])


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        pytest.param(error(401, "invalid_api_key"), "does not take the key", id="wrong key"),
        pytest.param(error(404, "model_not_found"), "no model 'stand-in'", id="no such model"),
        pytest.param(error(400, None, param="response_format"), "JSON by a schema", id="no structured output"),
        pytest.param(error(400, None, param="temperature"), 'review.temperature = "default"', id="temperature"),
    ],
)
def test_a_wrong_set_up_is_told_at_once_with_what_to_do(bench, reply, sentence):
    here = bench()
    here.reviewer.trouble = lambda told: reply

    with pytest.raises(TunesetError, match=sentence) as told:
        here.review(*TEN, settings={"concurrency": 1})
    assert told.value.exit_code == 2
    assert sum(here.reviewer.asked.values()) == 1


def test_five_hundred_questions_take_seconds(bench):
    here = bench()
    began = time.monotonic()
    reviewed = here.review(*(line(f"question {number}") for number in range(500)), settings={"concurrency": 32})

    assert reviewed.review.rubrics[0].passed == 500
    assert time.monotonic() - began < 60
