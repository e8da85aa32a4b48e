"""What schemas/ says about an example: every violation with its place, in words that quote nothing."""

import json
import re
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

import jsonschema_rs

from pipeline.core.example import Example, Json, Method
from pipeline.core.resources import schema
from pipeline.core.wording import named, pointer

SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
ARTICLES: Final = {
    "object": "an object",
    "array": "an array",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


class Violation(NamedTuple):
    """One place where a value and the schema differ."""

    path: tuple[str | int, ...]
    keyword: str
    """The schema's keyword in its own spelling: type, required, enum, additionalProperties, ..."""
    value: Json
    """What the keyword asks for: the types, the missing key, the unknown keys, ..."""

    @property
    def where(self) -> str:
        """Give the JSON pointer."""
        return pointer(*self.path)


@lru_cache(maxsize=4)
def violations(example: Example) -> tuple[Violation, ...]:
    """Give what schemas/example.METHOD.schema.json finds, in document order; nothing for what is not JSON."""
    if example.data is None:
        return ()
    try:
        return _violations(_validator(example.method), example.data)
    except (ValueError, RecursionError):
        return (Violation((), "depth", None),)


def _violations(validator: Any, value: Json) -> tuple[Violation, ...]:
    """Give every violation in document order; raises where the value is deeper than the validator goes."""
    errors = validator.iter_errors(_encodable(value))
    found = (Violation(tuple(e.instance_path), e.kind.name, getattr(e.kind, "value", None)) for e in errors)
    return tuple(sorted(found, key=lambda one: (one.where, one.keyword)))


def wanted(violation: Violation) -> str:
    """Give what was expected at a place: `text or an array`."""
    value = violation.value
    if violation.keyword == "type":
        return " or ".join(ARTICLES.get(one, one) for one in value)
    if violation.keyword == "enum":
        return " or ".join(json.dumps(one) for one in value)
    if violation.keyword == "const":
        return json.dumps(value)
    return named(value) if isinstance(value, str) else json.dumps(value)


def misfits(schema_text: str, value: Json) -> tuple[Violation, ...]:
    """Give where a value differs from a schema found in the data; nothing where that is no schema."""
    validator = _compiled(schema_text)
    try:
        return _violations(validator, value) if validator else ()
    except (ValueError, RecursionError):
        return ()


def is_schema(schema_text: str) -> bool:
    """Say whether a text is a JSON Schema that can be used without fetching anything."""
    return _compiled(schema_text) is not None


@lru_cache(maxsize=1024)
def _compiled(schema_text: str) -> Any:
    try:
        return jsonschema_rs.validator_for(json.loads(schema_text), retriever=_unreachable)
    except (ValueError, RecursionError, jsonschema_rs.ReferencingError):
        return None


def _unreachable(uri: str) -> Json:
    """Refuse to fetch: a dataset must not make its reader call an address or open a file."""
    raise ValueError(uri)


@cache
def _validator(method: Method) -> Any:
    return jsonschema_rs.validator_for(json.loads(schema(f"example.{method}.schema.json")))


def _encodable(data: Json) -> Json:
    """Give the data without lone surrogates, which the validator cannot read and a rule of its own reports."""
    text = json.dumps(data)
    return json.loads(SURROGATE.sub("?", text)) if SURROGATE.search(text) else data
