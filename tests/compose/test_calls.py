"""Tool calls and definitions of the wild: names, ids and arguments survive, types are spelled as JSON Schema does."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compose.calls import Call, alternatives_taken, calls_of, safe_name, split_results, tools_of
from pipeline.compose.canonical import canonical, ordered
from pipeline.compose.foreign import conversation
from pipeline.compose.turns import Said, messages
from pipeline.core.trouble import Trouble


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param({"name": "f", "arguments": {"x": 1}}, [Call("f", '{"x":1}')], id="an object"),
        pytest.param('{"name": "f", "arguments": {"x": 1}}', [Call("f", '{"x":1}')], id="JSON text"),
        pytest.param([{"name": "f"}, {"name": "g"}], [Call("f", "{}"), Call("g", "{}")], id="a list"),
        pytest.param('[{"name": "f"}]', [Call("f", "{}")], id="a list as text"),
        pytest.param({"name": "f", "arguments": '{"x": 1}'}, [Call("f", '{"x": 1}')], id="arguments as text are not touched"),
        pytest.param({"name": "f", "arguments": "{broken"}, [Call("f", "{broken")], id="not even broken ones: a rule judges them"),
        pytest.param({"name": "f", "parameters": {}}, [Call("f", "{}")], id="called parameters"),
        pytest.param({"name": "f", "input": {"x": None}}, [Call("f", '{"x":null}')], id="called input"),
        pytest.param({"name": "f", "args": [1]}, [Call("f", "[1]")], id="called args"),
        pytest.param({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}, [Call("f", "{}", "c1")], id="OpenAI's own"),
        pytest.param({"id": 7, "name": "f"}, [Call("f", "{}")], id="an id that is no text is none"),
        pytest.param({"name": "maps.geo code", "arguments": {}}, [Call("maps_geo_code", "{}")], id="a name with other signs"),
        pytest.param([], [], id="none at all"),
    ],
)  # fmt: skip
def test_a_call_is_read_in_every_way_it_is_written(value: Any, expected: list[Call]) -> None:
    assert list(calls_of(value)) == expected


@pytest.mark.parametrize(
    "value", ["f(x)", 7, None, {}, {"name": ""}, {"name": 7}, [{"name": "f"}, "g"], {"function": {}}]
)
def test_what_is_no_call_is_trouble(value: Any) -> None:
    with pytest.raises(Trouble, match=r"compose\.shape"):
        calls_of(value)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        pytest.param({"type": "object", "properties": {"x": {"type": "string"}}}, {"type": "object", "properties": {"x": {"type": "string"}}}, id="JSON Schema stays"),
        pytest.param({"type": "dict", "properties": {"x": {"type": "float"}}}, {"type": "object", "properties": {"x": {"type": "number"}}}, id="Python's types"),
        pytest.param({"x": {"type": "int"}, "y": {"type": "str, optional"}}, {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}}}, id="bare arguments"),
        pytest.param({"type": {"type": "str"}, "x": {"type": "bool"}}, {"type": "object", "properties": {"type": {"type": "string"}, "x": {"type": "boolean"}}}, id="an argument called type"),
        pytest.param({"properties": {"x": {"type": "tuple", "items": {"type": "double"}}}}, {"properties": {"x": {"type": "array", "items": {"type": "number"}}}}, id="properties without a type"),
        pytest.param({"type": "object", "properties": {"default": {"type": "str"}}}, {"type": "object", "properties": {"default": {"type": "string"}}}, id="a property called default"),
        pytest.param({"type": "object", "properties": {"x": {"type": "any", "default": "float"}}}, {"type": "object", "properties": {"x": {"default": "float"}}}, id="any is said by saying nothing, defaults stay"),
        pytest.param({"type": ["string", "null"]}, {"type": ["string", "null"]}, id="several types"),
        pytest.param({"type": "object", "anyOf": [{"type": "list"}]}, {"type": "object", "anyOf": [{"type": "array"}]}, id="inside choices"),
        pytest.param({}, {"type": "object", "properties": {}}, id="no arguments"),
    ],
)  # fmt: skip
def test_the_types_of_arguments_are_spelled_as_json_schema_does(parameters: Any, expected: Any) -> None:
    tools = tools_of([{"name": "f", "parameters": parameters}])

    assert tools == [{"type": "function", "function": {"name": "f", "parameters": expected}}]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, [], id="nothing"),
        pytest.param("  ", [], id="an empty cell"),
        pytest.param("[]", [], id="an empty list as text"),
        pytest.param({"name": "f"}, [{"name": "f"}], id="a single one"),
        pytest.param('{"name": "f"}', [{"name": "f"}], id="a single one as text"),
        pytest.param([{"type": "function", "id": 3, "function": {"name": "f", "description": "d"}}], [{"name": "f", "description": "d"}], id="OpenAI's own, without what schemas refuse"),
        pytest.param([{"name": "f", "input_schema": {"type": "object"}, "cache_control": {}}], [{"name": "f", "parameters": {"type": "object"}}], id="Anthropic's"),
        pytest.param([{"name": "f", "inputSchema": {"type": "object"}}], [{"name": "f", "parameters": {"type": "object"}}], id="MCP's"),
        pytest.param([{"name": "f", "strict": True, "description": None}], [{"name": "f", "strict": True}], id="strict is kept, a null description is not"),
        pytest.param([{"name": "a.b/c", "parameters": "none"}], [{"name": "a_b_c"}], id="parameters that are no object"),
    ],
)  # fmt: skip
def test_definitions_become_functions(value: Any, expected: list[dict[str, Any]]) -> None:
    assert tools_of(value) == [{"type": "function", "function": one} for one in expected]


@pytest.mark.parametrize("value", [7, [7], "f(x)", [{}], [{"name": ""}], [{"function": {"name": 3}}]])
def test_what_is_no_definition_is_trouble(value: Any) -> None:
    with pytest.raises(Trouble, match=r"compose\.shape"):
        tools_of(value)


@given(st.text(min_size=1))
def test_a_safe_name_is_one_that_platforms_take_and_stays_itself(name: str) -> None:
    safe = safe_name(name)

    assert 1 <= len(safe) <= 64
    assert safe.isascii()
    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("text", "expected", "answers"),
    [
        pytest.param('[{"x": 1}, "two"]', 2, ['{"x":1}', "two"], id="one entry a call"),
        pytest.param('["one", "two"]', 3, ['["one", "two"]'], id="another number of entries"),
        pytest.param('["one", "two"]', 1, ['["one", "two"]'], id="a single call may answer with a list"),
        pytest.param("[broken", 2, ["[broken"], id="no JSON"),
        pytest.param("plain", 2, ["plain"], id="plain text"),
    ],
)
def test_answers_of_several_calls_are_taken_apart_where_they_can_be(
    text: str, expected: int, answers: list[str]
) -> None:
    assert split_results(text, expected) == answers


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param([{"f": {"x": [1, 2]}}], [Call("f", '{"x":1}')], id="the first that is allowed"),
        pytest.param({"f": {"x": ["", 2]}}, [Call("f", "{}")], id="what may be left out is"),
        pytest.param([{"f": {}}, {"g": None}], [Call("f", "{}"), Call("g", "{}")], id="no arguments"),
        pytest.param([{"f": {"x": [{"y": [1, 2], "z": 3}]}}], [Call("f", '{"x":{"y":1,"z":3}}')], id="lists inside objects"),
        pytest.param([{"f": {"x": 5}}], [Call("f", '{"x":5}')], id="a value that is no list"),
    ],
)  # fmt: skip
def test_of_allowed_values_the_first_is_called(value: Any, expected: list[Call]) -> None:
    assert list(alternatives_taken(value)) == expected


def test_an_expected_call_that_is_text_is_trouble() -> None:
    with pytest.raises(Trouble, match="not an object of arguments"):
        list(alternatives_taken(["f(x)"]))


@given(st.lists(st.integers(1, 3), min_size=1, max_size=4))
def test_every_call_is_answered_by_the_turn_that_follows_it(rounds: list[int]) -> None:
    said: list[Said] = []
    for count in rounds:
        said.append(Said("assistant", None, tuple(Call(f"f{n}", "{}") for n in range(count))))
        said += [Said("tool", f"answer {n}") for n in range(count)]

    made = messages(said)

    asked = [call["id"] for turn in made for call in turn.get("tool_calls", ())]
    assert asked == [turn["tool_call_id"] for turn in made if turn["role"] == "tool"]
    assert asked == [f"call_{n}" for n in range(1, sum(rounds) + 1)]


def test_an_answer_that_names_its_call_may_come_late() -> None:
    called = Said("assistant", None, (Call("f", "{}", "a"), Call("g", "{}", "b")))

    made = messages([called, Said("tool", "to g", answers="b"), Said("tool", "to f")])

    assert [turn["tool_call_id"] for turn in made[1:]] == ["b", "a"]


def test_an_answer_to_no_call_is_left_for_the_rules_to_find() -> None:
    made = messages([Said("tool", "alone"), Said("assistant", "Hi")])

    assert made[0] == {"role": "tool", "content": "alone"}


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        pytest.param({"role": "tool", "content": {"sky": "grey"}}, Said("tool", '{"sky":"grey"}'), id="an answer that is an object"),
        pytest.param({"role": "user", "content": ["a", "b"]}, Said("user", "ab"), id="parts that are texts"),
        pytest.param({"role": "user", "content": [{"type": "input_text", "text": "a"}]}, Said("user", "a"), id="parts of the newer API"),
        pytest.param({"role": " User ", "content": "a"}, Said("user", "a"), id="a role with spaces and capitals"),
        pytest.param({"role": "assistant", "content": "a", "weight": 0}, Said("assistant", "a", weight=0), id="OpenAI's weight"),
        pytest.param({"role": "assistant", "content": "a", "train": False}, Said("assistant", "a", weight=0), id="Axolotl's weight"),
        pytest.param({"role": "assistant", "content": "a", "loss_weight": 1.0}, Said("assistant", "a", weight=1), id="LLaMA-Factory's weight"),
        pytest.param({"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}, Said("assistant", None, (Call("f", "{}"),)), id="a call of the old API"),
        pytest.param({"role": "tool", "content": "x", "tool_call_id": "c"}, Said("tool", "x", answers="c"), id="an answer with its id"),
        pytest.param({"role": "assistant", "content": [{"type": "tool_call", "name": "f", "arguments": {}}]}, Said("assistant", None, (Call("f", "{}"),)), id="a call as a part"),
    ],
)  # fmt: skip
def test_a_turn_is_read_in_every_way_it_is_written(turn: dict[str, Any], expected: Said) -> None:
    assert conversation([turn]).said == [expected]


def test_images_stand_before_the_text() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x.org/a.png"}}

    said = conversation([{"role": "user", "content": [{"type": "text", "text": "What?"}, image]}]).said

    assert said[0].text == [image, {"type": "text", "text": "What?"}]
    assert conversation([{"role": "user", "content": [image]}]).said[0].text == [image]


@pytest.mark.parametrize(
    ("turns", "message"),
    [
        pytest.param("Hi", "not a list of turns", id="a text"),
        pytest.param([7], "Turn 1 is not an object", id="a number for a turn"),
        pytest.param([{"role": "user", "content": "a"}, {"role": "dragon", "content": "b"}], "Turn 2 is spoken in a role", id="an unknown role"),
        pytest.param([{"role": "user", "content": [7]}], "Turn 1 has a part that is not an object", id="a number for a part"),
        pytest.param([{"role": "user", "content": [{"type": "video"}]}], "Turn 1 has a part of a type", id="an unknown part"),
    ],
)  # fmt: skip
def test_the_turn_that_cannot_be_read_is_told(turns: Any, message: str) -> None:
    with pytest.raises(Trouble, match=message):
        conversation(turns)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
KEYS = st.sampled_from(["messages", "tools", "role", "content", "tool_calls", "function", "input", "x"])


@given(
    st.dictionaries(
        KEYS, json_values | st.lists(st.dictionaries(KEYS, json_values, max_size=3), max_size=2), max_size=5
    )
)
def test_writing_canonically_changes_the_order_of_keys_and_nothing_else(payload: dict[str, Any]) -> None:
    line = canonical(payload)

    assert json.loads(line) == payload == ordered(payload)
    assert canonical(json.loads(line)) == line
    assert "\n" not in line
