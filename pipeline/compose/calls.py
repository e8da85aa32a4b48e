"""Tool calls and tool definitions, from the ways that the wild writes them to OpenAI's."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from pipeline.compose.canonical import canonical, parse
from pipeline.core.example import Json
from pipeline.core.trouble import Trouble

_TYPES: Final = {
    "dict": "object",
    "float": "number",
    "double": "number",
    "int": "integer",
    "long": "integer",
    "tuple": "array",
    "list": "array",
    "str": "string",
    "bool": "boolean",
}
_ARGUMENTS: Final = ("arguments", "parameters", "input", "args")


class Call(NamedTuple):
    """A call of one function."""

    name: str
    arguments: str
    """JSON text, never mended."""
    id: str | None = None

    def as_json(self, call_id: str) -> dict[str, Json]:
        """Give the entry of `tool_calls`."""
        return {"id": call_id, "type": "function", "function": {"name": self.name, "arguments": self.arguments}}


def calls_of(value: Json) -> tuple[Call, ...]:
    """Give the calls that a JSON text, an object or a list of them says; a Trouble where it says none."""
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, list):
        return tuple(call for one in value for call in calls_of(one))
    if isinstance(value, dict):
        inner = value.get("function")
        held = inner if isinstance(inner, dict) else value
        name = held.get("name")
        if isinstance(name, str) and name:
            call_id = value.get("id")
            return (Call(safe_name(name), _arguments(held), call_id if isinstance(call_id, str) else None),)
    raise Trouble("compose.shape", "A tool call without a name; expected an object with `name` and `arguments`.")


def tools_of(value: Json) -> list[Json]:
    """Give tool definitions as OpenAI's: bare functions are wrapped, Anthropic's input_schema and text forms turned."""
    if isinstance(value, str):
        value = _parsed(value) if value.strip() else []
    if value is None:
        return []
    if not isinstance(value, list):
        value = [value]
    return [_tool(one) for one in value]


def safe_name(name: str) -> str:
    """Give a function's name in the letters that platforms take: `a.b` becomes `a_b`, at most 64 of them."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64]


def split_results(text: str, expected: int) -> list[str]:
    """Give the answers of several calls: a JSON list of as many entries is taken apart, anything else is one answer."""
    if expected < 2 or not text.lstrip().startswith("["):  # noqa: PLR2004 - several
        return [text]
    try:
        entries = parse(text)
    except Trouble:
        return [text]
    if not isinstance(entries, list) or len(entries) != expected:
        return [text]
    return [entry if isinstance(entry, str) else canonical(entry) for entry in entries]


def _arguments(held: dict[str, Json]) -> str:
    value = next((held[key] for key in _ARGUMENTS if key in held), None)
    if isinstance(value, str):
        return value
    return "{}" if value is None else canonical(value)


def _tool(value: Json) -> Json:
    if not isinstance(value, dict):
        raise Trouble("compose.shape", "A tool definition that is not an object.")
    if isinstance(value.get("function"), dict):
        return {"type": "function", "function": _function(value["function"])}
    return {"type": "function", "function": _function(value)}


def _function(value: dict[str, Json]) -> dict[str, Json]:
    if not isinstance(value.get("name"), str) or not value["name"]:
        raise Trouble("compose.shape", "A tool definition without a name.")
    schema = next((value[key] for key in ("parameters", "input_schema", "inputSchema") if key in value), None)
    function: dict[str, Json] = {"name": safe_name(value["name"])}
    if isinstance(value.get("description"), str):
        function["description"] = value["description"]
    if isinstance(schema, dict):
        function["parameters"] = _schema_of_arguments(schema)
    if isinstance(value.get("strict"), bool):
        function["strict"] = value["strict"]
    return function


def _schema_of_arguments(schema: dict[str, Json]) -> dict[str, Json]:
    """Give a JSON Schema of `{"city": {"type": "str", ...}}`, as xLAM lists a function's arguments."""
    is_bare = all(isinstance(one, dict) for one in schema.values()) and "properties" not in schema
    return dict(_schema_items({"type": "object", "properties": schema} if is_bare else schema))


def _schema(value: Json) -> Json:
    """Spell the types of a schema as JSON Schema does: dict → object, float → number, tuple → array."""
    if isinstance(value, list):
        return [_schema(one) for one in value]
    if not isinstance(value, dict):
        return value
    return dict(_schema_items(value))


def _schema_items(value: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    for key, item in value.items():
        if key == "type" and isinstance(item, str):
            word = item.split(",")[0].strip().lower()
            if word != "any":  # JSON Schema says "any" by saying nothing
                yield key, _TYPES.get(word, item)
        elif key == "properties" and isinstance(item, dict):
            yield key, {name: _schema(one) for name, one in item.items()}  # a property may be called type or default
        elif key in ("default", "enum", "example", "examples", "const"):
            yield key, item
        else:
            yield key, _schema(item)


def _parsed(text: str) -> Json:
    try:
        return parse(text)
    except Trouble:
        raise Trouble("compose.shape", "A tool call or definition that is not JSON; expected an object.") from None


def alternatives_taken(value: Json) -> Iterable[Call]:
    """Give the calls of BFCL's ground truth, `[{"name": {"argument": [allowed, ...]}}]`: the first allowed of each."""
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, dict):
            raise Trouble("compose.shape", "An expected call that is not an object of arguments.")
        for name, arguments in one.items():
            given = arguments if isinstance(arguments, dict) else {}
            chosen = {
                key: allowed[0] if isinstance(allowed, list) and allowed else allowed for key, allowed in given.items()
            }
            yield Call(safe_name(name), canonical({k: _first(v) for k, v in chosen.items() if v != ""}))


def _first(value: Json) -> Json:
    """Inside nested objects BFCL lists what is allowed as well."""
    if isinstance(value, dict):
        return {k: _first(v[0]) if isinstance(v, list) and v else _first(v) for k, v in value.items()}
    return value
