"""What an example says about tools: which it declares, and how its assistant uses them."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.core.example import Example, Json


class Use(NamedTuple):
    """One use of a function: its place, its name, and its arguments as they stand."""

    where: str
    name: str
    arguments: Json


def uses(example: Example) -> Iterator[Use]:
    """Give every function that the assistant calls, by tool calls or by the deprecated function_call."""
    for turn in example.turns:
        calls = [(f"{where}/function", call.get("function")) for where, call in turn.tool_calls()]
        for where, function in (*calls, (f"{turn.where}/function_call", turn.raw.get("function_call"))):
            if isinstance(function, dict) and isinstance(function.get("name"), str):
                yield Use(where, function["name"], function.get("arguments"))


def read(arguments: Json) -> Json:
    """Give the object that arguments hold, given as text or as an object; None when they hold none."""
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError):
            return None
    return arguments if isinstance(arguments, dict) else None


def declarations(example: Example) -> Iterator[tuple[str, Json]]:
    """Give the name and the parameters of each function that the example declares."""
    holders = [tool.get("function") for tool in example.tools if isinstance(tool, dict)]
    functions = example.record.get("functions")
    for function in (*holders, *(functions if isinstance(functions, list) else ())):
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            yield function["name"], function.get("parameters")
