"""An answer of Great Expectations as one sentence: what was found, what was expected."""

from collections.abc import Callable
from typing import Any, Final

from pipeline.report.figures import count, share
from pipeline.report.suite import TABLES, Expectation

MEASURES: Final = {
    "max": "largest",
    "min": "smallest",
    "mean": "mean",
    "median": "median",
    "sum": "sum",
    "stdev": "standard deviation",
}


def sentence(expectation: Expectation, answer: Any, problem: str | None, *, value: float | None = None) -> str:
    """Say it in words; `value` is the only value of a column of the table `dataset`."""
    subject = _subject(expectation)
    if problem is not None:
        return f"{subject}: not judged, {problem}."
    wanted = _wanted(expectation, answer["kwargs"])
    found = _found(expectation, answer, value)
    return f"{subject}: {found}; expected {wanted}." if wanted else f"{subject}: {found}."


def _subject(expectation: Expectation) -> str:
    column = expectation.column
    if column is None:
        words = "kept examples" if expectation.table == "examples" else "dataset"
    else:
        words = TABLES[expectation.table][column]
    for measure, word in MEASURES.items():
        if expectation.table == "examples" and expectation.type.startswith(f"expect_column_{measure}_"):
            words = f"{word} {words}"
    return words[0].upper() + words[1:]


def _wanted(expectation: Expectation, kwargs: dict[str, Any]) -> str:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    number = _number_of(expectation)
    if low is not None and high is not None:
        return f"{number(low)} to {number(high)}"
    if low is not None:
        return f"{'more than' if kwargs.get('strict_min') else 'at least'} {number(low)}"
    if high is not None:
        return f"{'less than' if kwargs.get('strict_max') else 'at most'} {number(high)}"
    if "value_set" in kwargs:
        return f"one of {len(kwargs['value_set'])} values"
    if expectation.type.endswith("to_not_be_null"):
        return "a value for every example"
    return expectation.type.removeprefix("expect_").replace("_", " ")


def _found(expectation: Expectation, answer: Any, value: float | None) -> str:
    result, number = answer["result"], _number_of(expectation)
    if value is not None:
        return number(value)
    observed = result.get("observed_value")
    if isinstance(observed, int | float):
        return number(observed)
    if result.get("element_count"):
        wrong, seen = result["unexpected_count"], result["element_count"]
        return f"{count(wrong)} of {count(seen)} do not fit" if wrong else f"all {count(seen)} fit"
    return "met" if answer["success"] else "not met"


def _number_of(expectation: Expectation) -> Callable[[float], str]:
    """Give the way in which its numbers are written: shares as per cent."""
    is_share = (expectation.column or "").startswith("share_") or "proportion" in expectation.type
    return share if is_share else count
