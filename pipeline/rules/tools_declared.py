"""Tools are declared once, well, and used as declared."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from pipeline.core.example import Example, Json
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, rule
from pipeline.core.schema import is_schema
from pipeline.core.shape import Bit
from pipeline.core.suspects import has
from pipeline.core.target import Limits
from pipeline.core.tools import declarations, uses
from pipeline.core.wording import counted, kind, named

DECLARED: Final = has(Bit.TOOLS, Bit.FUNCTION_CALL, Bit.EXTRA_TOP_KEY)
USED: Final = has(Bit.TOOL_CALLS, Bit.FUNCTION_CALL)
NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
MOST: Final = 128
"""Functions in one request of the chat API."""


def _with(*names: str, used: str | None = None, parameters: object = None) -> dict[str, object]:
    function = {"parameters": parameters} if parameters is not None else {}
    tools = [{"type": "function", "function": {"name": name, **function}} for name in names]
    call = {"id": "a", "type": "function", "function": {"name": used, "arguments": "{}"}}
    answer = {"role": "assistant", "tool_calls": [call]} if used else {"role": "assistant", "content": "Hello"}
    return {"messages": [{"role": "user", "content": "Hi"}, answer], "tools": tools}


@rule(
    "tools.undefined",
    severity=Severity.WARNING,
    suspects=USED,
    good=(_with("f", used="f"),),
    bad=(_with("f", used="g"), _with(used="g")),
)
def undefined(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The model learns to call a tool that it is not told about, and will make up tools in use.

    Declare the function under `tools`, as the program that uses the model will.
    """
    known = {name for name, _ in declarations(example)}
    for use in uses(example):
        if use.name not in known:
            yield Flaw(
                f"{use.where}/name", f"Not among the {counted(len(known), 'declared tool')}; expected one of them."
            )


@rule("tools.unused", severity=Severity.INFO, suspects=DECLARED, good=(_with("f", used="f"),), bad=(_with("f", "g"),))
def unused(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Tools are declared and none is called: each costs tokens, and the model learns not to call.

    Keep some such examples to teach when to answer without a tool; delete the tools from the others.
    """
    known = [name for name, _ in declarations(example)]
    if known and not any(True for _ in uses(example)):
        yield Flaw(_holder(example), f"{counted(len(known), 'tool')} declared and none called.")


@rule("tools.duplicate-name", suspects=DECLARED, good=(_with("f", "g"),), bad=(_with("f", "f"),))
def duplicate_name(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Two tools share a name, so a call does not say which of them is meant, and servers refuse the example.

    Rename one, or delete it where they are the same.
    """
    repeated = [name for name, count in Counter(name for name, _ in declarations(example)).items() if count > 1]
    if repeated:
        yield Flaw(_holder(example), f"{counted(len(repeated), 'name')} declared more than once; expected once.")


@rule(
    "tools.bad-name",
    suspects=has(Bit.TOOLS, Bit.TOOL_CALLS, Bit.FUNCTION_CALL, Bit.EXTRA_TOP_KEY),
    good=(_with("get_weather-2", used="get_weather-2"),),
    bad=(_with("get weather"), _with("tools.weather"), _with("f" * 65), _with("f", used="a b")),
)
def bad_name(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Function names are 1 to 64 letters, digits, underscores and hyphens; servers refuse others.

    Write `get_weather` for `get weather` or `weather.get`, in the declaration and in every call.
    """
    for name in dict.fromkeys(name for name, _ in declarations(example)):
        if not NAME.fullmatch(name):
            yield Flaw(_holder(example), f"{_shown(name)}; expected letters, digits, `_` and `-`.")
    declared = {name for name, _ in declarations(example)}
    for use in uses(example):
        if use.name not in declared and not NAME.fullmatch(use.name):
            yield Flaw(f"{use.where}/name", f"{_shown(use.name)}; expected letters, digits, `_` and `-`.")


@rule(
    "tools.bad-schema",
    suspects=DECLARED,
    good=(_with("f", parameters={"type": "object", "properties": {}}),),
    bad=(_with("f", parameters={"type": "dict"}), _with("f", parameters="none")),
)
def bad_schema(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The parameters of a tool are a JSON Schema; a server that cannot read it refuses the example.

    Types are object, array, string, number, integer, boolean and null (Python's dict, str, float and any are not).
    """
    for name, parameters in declarations(example):
        if parameters is not None and not (isinstance(parameters, dict) and is_schema(json.dumps(parameters))):
            found = "is no JSON Schema" if isinstance(parameters, dict) else f"is {kind(parameters)}"
            yield Flaw(_holder(example), f"`parameters` of {_shown(name)} {found}; expected a JSON Schema.")


@rule("tools.too-many", suspects=DECLARED, good=(_with("f"),), bad=(_with(*(f"f{i}" for i in range(129))),))
def too_many(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The chat API takes at most 128 functions.

    Declare those that matter for this conversation; each also costs tokens in every epoch.
    """
    count = sum(1 for _ in declarations(example))
    if count > MOST:
        yield Flaw(_holder(example), f"{count:,} tools; expected at most {MOST}.")


def _holder(example: Example) -> str:
    if not example.tools:
        return "/functions"
    return "/input/tools" if example.method == "dpo" else "/tools"


def _shown(name: Json) -> str:
    return named(name) if name else "An empty name"
