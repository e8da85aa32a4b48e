"""schemas/ is the contract on disk: valid itself, one language for all methods, and the same as what measuring calls regular."""

import json

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.example import Example
from pipeline.core.finding import Finding, Severity
from pipeline.core.resources import schema, schemas
from pipeline.core.rule import catalogue
from pipeline.core.schema import is_schema, misfits, violations
from pipeline.measure.schema import is_regular
from tests.rules.samples import codes, payloads

METHODS = ("sft", "dpo", "rft")
PATIENT = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def loaded(name):
    return json.loads(schema(f"{name}.schema.json"))


@pytest.mark.parametrize("name", [*(f"example.{method}" for method in METHODS), "finding"])
def test_each_schema_is_a_schema(name):
    jsonschema_rs.meta.validate(loaded(name))


@pytest.mark.parametrize("method", METHODS)
def test_all_methods_speak_of_turns_in_the_same_words(method):
    assert loaded(f"example.{method}")["$defs"] == loaded("example.sft")["$defs"]


@pytest.mark.parametrize("method", METHODS)
@PATIENT
@given(data=st.data())
def test_what_measuring_calls_regular_is_valid(method, data):
    text = data.draw(payloads(method))

    if is_regular(text, method=method):
        assert violations(Example.parse(text, method=method)) == ()


@pytest.mark.parametrize("method", METHODS)
@PATIENT
@given(data=st.data())
def test_what_is_invalid_has_an_error_so_that_what_ships_is_valid(method, data):
    text = data.draw(payloads(method))
    grave = {code for code in codes(text, method=method) if catalogue()[code].severity is Severity.ERROR}

    assert grave or not violations(Example.parse(text, method=method))


def test_a_finding_is_written_as_its_schema_says():
    finding = Finding("faq.csv:118", "tokens.too-long", Severity.ERROR, "/messages/1", "Too long.")
    record = finding._asdict() | {"severity": str(finding.severity)}

    jsonschema_rs.validate(loaded("finding"), record)


def test_schemas_lie_in_the_checkout():
    assert (schemas() / "example.sft.schema.json").is_file()


def test_a_schema_in_the_data_fetches_nothing():
    asked = json.dumps({"$ref": "http://127.0.0.1:9/never"})

    assert not is_schema(asked)
    assert misfits(asked, {}) == ()


def test_a_misfit_says_where_and_what_without_the_value():
    wanted = json.dumps({"properties": {"a": {"type": "array", "items": {"type": "string"}}}})

    (found,) = misfits(wanted, {"a": ["x", 5]})

    assert (found.where, found.keyword) == ("/a/1", "type")


def test_what_is_too_deep_is_said_not_raised():
    deep = json.dumps({"messages": []})[:-1] + ', "x": ' + "[" * 300 + "]" * 300 + "}"

    assert "schema.depth" in codes(deep)
