"""What fuzzing found (bench/fuzz.py): each once a crash, or a flaw that nobody was told of."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.core.example import DEEPEST, Example
from pipeline.core.settings import RuleSettings
from pipeline.core.target import Limits
from pipeline.fix.repair import mended, repairs
from pipeline.measure.shape import count_keys, shape
from pipeline.preflight import check_examples
from pipeline.rules.json_text import invalid

ROWS_ALONE = RuleSettings(ignore=("dataset.", "duplicates."))
CONTENT = '{"messages":[{"role":"user","content":%s},{"role":"assistant","content":"Hello"}]}'
SCHEMA = '{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}],"tools":[{"type":"function","function":{"name":"f","parameters":%s}}]}'  # fmt: skip
AROUND_CONTENT = 3
"""Levels in CONTENT around the content."""


def lists(levels: int) -> str:
    return "[" * levels + "]" * levels


def objects(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


def codes(*lines: str) -> set[str]:
    return {finding.code for finding in check_examples(lines, rules=ROWS_ALONE).findings}


def deep_in_the_stack(frames: int, do: Callable[[], Any]) -> Any:
    return deep_in_the_stack(frames - 1, do) if frames else do()


@pytest.mark.parametrize("frame", [CONTENT, SCHEMA])
@pytest.mark.parametrize("nested", [lists, objects])
@pytest.mark.parametrize("levels", [100, 300, 490, 600, 990, 5_000, 100_000])
def test_nesting_of_any_depth_is_a_finding_and_no_crash(frame: str, nested: Callable[[int], str], levels: int) -> None:
    found = codes(frame % nested(levels))

    assert found
    assert ("json.invalid" in found) == (levels > DEEPEST)


def test_the_deepest_level_is_read_and_the_next_is_not() -> None:
    last = CONTENT % lists(DEEPEST - AROUND_CONTENT)
    one_more = CONTENT % lists(DEEPEST - AROUND_CONTENT + 1)

    assert Example.parse(last).data == json.loads(last)
    assert Example.parse(one_more).data is None
    flaws = invalid(Example.parse(one_more), Limits())
    assert [flaw.message for flaw in flaws] == [f"Nested deeper than {DEEPEST} levels; expected one JSON object."]


def test_many_brackets_side_by_side_are_not_deep() -> None:
    wide = CONTENT % ("[" + ",".join(["[]"] * 3 * DEEPEST) + "]")

    assert Example.parse(wide).data == json.loads(wide)


def test_brackets_in_a_text_are_not_deep() -> None:
    line = CONTENT % json.dumps("[{" * DEEPEST)

    assert codes(line) == set()


@pytest.mark.parametrize("frames", [0, 200])
def test_an_answer_does_not_depend_on_how_deep_the_caller_stands(frames: int) -> None:
    line = CONTENT % lists(DEEPEST - AROUND_CONTENT)

    assert deep_in_the_stack(frames, lambda: shape(Example.parse(line))) == shape(Example.parse(line))


def test_keys_are_counted_at_any_depth() -> None:
    value: Any = {"a": 1, "b": 2}
    for _ in range(10_000):
        value = {"c": [value]}

    assert count_keys(value) == 10_002


@pytest.mark.parametrize("odd", ['{"a":%s}' % ("9" * 5_000), objects(DEEPEST)])
def test_tool_definitions_that_python_cannot_read_are_told_of(odd: str) -> None:
    """Such a row looked regular, as nobody decodes the definitions for that: no rule looked at it, and it passed."""
    assert not shape(Example.parse(SCHEMA % odd)).regular
    assert codes(SCHEMA % odd) == {"json.invalid"}


@pytest.mark.parametrize("nested", [lists, objects])
@pytest.mark.parametrize("levels", [100, 420, 470, 600, 5_000])
def test_nesting_of_any_depth_can_be_repaired(nested: Callable[[int], str], levels: int) -> None:
    """The search for keys written twice went deeper than the reading before it, and ended with the stack."""
    line = '{"x":%s,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello","weight":1.0}]}'
    mended_line = mended(line % nested(levels), Limits(), among=repairs().values()).text

    assert mended_line.startswith('{"x":' + nested(levels))
