"""The gate: Great Expectations in a process of its own, asked once, answered in sentences."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.finding import Severity
from pipeline.report import gate as door
from pipeline.report.expectations import Gate, failed, warm
from pipeline.report.facts import DATASET, EXAMPLES, dataset_table, examples_table
from pipeline.report.model import ExpectationFacts
from pipeline.report.suite import Expectation, default_suite, load_suite
from pipeline.report.summary import summarise
from tests.report.stories import about, crowd, table, tokens

LIMITS = {"max_tokens": 65_536, "min_examples": 10}


def judge(facts: Any, *suite: Expectation, **parameters: float | None) -> tuple[ExpectationFacts, ...]:
    with Gate(suite) as gate:
        return gate.judge(facts, report=summarise(facts, about=about()), parameters=parameters)


def line(kind: str, table: str = "examples", severity: str = "error", **kwargs: Any) -> Expectation:
    return Expectation(f"expect_{kind}", kwargs, table, severity, "")


def test_the_default_suite_passes_a_sound_dataset() -> None:
    facts = table(*({"side": "train"} for _ in range(20)))

    with warm() as gate:
        results = gate.judge(facts, report=summarise(facts, about=about()), parameters=LIMITS)

    assert failed(results, at_least=Severity.INFO) == ()
    assert results[0].sentence == "Kept examples: 20; expected at least 10."


def test_the_default_suite_stops_a_bad_dataset() -> None:
    facts = table(*({"fate": "rejected"} for _ in range(20)), *({"tokens": tokens(70_000)} for _ in range(3)))

    with warm() as gate:
        results = gate.judge(facts, report=summarise(facts, about=about()), parameters=LIMITS)

    assert [r.column for r in failed(results)] == ["kept", "share_rejected", "tokens"]


def test_every_kind_of_answer_is_a_plain_sentence() -> None:
    facts = table(
        *({"tokens": tokens(n), "stratum": "a" if n % 2 else "b"} for n in range(1, 21)), {"fate": "rejected"}
    )

    results = judge(
        facts,
        line("column_max_to_be_between", column="tokens", max_value={"$PARAMETER": "max_tokens"}),
        line("column_values_to_be_between", column="tokens", min_value=3, max_value=100),
        line("column_mean_to_be_between", column="tokens", min_value=5, max_value=10),
        line("table_row_count_to_be_between", min_value=10),
        line("column_distinct_values_to_be_in_set", column="label", value_set=["a", "b", "c"]),
        line("column_values_to_be_between", "dataset", column="share_rejected", max_value=0.01),
        line("column_values_to_not_be_null", column="tokens"),
        line("column_pair_values_a_to_be_greater_than_b", column_A="tokens", column_B="trained_tokens", or_equal=True),
        max_tokens=65_536,
    )

    assert [r.sentence for r in results] == [
        "Largest tokens: 20; expected at most 65,536.",
        "Tokens: 2 of 20 do not fit; expected 3 to 100.",
        "Mean tokens: 10.5; expected 5 to 10.",
        "Kept examples: 20; expected at least 10.",
        "Label: met; expected one of 3 values.",
        "Share of rows rejected: 4.8%; expected at most 1%.",
        "Tokens: all 20 fit; expected a value for every example.",
        "Kept examples: all 20 fit; expected column pair values a to be greater than b.",
    ]
    assert [r.passed for r in results] == [True, False, False, True, True, False, True, True]


def test_a_limit_that_nobody_documents_leaves_its_expectation_unjudged() -> None:
    (result,) = judge(
        table({}),
        line("column_max_to_be_between", column="tokens", max_value={"$PARAMETER": "max_tokens"}),
        max_tokens=None,
    )

    assert result.passed is None
    assert result.sentence == "Largest tokens: not judged, `max_tokens` is not documented for this target."


def test_what_was_not_measured_is_not_judged_and_not_passed() -> None:
    share, flagged = judge(
        table({}),
        line("column_values_to_be_between", "dataset", column="share_flagged", max_value=0.0),
        line("column_values_to_be_in_set", column="is_flagged", value_set=[False]),
    )

    assert (share.passed, flagged.passed) == (None, None)


def test_a_mistake_in_an_expectation_fails_it_and_says_so() -> None:
    wrong, right = judge(
        table({}),
        line("column_max_to_be_between", column="tokens", max_value="many"),
        line("column_min_to_be_between", column="tokens", min_value=1),
    )

    assert (wrong.passed, right.passed) == (False, True)
    assert wrong.sentence.startswith("Largest tokens: not judged, ")


def test_a_type_that_does_not_fit_its_column_fails_alone() -> None:
    wrong, right = judge(
        table({"stratum": "a"}),
        line("column_mean_to_be_between", column="label", max_value=3),
        line("column_min_to_be_between", column="tokens", min_value=1),
    )

    assert (wrong.passed, right.passed) == (False, True)


def test_quantiles_which_great_expectations_cannot_write_are_answered_all_the_same() -> None:
    ranges = {"quantiles": [0.5], "value_ranges": [[1, 100]]}

    (result,) = judge(
        table({}, {}), line("column_quantile_values_to_be_between", column="tokens", quantile_ranges=ranges)
    )

    assert result.passed is True


def test_an_empty_dataset_is_judged_without_a_stumble() -> None:
    with warm() as gate:
        results = gate.judge(table(), report=summarise(table(), about=about()), parameters=LIMITS)

    assert "kept" in [r.column for r in failed(results)]


def test_a_parameter_may_stand_in_a_sum() -> None:
    (result,) = judge(
        table({}),
        line("column_max_to_be_between", column="tokens", max_value={"$PARAMETER": "max_tokens * 0.5"}),
        max_tokens=100,
    )

    assert result.sentence == "Largest tokens: 20; expected at most 50."


def test_the_answers_stand_in_the_order_of_the_suite() -> None:
    suite = load_suite(default_suite())
    facts = crowd(200)

    results = judge(facts, *suite, **LIMITS)

    assert [(e.type, e.column) for e in suite] == [(r.expectation, r.column) for r in results]


def test_rows_that_are_judged_before_the_rest_get_the_same_answers() -> None:
    facts = crowd(20_000)  # more than a pipe holds
    report = summarise(facts, about=about())
    with warm() as gate, warm() as ahead:
        ahead.begin(facts, parameters=LIMITS)
        at_once, later = (one.judge(facts, report=report, parameters=LIMITS) for one in (gate, ahead))

    assert at_once == later


def test_a_gate_that_has_begun_and_is_never_asked_goes_away_quietly() -> None:
    with warm() as gate:
        gate.begin(crowd(20_000), parameters=LIMITS)

    assert gate._process.returncode is not None


def test_a_gate_that_is_never_asked_goes_away_quietly() -> None:
    with warm() as gate:
        process = gate._process

    assert process.returncode is not None


def test_great_expectations_never_enters_this_process() -> None:
    judge(table({}), line("column_min_to_be_between", column="tokens", min_value=1))

    assert "great_expectations" not in sys.modules


@pytest.mark.parametrize("event", sorted(door.NETWORK))
def test_the_gate_refuses_every_way_out_of_the_machine(event: str) -> None:
    with pytest.raises(PermissionError, match="no network"):
        door.shut_network(event, ())


def test_the_gate_opens_no_socket() -> None:
    """The hook would raise inside the gate: an answer proves that nothing knocked."""
    (result,) = judge(table({}), line("column_min_to_be_between", column="tokens", min_value=1))

    assert result.passed is True


def test_a_gate_that_dies_is_a_bug_with_its_own_words() -> None:
    with Gate([line("column_min_to_be_between", column="tokens", min_value=1)]) as gate:
        gate._process.kill()
        with pytest.raises((RuntimeError, BrokenPipeError)):
            gate.judge(table({}), report=summarise(table({}), about=about()), parameters={})


def test_only_the_columns_of_the_suite_are_laid_out() -> None:
    assert examples_table(table({}), columns={"label", "tokens"}).column_names == ["tokens", "label"]


def test_every_column_has_words_and_values() -> None:
    facts = crowd(60)
    report = summarise(facts, about=about())

    assert list(EXAMPLES) == examples_table(facts, columns=EXAMPLES).column_names
    assert list(DATASET) == dataset_table(report).column_names
    assert report.fates.kept == dataset_table(report)["kept"][0].as_py()


def test_the_table_of_examples_holds_kept_rows_only() -> None:
    facts = table({"mended": ["a", "b"]}, {"fate": "rejected"})

    assert examples_table(facts, columns=["mended"])["mended"].to_pylist() == [2]


def test_warm_reads_the_suite_of_the_plan(tmp_path: Path) -> None:
    suite = tmp_path / "mine.json"
    suite.write_text(
        json.dumps(
            {
                "name": "mine",
                "expectations": [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 2}}],
            }
        )
    )

    with warm(suite) as gate:
        (result,) = gate.judge(table({}), report=summarise(table({}), about=about()), parameters={})

    assert result.sentence == "Kept examples: 1; expected at least 2."


def test_nothing_of_it_reaches_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    judge(table({}), line("column_min_to_be_between", column="tokens", min_value=1))

    assert capfd.readouterr() == ("", "")


def test_a_worker_that_holds_the_pipe_open_does_not_hang_the_gate() -> None:
    """Engines fork workers after the gate has started; each inherits the writing end of its pipe."""
    facts = table({})
    with Gate([line("column_min_to_be_between", column="tokens", min_value=1)]) as gate:
        assert gate._process.stdin is not None
        held = os.dup(gate._process.stdin.fileno())
        try:
            (result,) = gate.judge(facts, report=summarise(facts, about=about()), parameters={})
        finally:
            os.close(held)

    assert result.passed is True
