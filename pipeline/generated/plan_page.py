"""docs/plan.md: every key of dataset.toml with its type, default, unit and reason, from the plan's own JSON Schema."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pipeline.plan import json_schema

_HEAD: Final = """# The plan

`dataset.toml` says what to read, how to make examples of it, what to hold them against, and where to write. Every key has a
default but `[[source]]`. This page is generated from the program's own definitions, and a test keeps the two together; so is
`schemas/plan.schema.json`, which completes and checks the file in editors that know a line such as
`#:schema schemas/plan.schema.json`.

Unknown keys are refused, and the nearest known one is named. Paths are relative to the plan.

```toml
name = "support"

[[source]]
path = "data/raw/faq.csv"
compose = { recipe = "pairs", user = "Question", assistant = "Answer" }
```

How to choose a recipe is told in [recipes.md](recipes.md), what can be read in [reading.md](reading.md).
"""
_READ: Final = """Formats and dialects are recognised from the content; a `read` table says what differs, or what should not be
left to recognition. `format` may be left out where a key belongs to one format only (`delimiter` makes it `csv`).
"""
_COMPOSE: Final = "`recipe` is required; the other keys depend on it.\n"
_TYPES: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "table",
}
_UNION: Final = ("anyOf", "oneOf")


def plan_page() -> str:
    """Give the page as Markdown."""
    schema = json_schema()
    return "\n".join([*_parts(schema)]).rstrip("\n") + "\n"


def _parts(schema: dict[str, Any]) -> Iterator[str]:
    definitions = schema["$defs"]
    yield _HEAD
    top = {key: value for key, value in schema["properties"].items() if "$ref" not in value and key != "source"}
    yield from _section("## The top", schema, _rows(top, definitions))
    for key, value in schema["properties"].items():
        if key == "source":
            yield from _source(definitions)
        elif "$ref" in value:
            table = definitions[_name(value["$ref"])]
            yield from _section(f"## `[{key}]`", table, _rows(table["properties"], definitions))


def _source(definitions: dict[str, Any]) -> Iterator[str]:
    """Give the section of `[[source]]` with its formats and recipes."""
    source = definitions["SourcePlan"]
    yield from _section("## `[[source]]`", source, _rows(source["properties"], definitions, source["required"]))
    yield f"## `read`\n\n{_READ}"
    formats = [definitions[name] for name in _choices(source["properties"]["read"])]
    auto, *others = formats
    shared = {key: value for key, value in auto["properties"].items() if key != "format"}
    yield from _section("### Any format", {}, _rows(shared, definitions))
    for one in others:
        own = {key: value for key, value in one["properties"].items() if key not in auto["properties"]}
        yield from _section(f'### `format = "{_tag(one, "format")}"`', one, _rows(own, definitions))
    yield f"## `compose`\n\n{_COMPOSE}"
    for name in _choices(source["properties"]["compose"]):
        one = definitions[name]
        own = {key: value for key, value in one["properties"].items() if key != "recipe"}
        yield from _section(f'### `recipe = "{_tag(one, "recipe")}"`', one, _rows(own, definitions))


def _section(title: str, table: dict[str, Any], rows: Iterable[str]) -> Iterator[str]:
    yield f"{title}\n"
    if table.get("description"):
        yield f"{_prose(table['description'])}\n"
    lines = list(rows)
    if lines:
        yield "| key | type | default | what it does |\n|---|---|---|---|"
        yield from lines
        yield ""


def _rows(properties: dict[str, Any], definitions: dict[str, Any], required: Iterable[str] = ()) -> Iterator[str]:
    for key, value in properties.items():
        default = "required" if key in required else _default(value)
        yield f"| `{key}` | {_type(value, definitions)} | {default} | {_prose(value.get('description', ''))} |"


def _default(value: dict[str, Any]) -> str:
    """Give the default as TOML writes it; TOML has no null, so a key of that default is left out."""
    default = value.get("default")
    return "" if default in (None, {}, []) or "default" not in value else f"`{json.dumps(default, ensure_ascii=False)}`"


def _type(value: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "const" in value:
        return f'`"{value["const"]}"`'
    if "enum" in value:
        return ", ".join(f"`{json.dumps(one)}`" for one in value["enum"])
    if any(key in value for key in _UNION):
        if names := _choices(value):
            return "a table: see below" if len(names) > 1 else "table"
        kinds = [_type(one, definitions) for key in _UNION for one in value.get(key, ()) if one.get("type") != "null"]
        return " or ".join(kinds)
    kind = _TYPES.get(value.get("type", ""), "table")
    if kind == "list":
        return f"list of {_type(value.get('items', {}), definitions)}"
    if kind == "table" and isinstance(value.get("additionalProperties"), dict):
        return f"table of {_type(value['additionalProperties'], definitions)}"
    return f"{kind}{_bounds(value)}"


def _bounds(value: dict[str, Any]) -> str:
    """Give the least and the most a number may be."""
    words = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    found = [f"{word} {value[key]:g}" for key, word in words.items() if key in value]
    return f", {' and '.join(found)}" if found else ""


def _choices(value: dict[str, Any]) -> list[str]:
    """Give the names of the tables that may stand here."""
    found = [one for key in _UNION for one in value.get(key, ())]
    return [_name(one["$ref"]) for one in found if "$ref" in one] + [
        name for one in found if "$ref" not in one for name in _choices(one)
    ]


def _tag(table: dict[str, Any], key: str) -> str:
    return str(table["properties"][key]["const"])


def _name(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]


def _prose(text: str) -> str:
    """Give a description on one line of a table, in the words of TOML: what is None in the code is left out there."""
    line = re.sub(r"\s*\n\s*", " ", text.strip()).replace("|", "\\|")
    return re.sub(r"\bNone\b:?", lambda found: "Left out:" if found[0].endswith(":") else "left out", line)
