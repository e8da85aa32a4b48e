"""The notebook's numbers come out where its formula is asked for."""

import json

import pytest

from pipeline.measure.cookbook import PER_EXAMPLE, PER_MESSAGE, cookbook, cookbook_epochs
from pipeline.measure.counter import oracle


def _line(*turns: dict[str, object]) -> str:
    return json.dumps({"messages": turns})


def test_tokens_are_three_a_message_one_a_name_and_three_an_example() -> None:
    found = cookbook(
        [_line({"role": "user", "name": "Ann", "content": "Hi there"}, {"role": "assistant", "content": "Hello"})]
    )

    texts = oracle("cl100k_base").counts(["user", "Ann", "Hi there", "assistant", "Hello"]).sum()
    assert found.tokens.mean == texts + 2 * PER_MESSAGE + 1 + PER_EXAMPLE
    assert (found.assistant_tokens.most, found.without_system, found.without_user) == (1, 1, 0)


def test_what_the_notebook_stops_at_counts_nothing() -> None:
    found = cookbook([_line({"role": "assistant", "content": None, "weight": 1, "tool_calls": []})])

    assert (found.examples, found.tokens.most) == (1, PER_EXAMPLE + PER_MESSAGE + 1)


def test_what_is_no_object_is_no_example() -> None:
    found = cookbook([_line({"role": "user", "content": "Hi"}), "[]", "no json", None])

    assert (found.examples, found.unreadable) == (1, 3)


def test_long_examples_are_billed_up_to_the_limit() -> None:
    found = cookbook([_line({"role": "user", "content": "banana " * 100})], max_tokens=50)

    assert (found.too_long, found.billable_tokens, found.billable_tokens_in_all) == (1, 50, 50 * 25)


@pytest.mark.parametrize(
    ("examples", "epochs"),
    [(0, 3), (1, 25), (5, 20), (10, 10), (12, 8), (33, 3), (34, 3), (8333, 3), (8334, 2), (12501, 1), (10**6, 1)],
)
def test_epochs_follow_the_notebooks_rule(examples: int, epochs: int) -> None:
    assert cookbook_epochs(examples) == epochs
