"""Every line is one JSON object."""

import json
from collections.abc import Iterator

from pipeline.core.example import DEEPEST, Example
from pipeline.core.rule import Flaw, rule
from pipeline.core.suspects import none
from pipeline.core.target import Limits
from pipeline.core.wording import kind


@rule(
    "json.invalid",
    suspects=none,
    good=("user: Hi\nassistant: Hello",),
    bad=(Example.parse('{"messages": ['), Example.parse(""), Example.parse("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1))),
)
def invalid(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """One broken line fails the whole job after the upload: *line contains invalid json*.

    Mend the line at the column given. A file that is one JSON array or one pretty-printed object is no JSON Lines.
    """
    if example.data is None and example.payload.strip() != "null":
        yield Flaw("", f"{_reason(example.payload)}; expected one JSON object.")


def _reason(payload: str) -> str:
    try:
        json.loads(payload)
    except json.JSONDecodeError as error:
        return f"{error.msg} at column {error.pos + 1:,}"
    except (ValueError, RecursionError):
        return "A number too long or nesting too deep to read"
    return f"Nested deeper than {DEEPEST} levels"


@rule(
    "json.not-object",
    suspects=none,
    good=("user: Hi\nassistant: Hello",),
    bad=(Example.parse("[]"), Example.parse('"text"'), Example.parse("null")),
)
def not_object(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Trainers refuse a file in which a line is anything but a JSON object.

    Write each example as `{"messages": [...]}` on a line of its own.
    """
    is_read = example.data is not None or example.payload.strip() == "null"
    if is_read and not isinstance(example.data, dict):
        yield Flaw("", f"The line holds {kind(example.data)}; expected an object.")
