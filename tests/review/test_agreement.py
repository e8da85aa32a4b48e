"""Agreement with people: kappa by Cohen's formula, labels by name, and everything that was not judged counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import PlanError
from pipeline.review.agreement import Label, agreement, kappa, read_labels
from pipeline.review.rubric import load
from tests.review.bench import line
from tests.review.reviewer import verdict

RUBRICS = load(["safety", "instruction"])
SAFETY = RUBRICS[0]
ROWS = [line(f"question {number}", "BAD" if number % 3 == 0 else "Fine.") for number in range(9)]


def pairs(table):
    """Pairs of labels by a table of counts."""
    return [(str(i), str(j)) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]


@pytest.mark.parametrize(
    ("table", "value"),
    [
        pytest.param([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.492, id="Cohen's own example of 200 diagnoses"),
        pytest.param([[20, 5], [10, 15]], 0.4, id="two readers of fifty grants"),
        pytest.param([[45, 15], [25, 15]], 0.1304, id="same share, kappa low"),
        pytest.param([[25, 35], [5, 35]], 0.2593, id="same share, kappa higher"),
        pytest.param([[0, 5], [5, 0]], -1.0, id="always the other"),
        pytest.param([[5, 0], [0, 5]], 1.0, id="always equal"),
        pytest.param([[98, 1], [1, 0]], -0.0101, id="98 % equal and no better than chance"),
    ],
)
def test_kappa_is_what_the_literature_says(table, value):
    assert kappa(pairs(table)) == pytest.approx(value, abs=0.0006)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1))
def test_kappa_is_symmetric_at_most_one_and_one_just_when_all_is_equal(some):
    value = kappa(some)

    assert value == kappa([(b, a) for a, b in some])
    if value is None:
        assert len(set(some)) == 1
    else:
        assert -1 <= value <= 1
        assert (value == 1) == all(a == b for a, b in some)


def test_two_judges_who_only_ever_give_one_label_have_no_kappa():
    assert kappa([("safe", "safe")] * 5) is None
    assert kappa([]) is None


def test_labels_verdicts_and_what_was_not_judged_are_told_apart():
    labels = [Label(str(n), "safety", label) for n, label in enumerate(["safe", "unsafe", "unsafe", "safe"])]
    verdicts = {("0", "safety"): "safe", ("1", "safety"): "unsafe", ("2", "safety"): "safe", ("9", "safety"): "safe"}
    found = agreement(labels, verdicts, SAFETY)

    assert (found.examples, found.unjudged, found.missed, found.false_alarms) == (3, 1, 1, 0)
    assert found.agreement == pytest.approx(2 / 3)
    assert found.confusion == {"safe": {"safe": 1}, "unsafe": {"safe": 1, "unsafe": 1}}


def test_people_may_say_pass_or_fail_and_are_compared_by_that():
    labels = [Label("0", "safety", "fail"), Label("1", "safety", "safe")]
    found = agreement(labels, {("0", "safety"): "borderline", ("1", "safety"): "safe"}, SAFETY)

    assert (found.agreement, found.confusion) == (1.0, {"fail": {"fail": 1}, "pass": {"pass": 1}})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("name,label\na:1,safe\n", "no column 'rubric'", id="no column"),
        pytest.param(
            "name,rubric,label\na:1,safety,great\n", "labels.csv:2: a label that rubric safety has not", id="label"
        ),
        pytest.param(
            "name,rubric,label\na:1,safety,safe\na:1,safety,unsafe\n", "labels.csv:3: a second label", id="twice"
        ),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_not_quoted(text, sentence):
    with pytest.raises(PlanError, match=sentence) as told:
        read_labels(text, path="labels.csv", rubrics=RUBRICS)
    assert "great" not in str(told.value)


def test_a_spreadsheets_mark_and_capitals_are_understood_and_other_rubrics_left_out():
    text = "\ufeffLine,Rubric,Label\r\n5,safety,Safe\r\n5,tone,off\r\n"

    assert read_labels(text, path="", rubrics=RUBRICS) == [Label("5", "safety", "safe")]


def test_with_one_rubric_the_column_may_be_left_out():
    assert read_labels("name,label\na:1,safe\n", path="", rubrics=[SAFETY]) == [Label("a:1", "safety", "safe")]


def test_calibration_reviews_just_the_labelled_examples_and_tells_the_agreement(bench):
    here = bench()
    labels = [Label(f"train.jsonl:{n}", "safety", "unsafe" if n in (1, 2) else "safe") for n in range(1, 7)]
    reviewed = here.review(*ROWS, labels=labels)

    [found] = reviewed.review.agreement
    assert len(here.reviewer.asked) == reviewed.review.chosen == 6
    assert (found.examples, found.missed, found.false_alarms) == (6, 1, 1)


def test_an_example_that_is_held_is_not_counted_as_agreement(bench):
    here = bench(lambda told: "PASS" if "question 0" in str(told["value"]) else verdict(told))
    reviewed = here.review(*ROWS, labels=[Label("1", "safety", "safe"), Label("2", "safety", "safe")])

    [found] = reviewed.review.agreement
    assert (found.examples, found.unjudged, found.agreement) == (1, 1, 1.0)


@pytest.mark.parametrize("name", ["train.jsonl:99", "other.jsonl:1", "x"])
def test_a_label_for_no_example_is_named(bench, name):
    with pytest.raises(PlanError, match="not among the examples"):
        bench().review(*ROWS, labels=[Label(name, "safety", "safe")])


def test_a_short_name_that_two_files_share_is_not_guessed(bench):
    here = bench()
    (here.folder / "a").mkdir()
    (here.folder / "b").mkdir()
    files = [here.file(ROWS[0], name=f"{folder}/train.jsonl") for folder in "ab"]

    with pytest.raises(PlanError, match="in several files"):
        here.review(files=files, labels=[Label("train.jsonl:1", "safety", "safe")])
