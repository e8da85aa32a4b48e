"""The arguments of a tool call are one JSON object, written once as text, that fits what the tool takes."""

import json
from collections.abc import Iterator

from pipeline.core.example import Example
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, rule
from pipeline.core.schema import Violation, misfits, wanted
from pipeline.core.shape import Bit
from pipeline.core.suspects import both, has
from pipeline.core.target import Limits
from pipeline.core.tools import declarations, read, uses
from pipeline.core.wording import kind, listed

CALLS = has(Bit.TOOL_CALLS, Bit.FUNCTION_CALL)
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def _called(arguments: object, parameters: object = None) -> dict[str, object]:
    call = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": arguments}}
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": [call]}]
    tool = {"type": "function", "function": {"name": "weather", "parameters": parameters}}
    return {"messages": turns, "tools": [tool]} if parameters else {"messages": turns}


@rule(
    "tools.arguments-not-json",
    suspects=CALLS,
    good=(_called('{"city": "Oslo"}'), _called("{}")),
    bad=(_called("{city: Oslo}"), _called(""), _called("5"), _called("[]"), _called('{"a": NaN}')),
)
def not_json(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A program parses the arguments; the model learns to write what no program can read.

    Write one JSON object as text, `"{}"` where there are no arguments.
    """
    for use in uses(example):
        if isinstance(use.arguments, str):
            try:
                value = json.loads(use.arguments, parse_constant=_refused)
            except json.JSONDecodeError as error:
                found = f"{error.msg} at character {error.pos + 1:,}" if use.arguments else "Empty text"
                yield Flaw(f"{use.where}/arguments", f"{found}; expected a JSON object as text.")
            except (ValueError, RecursionError):
                yield Flaw(f"{use.where}/arguments", "A value that JSON does not have; expected a JSON object as text.")
            else:
                if not isinstance(value, dict | str):
                    yield Flaw(f"{use.where}/arguments", f"The text holds {kind(value)}; expected a JSON object.")


def _refused(name: str) -> None:
    raise ValueError(name)


@rule(
    "tools.arguments-twice-encoded",
    suspects=CALLS,
    good=(_called('{"city": "Oslo"}'),),
    bad=(_called('"{\\"city\\": \\"Oslo\\"}"'), _called('"Oslo"')),
)
def twice_encoded(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """JSON was written as text twice, so that a program that parses it gets text instead of an object.

    Call `json.dumps` once. `--fix` takes one layer off where an object lies below it.
    """
    for use in uses(example):
        if isinstance(use.arguments, str) and use.arguments.lstrip().startswith('"'):
            try:
                is_text = isinstance(json.loads(use.arguments), str)
            except (ValueError, RecursionError):
                continue
            if is_text:
                yield Flaw(f"{use.where}/arguments", "Text within text; expected a JSON object encoded once.")


@rule(
    "tools.arguments-form",
    suspects=CALLS,
    good=(_called('{"city": "Oslo"}'),),
    bad=(_called({"city": "Oslo"}), _called(None)),
)
def form(example: Example, limits: Limits) -> Iterator[Flaw]:
    """Some trainers take arguments as JSON text, others as an object, and each refuses the other form.

    OpenAI, Azure and Mistral take text; TRL takes an object. The exporter of a target writes its form; `--fix` too.
    """
    wanted_type = {"text": str, "object": dict}.get(limits.arguments, (str, dict))
    expected = {"text": "text", "object": "an object"}.get(limits.arguments, "text or an object")
    for use in uses(example):
        if not isinstance(use.arguments, wanted_type):
            yield Flaw(f"{use.where}/arguments", f"Found {kind(use.arguments)}; {limits.target} takes {expected}.")


@rule(
    "tools.arguments-misfit",
    severity=Severity.WARNING,
    suspects=both(CALLS, has(Bit.TOOLS, Bit.FUNCTION_CALL)),
    good=(_called('{"city": "Oslo"}', WEATHER),),
    bad=(_called('{"town": "Oslo"}', WEATHER), _called('{"city": 5}', WEATHER)),
)
def misfit(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The call does not fit the parameters that its own tool declares: the model learns calls that fail.

    Mend the arguments, or the declaration where the call is right.
    """
    declared = {name: json.dumps(schema) for name, schema in declarations(example) if isinstance(schema, dict)}
    for use in uses(example):
        arguments, schema = read(use.arguments), declared.get(use.name)
        if schema is not None and arguments is not None:
            for one in misfits(schema, arguments):
                yield Flaw(f"{use.where}/arguments", f"{_place(one)}{_complaint(one)}.")


def _place(one: Violation) -> str:
    return f"At {one.where[:40]}: " if one.path else ""


def _complaint(one: Violation) -> str:
    if one.keyword == "required":
        return f"{wanted(one)} is missing; the tool requires it"
    if one.keyword == "additionalProperties":
        return f"{listed(one.value)}; the tool declares no such argument"
    if one.keyword == "type":
        return f"expected {wanted(one)}"
    return f"the tool's `{one.keyword}` is not met"
