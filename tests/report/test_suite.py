"""A suite on disk: every mistake is named before a row is read."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import PlanError
from pipeline.report.drift import DRIFT
from pipeline.report.suite import PARAMETERS, default_suite, drift_suite, known_types, load_suite


def suite(folder: Path, *lines: Any) -> Path:
    path = folder / "mine.json"
    path.write_text(json.dumps({"name": "mine", "expectations": lines}), encoding="utf-8")
    return path


def a_line(**changes: Any) -> dict[str, Any]:
    line = {"type": "expect_column_max_to_be_between", "kwargs": {"column": "tokens", "max_value": 9}, "meta": {}}
    return {**line, **changes}


def test_the_default_suite_is_sound_and_every_line_says_why() -> None:
    expectations = load_suite(default_suite())

    assert all(expectation.why.endswith(".") for expectation in expectations)
    assert {name for e in expectations for name in e.parameters()} <= set(PARAMETERS)


def test_the_suite_of_drift_is_sound_and_asks_about_every_column_that_can_be_compared() -> None:
    expectations = load_suite(drift_suite())

    assert all(expectation.why.endswith(".") for expectation in expectations)
    assert {"prompt_tokens_p95"} == set(DRIFT) - {e.column for e in expectations}


def test_a_bound_of_drift_is_no_parameter_of_another_table(tmp_path: Path) -> None:
    wrong = a_line(kwargs={"column": "tokens", "max_value": {"$PARAMETER": "kept_most"}})

    with pytest.raises(PlanError, match="unknown parameter `kept_most`"):
        load_suite(suite(tmp_path, wrong))


def test_a_line_without_meta_is_an_error_about_the_examples(tmp_path: Path) -> None:
    (expectation,) = load_suite(suite(tmp_path, {k: v for k, v in a_line().items() if k != "meta"}))

    assert (expectation.table, expectation.severity, expectation.column) == ("examples", "error", "tokens")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        pytest.param(
            a_line(type="expect_column_max_to_be"),
            "Did you mean `expect_column_max_to_be_between`?",
            id="a type misspelt",
        ),
        pytest.param(
            a_line(kwargs={"column": "tokns"}),
            "the table `examples` has no column `tokns`. Did you mean `tokens`?",
            id="a column misspelt",
        ),
        pytest.param(a_line(kwargs={"column": "kept"}), "no column `kept`", id="a column of the other table"),
        pytest.param(a_line(kwargs={"column_list": ["tokens", "no"]}), "no column `no`", id="one of several columns"),
        pytest.param(
            a_line(meta={"table": "rows"}), "`meta.table` is one of examples, dataset, drift.", id="a table we lack"
        ),
        pytest.param(
            a_line(meta={"severity": "critical"}),
            "`meta.severity` is one of info, warning, error.",
            id="another's severity",
        ),
        pytest.param(
            a_line(kwargs={"column": "tokens", "max_value": {"$PARAMETER": "max_token * 2"}}),
            "unknown parameter `max_token`. Did you mean `max_tokens`?",
            id="a parameter misspelt",
        ),
        pytest.param({"kwargs": {}}, "no `type`", id="no type"),
        pytest.param("expect_nothing", "no `type`", id="not an object"),
        pytest.param(a_line(kwargs=[1]), "`kwargs` and `meta` are objects.", id="kwargs of another kind"),
    ],
)
def test_a_mistake_is_named_with_the_nearest_right_word(line: Any, sentence: str, tmp_path: Path) -> None:
    path = suite(tmp_path, a_line(), line)

    with pytest.raises(PlanError) as error:
        load_suite(path)

    assert str(error.value).startswith(f"{path}: expectation 2: ")
    assert sentence in str(error.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(PlanError) as error:
        load_suite(suite(tmp_path, a_line(type="expect_x"), a_line(meta={"table": "y"})))

    assert len(str(error.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("{", "not a suite in JSON", id="broken"),
        pytest.param("[]", "no list of `expectations`", id="a list"),
        pytest.param('{"expectations": {}}', "no list of `expectations`", id="an object of expectations"),
    ],
)
def test_a_file_of_another_kind_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "suite.json"
    path.write_text(text)

    with pytest.raises(PlanError, match=sentence):
        load_suite(path)


def test_a_suite_that_is_not_there_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"Leave `expect\.suite` out"):
        load_suite(tmp_path / "none.json")


def test_the_names_of_great_expectations_are_known_without_loading_it() -> None:
    assert {"expect_column_values_to_be_between", "expect_table_row_count_to_be_between"} <= known_types()
