"""The rules of the dataset as a whole: each has something to say of a bad one and nothing of a good one."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.check import Check, survey
from pipeline.core.facts import facts_of, repeated, with_lengths
from pipeline.core.rule import catalogue
from pipeline.core.settings import CheckSettings, RuleSettings
from pipeline.core.target import Limits
from tests.rules.samples import measured

NONE = Limits(min_examples=None)


def table(count, **columns):
    """Give the facts of so many plain examples, with the columns that matter replaced."""
    facts = {
        "name": pa.array([f"a.jsonl:{line}" for line in range(1, count + 1)], pa.string()),
        "roles": pa.array(["ua"] * count, pa.string()),
        "turns": pa.array([2] * count, pa.int32()),
        "images": pa.array([0] * count, pa.int32()),
        "trained_tokens": pa.array([9] * count, pa.int32()),
        "payload_bytes": pa.array([100] * count, pa.int64()),
    }
    return pa.table(facts | columns)


def said(facts, limits=NONE, **settings):
    return [(one.code, one.name) for one in survey(facts, CheckSettings(limits=limits, **settings))]


def chat(question, answer):
    return json.dumps({"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]})


def test_a_good_dataset_has_no_findings():
    kin = [f"{line}" for line in range(20)]

    assert said(table(20, content=kin, prompt=kin, group=kin, side=["train", "validation"] * 10), Limits()) == []


def test_an_empty_dataset_says_nothing_but_its_size():
    assert said(table(0), Limits()) == []
    assert said(table(0, fate=pa.array([], pa.string())), Limits()) == [("dataset.too-few", "dataset")]


@pytest.mark.parametrize("column", ["content", "prompt", "group", "side", "answer", "findings", "payload_bytes"])
def test_a_column_that_is_missing_silences_its_rules_and_breaks_none(column):
    facts = table(3, content=["a", "a", "b"], prompt=["a", "a", "b"], group=["a", "a", "b"], side=["train"] * 3)

    survey(facts.drop_columns([column]) if column in facts.column_names else facts, CheckSettings())


def test_facts_of_measured_rows_have_all_that_the_rules_need():
    rows = Check()(measured([chat("Hi", "Hello."), chat("Bye", "Bye.")]))
    facts = with_lengths(facts_of(rows), rows["payload"], method="sft")

    assert said(facts) == []
    assert facts["payload_bytes"].to_pylist() == [len(chat("Hi", "Hello.")) + 1, len(chat("Bye", "Bye.")) + 1]


@pytest.mark.parametrize(
    ("count", "limits", "code"),
    [
        pytest.param(9, Limits(), "dataset.too-few", id="the platform's least"),
        pytest.param(20, Limits(recommended_examples=50), "dataset.few", id="runs but teaches little"),
        pytest.param(20, Limits(max_examples=19), "dataset.too-many", id="the platform's most"),
        pytest.param(20, Limits(max_file_bytes=1_999), "dataset.too-large", id="a byte too much"),
    ],
)
def test_size_is_judged_by_the_limits(count, limits, code):
    assert said(table(count), limits) == [(code, "dataset")]


@pytest.mark.parametrize(
    ("count", "limits"),
    [(10, Limits()), (50, Limits(recommended_examples=50)), (20, Limits(max_examples=20, max_file_bytes=2_000))],
)
def test_a_size_at_the_limit_is_fine(count, limits):
    assert said(table(count), limits) == []


def test_validation_has_limits_of_its_own():
    facts = table(30, side=["train"] * 20 + ["validation"] * 10)

    assert said(facts, Limits(max_validation_examples=9)) == [("dataset.too-many", "dataset")]
    assert said(facts, Limits(max_validation_bytes=999)) == [("dataset.too-large", "dataset")]
    assert said(facts, Limits(max_validation_share=0.3)) == [("dataset.too-large", "dataset")]
    assert said(facts, Limits(max_validation_share=0.5)) == []


def test_too_small_a_validation_file_is_an_error_and_none_is_not():
    assert said(table(15, side=["train"] * 14 + ["validation"]), Limits()) == [("dataset.too-few", "dataset")]
    assert said(table(15, side=["train"] * 15), Limits()) == []


def test_rows_that_do_not_ship_do_not_count():
    facts = table(12, fate=["kept"] * 9 + ["rejected"] * 3)

    assert said(facts, Limits()) == [("dataset.too-few", "dataset")]


def test_images_are_counted_by_example():
    images = pa.array([3, 0, 1], pa.int32())

    assert said(table(3, images=images), Limits(min_examples=None, max_image_examples=1)) == [
        ("dataset.too-many", "dataset")
    ]
    assert said(table(3, images=images), Limits(min_examples=None, max_image_examples=2)) == []


def test_each_group_of_duplicates_is_told_once_at_its_first_place():
    facts = table(6, name=["b:1", "a:10", "a:9", "a:2", "a:3", "a:4"], content=["x", "x", "x", "y", "y", "z"])

    assert said(facts) == [("duplicates.exact", "a:2"), ("duplicates.exact", "a:9")]


def test_near_duplicates_are_told_beside_exact_ones_without_counting_twice():
    facts = table(4, content=["x", "x", "y", "z"], group=["g", "g", "g", "h"])
    near = [one for one in survey(facts, CheckSettings(limits=NONE)) if one.code == "duplicates.near"]

    assert [one.message for one in near] == ["1 near duplicate of this row."]


def test_the_same_example_in_train_and_validation_is_a_leak_and_no_duplicate():
    facts = table(3, content=["x", "x", "y"], side=["train", "validation", "validation"])

    assert said(facts) == [("duplicates.leak", "a.jsonl:2")]


def test_the_same_prompt_on_both_sides_is_a_leak_of_its_own():
    count = 12
    apart = [str(line) for line in range(count)]
    facts = table(count, content=apart, prompt=["p", "p", *apart[2:]], side=["train", "validation"] + ["train"] * 10)

    assert said(facts) == [("answers.contradict", "a.jsonl:1"), ("duplicates.prompt-leak", "a.jsonl:2")]


def test_different_answers_to_one_prompt_contradict_and_equal_ones_do_not():
    assert said(table(3, content=["a", "b", "c"], prompt=["p", "p", "q"])) == [("answers.contradict", "a.jsonl:1")]
    assert said(table(3, content=["a", "a", "c"], prompt=["p", "p", "q"])) == [("duplicates.exact", "a.jsonl:1")]


def test_near_equal_answers_do_not_contradict():
    facts = table(3, content=["a", "b", "c"], prompt=["p", "p", "q"], group=["g", "g", "h"])

    assert said(facts) == [("duplicates.near", "a.jsonl:1")]


def test_many_stories_for_one_instruction_are_a_style_and_no_contradiction():
    facts = table(20, content=[str(line) for line in range(20)], prompt=["write"] * 20)

    assert said(facts) == [("answers.one-prompt", "a.jsonl:1")]


def test_conversations_without_a_question_have_no_prompt_to_share():
    assert said(table(3, roles=["sa"] * 3, content=["a", "b", "c"], prompt=["p"] * 3)) == []


def test_some_system_prompts_are_told_and_all_or_none_are_not():
    assert said(table(3, roles=["sua", "ua", "ua"])) == [("dataset.mixed-system", "dataset")]
    assert said(table(3, roles=["sua", "dua", "sua"])) == []
    assert said(table(3, roles=["ua", "uaua", "ua"])) == []


def test_one_file_with_two_formats_is_told():
    rows = Check()(measured([chat("Hi", "Hello."), '{"prompt": "Hi", "completion": "Hello"}']))

    assert said(facts_of(rows)) == [("dataset.mixed-formats", "dataset")]
    assert said(facts_of(rows.slice(1))) == []


def test_one_answer_to_most_questions_is_told():
    answers = pa.array([1] * 15 + list(range(2, 7)), pa.uint64())

    assert said(table(20, answer=answers)) == [("dataset.one-answer", "dataset")]
    assert said(table(20, answer=pa.array(range(20), pa.uint64()))) == []


def test_labels_of_very_different_frequency_are_told():
    def counts(*numbers):
        return pa.array([label for label, number in enumerate(numbers) for _ in range(number)], pa.uint64())

    assert said(table(102, answer=counts(49, 49, 4))) == []
    assert said(table(102, answer=counts(50, 50, 2))) == [("dataset.label-imbalance", "dataset")]


def test_a_dataset_without_a_trained_token_is_an_error():
    assert said(table(3, trained_tokens=pa.array([0, 0, 0], pa.int32()))) == [("dataset.nothing-trained", "dataset")]
    assert said(table(3, trained_tokens=pa.nulls(3, pa.int32()))) == []


def pairs(better, worse, count=20):
    record = {
        "input": {"messages": [{"role": "user", "content": "Hi"}]},
        "preferred_output": [{"role": "assistant", "content": better}],
        "non_preferred_output": [{"role": "assistant", "content": worse}],
    }
    rows = measured([json.dumps(record)] * count, method="dpo")
    return with_lengths(facts_of(rows), rows["payload"], method="dpo")


@pytest.mark.parametrize(
    ("better", "worse", "is_told"), [("a" * 15, "b" * 10, True), ("a", "bb", True), ("aaaa", "bbb", False)]
)
def test_preferred_answers_of_another_length_are_told(better, worse, is_told):
    found = said(pairs(better, worse), Limits(method="dpo", min_examples=None))

    assert found == ([("dpo.length-bias", "dataset")] if is_told else [])


def test_few_pairs_have_no_bias():
    assert said(pairs("aaaa", "b", count=19), Limits(method="dpo", min_examples=None)) == []


def test_the_plan_selects_and_ranks_dataset_rules_as_well():
    facts = table(3, roles=["sua", "ua", "ua"])

    assert said(facts, Limits()) == [("dataset.too-few", "dataset"), ("dataset.mixed-system", "dataset")]
    assert said(facts, Limits(), rules=RuleSettings(ignore=("dataset.",))) == []
    ranked = survey(facts, CheckSettings(rules=RuleSettings(severity={"dataset.too-few": "info"})), name="train.jsonl")
    assert [(one.name, str(one.severity)) for one in ranked] == [("train.jsonl", "warning"), ("train.jsonl", "info")]


@given(st.lists(st.sampled_from("abc"), max_size=12), st.randoms(use_true_random=False))
def test_groups_do_not_depend_on_the_order_of_rows(keys, random):
    facts = table(len(keys), content=pa.array(keys, pa.string()))
    shuffled = facts.take(pa.array(random.sample(range(len(keys)), len(keys)), pa.int64()))

    def groups(rows):
        return [[rows["name"][int(row)].as_py() for row in group] for group in repeated(rows, "content")]

    assert groups(shuffled) == groups(facts)


def test_every_dataset_rule_is_told_of_here():
    text = Path(__file__).read_text(encoding="utf-8")

    assert all(code in text for code, rule in catalogue().items() if rule.survey)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2), st.booleans()), max_size=12))
def test_groups_are_asked_all_at_once_what_each_would_say(rows):
    keys, numbers, claims = ([row[place] for row in rows] for place in range(3))
    groups = repeated(table(len(keys), content=pa.array(keys, pa.string())), "content")
    told = [group.tolist() for group in groups]
    chosen = np.array([len(group) > 2 for group in told], dtype=bool)

    assert groups.sizes.tolist() == [len(group) for group in told]
    assert groups.first.tolist() == [group[0] for group in told]
    assert groups.distinct(np.array(numbers, np.int64)).tolist() == [len({numbers[r] for r in g}) for g in told]
    assert groups.has(np.array(claims, dtype=bool)).tolist() == [any(claims[r] for r in g) for g in told]
    assert [group.tolist() for group in groups.of(chosen)] == [group for group in told if len(group) > 2]
