"""Shapes of the wild: tool calls keep their ids and arguments, preference pairs share one prompt."""

import json
from typing import Any

import pyarrow as pa
import pytest

from pipeline.compose import Compose, recipes
from pipeline.compose.canonical import canonical, ordered
from pipeline.core import columns


def compose(record: Any, recipe: str, *, method: str = "sft", **settings: Any) -> dict:
    stage = Compose({"s": recipes()[recipe].settings.model_validate(settings)}, method=method)
    row = {"name": ["f:1"], "source": ["s"], "record": [json.dumps(record)], "raw": [None], "unread": [None]}
    return stage(pa.table(row, schema=columns.READ)).select(columns.COMPOSE.names).to_pylist()[0]


def payload(record: Any, recipe: str, **settings: Any) -> dict:
    row = compose(record, recipe, **settings)
    assert row["trouble"] is None, row["trouble"]
    return json.loads(row["payload"])


def call(number: int, name: str, arguments: str) -> dict:
    return {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": arguments}}


def test_sharegpt_calls_and_observations_become_tool_calls_and_their_answers() -> None:
    record = {
        "conversations": [
            {"from": "human", "value": "Weather?"},
            {"from": "function_call", "value": '{"name": "weather", "arguments": {"city": "Köln"}}'},
            {"from": "observation", "value": '{"sky": "grey"}'},
            {"from": "gpt", "value": "Grey."},
        ],
        "tools": '[{"name": "weather", "description": "d", "parameters": {"type": "object", "properties": {}}}]',
    }

    assert payload(record, "sharegpt") == {
        "messages": [
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "tool_calls": [call(1, "weather", '{"city":"Köln"}')]},
            {"role": "tool", "content": '{"sky": "grey"}', "tool_call_id": "call_1"},
            {"role": "assistant", "content": "Grey."},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "weather",
                    "description": "d",
                    "parameters": {"type": "object", "properties": {}},
                },
            }
        ],
    }


def test_several_calls_at_once_get_an_answer_each() -> None:
    record = {
        "conversations": [
            {"from": "human", "value": "Both?"},
            {"from": "function_call", "value": '[{"name": "f", "arguments": {}}, {"name": "g", "arguments": {}}]'},
            {"from": "observation", "value": '[{"x": 1}, "two"]'},
            {"from": "gpt", "value": "Done."},
        ]
    }

    answers = payload(record, "sharegpt")["messages"][2:4]

    assert answers == [
        {"role": "tool", "content": '{"x":1}', "tool_call_id": "call_1"},
        {"role": "tool", "content": "two", "tool_call_id": "call_2"},
    ]


def test_llama_factory_parts_are_read_and_reasoning_is_dropped_or_kept_as_asked() -> None:
    turns = [
        {"role": "user", "content": [{"type": "text", "value": "Area?"}], "loss_weight": 0.0},
        {
            "role": "assistant",
            "content": [{"type": "reasoning", "value": "hm"}, {"type": "tool_call", "value": '{"name":"a","arguments":{}}'}],
            "loss_weight": 0.0,
        },
        {"role": "tool", "content": [{"type": "text", "value": "4"}]},
        {"role": "assistant", "content": [{"type": "reasoning", "value": "so"}, {"type": "text", "value": "4."}]},
    ]  # fmt: skip
    record = {"messages": turns}

    dropped = compose(record, "sharegpt", conversations="messages")
    kept = payload(record, "sharegpt", conversations="messages", reasoning="think")

    assert dropped["mended"] == ["reasoning"]
    assert json.loads(dropped["payload"])["messages"][1:] == [
        {"role": "assistant", "tool_calls": [call(1, "a", "{}")], "weight": 0},
        {"role": "tool", "content": "4", "tool_call_id": "call_1"},
        {"role": "assistant", "content": "4."},
    ]
    assert kept["messages"][3]["content"] == "<think>\nso\n</think>\n\n4."


def test_anthropic_blocks_become_messages_and_keep_their_ids() -> None:
    record = {
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "Let me see."},
                    {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Bonn"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "grey"}]},
                    {"type": "text", "text": "And?"},
                ],
            },
            {"role": "assistant", "content": [{"type": "text", "text": "Grey."}]},
        ],
        "tools": [{"name": "weather", "input_schema": {"type": "object"}}],
    }

    made = payload(record, "anthropic")

    assert made["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": "Let me see.",
            "tool_calls": [{**call(1, "weather", '{"city":"Bonn"}'), "id": "toolu_1"}],
        },
        {"role": "tool", "content": "grey", "tool_call_id": "toolu_1"},
        {"role": "user", "content": "And?"},
        {"role": "assistant", "content": "Grey."},
    ]
    assert made["tools"] == [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]


def test_anthropic_images_become_image_urls() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    record = {
        "messages": [
            {"role": "user", "content": [image, {"type": "text", "text": "What?"}]},
            {"role": "assistant", "content": "A cat."},
        ]
    }

    assert payload(record, "anthropic")["messages"][0]["content"] == [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "text", "text": "What?"},
    ]


def test_toolbench_gives_its_longest_trace_with_old_functions_as_tools() -> None:
    short = [
        {"role": "user", "content": "Go"},
        {"role": "assistant", "content": None, "function_call": {"name": "x", "arguments": "{}"}},
    ]
    answer = [{"role": "function", "name": "x", "content": "ok"}, {"role": "assistant", "content": "Done."}]
    record = {
        "answer": {"train": [short, short + answer], "function": [{"name": "x.y", "parameters": {"type": "dict"}}]}
    }

    made = payload(record, "tools", messages="answer.train", tools="answer.function")

    assert made["messages"][1:] == [
        {"role": "assistant", "tool_calls": [call(1, "x", "{}")]},
        {"role": "tool", "content": "ok", "tool_call_id": "call_1"},
        {"role": "assistant", "content": "Done."},
    ]
    assert made["tools"] == [{"type": "function", "function": {"name": "x_y", "parameters": {"type": "object"}}}]


def test_the_first_allowed_value_of_each_bfcl_argument_is_called() -> None:
    schema = {"type": "dict", "properties": {"r": {"type": "float"}, "u": {"type": "any", "default": "float"}}}
    record = {
        "question": [[{"role": "user", "content": "Area?"}]],
        "function": [{"name": "geo.area", "description": "d", "parameters": schema}],
        "ground_truth": [{"geo.area": {"r": [2, 2.0], "u": ["", "m"], "p": [{"x": [1]}]}}],
    }

    row = compose(
        record, "tools", messages="question", tools="function", answers="ground_truth", answers_list_alternatives=True
    )
    made = json.loads(row["payload"])

    assert made["messages"][1] == {"role": "assistant", "tool_calls": [call(1, "geo_area", '{"r":2,"p":{"x":1}}')]}
    assert made["tools"][0]["function"]["parameters"] == {
        "type": "object", "properties": {"r": {"type": "number"}, "u": {"default": "float"}},
    }  # fmt: skip
    assert row["mended"] == ["alternatives"]


def test_xlam_answers_and_tools_may_be_json_text() -> None:
    record = {
        "query": "Add.",
        "answers": '[{"name": "add", "arguments": {"a": 1}}]',
        "tools": '[{"name": "add", "parameters": {"a": {"type": "int", "description": "d"}}}]',
    }

    made = payload(record, "tools", answers="answers")

    assert made["messages"][1]["tool_calls"] == [call(1, "add", '{"a":1}')]
    assert made["tools"][0]["function"]["parameters"] == {
        "type": "object", "properties": {"a": {"type": "integer", "description": "d"}},
    }  # fmt: skip


PAIR = {
    "input": {"messages": [{"role": "user", "content": "Hi"}]},
    "preferred_output": [{"role": "assistant", "content": "Hello"}],
    "non_preferred_output": [{"role": "assistant", "content": "No"}],
}
HUMAN = "\n\nHuman: Hi\n\nAssistant: "


@pytest.mark.parametrize(
    ("record", "settings"),
    [
        pytest.param({"prompt": "Hi", "chosen": "Hello", "rejected": "No"}, {}, id="texts"),
        pytest.param({"chosen": HUMAN + "Hello", "rejected": HUMAN + "No"}, {}, id="two transcripts"),
        pytest.param({"question": "Hi", "chosen": "Hello", "rejected": "No"}, {}, id="another name"),
        pytest.param({"conversations": [{"from": "human", "value": "Hi"}], "chosen": {"from": "gpt", "value": "Hello"}, "rejected": {"from": "gpt", "value": "No"}}, {}, id="ShareGPT"),
        pytest.param({"better_messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}], "worse_messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "No"}]}, {"chosen": "better_messages", "rejected": "worse_messages"}, id="two whole conversations"),
        pytest.param({"prompt": [{"role": "user", "content": "Hi"}], "chosen": [{"role": "assistant", "content": "Hello"}], "rejected": [{"role": "assistant", "content": "No"}]}, {}, id="turns"),
        pytest.param(PAIR, {}, id="OpenAI's own form"),
    ],
)  # fmt: skip
def test_every_shape_of_a_preference_pair_becomes_the_same_example(record: dict, settings: dict) -> None:
    assert payload(record, "preference", method="dpo", **settings) == PAIR


def test_pairs_in_openai_form_ship_in_their_own_bytes() -> None:
    assert compose(PAIR, "preference", method="dpo")["payload"] == json.dumps(PAIR)


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"prompt": "Hi", "chosen": "Hello", "rejected": " "}, "compose.empty"),
        ({"prompt": " ", "chosen": "Hello", "rejected": "No"}, "compose.empty"),
        ({"chosen": HUMAN + "a\n\nHuman: x\n\nAssistant: b", "rejected": HUMAN + "c\n\nHuman: x\n\nAssistant: d"}, "compose.shape"),
        ({"prompt": "Hi", "chosen": 7, "rejected": "No"}, "compose.shape"),
    ],
)  # fmt: skip
def test_a_pair_that_is_none_says_why(record: dict, code: str) -> None:
    assert compose(record, "preference", method="dpo")["trouble"].startswith(code)


def test_keys_stand_in_the_order_of_the_schemas_and_definitions_keep_theirs() -> None:
    shuffled = {
        "x": 1,
        "tools": [{"function": {"parameters": {}, "name": "f"}, "type": "function"}],
        "messages": [
            {"weight": 1, "tool_calls": [{"function": {"arguments": "{}", "name": "f"}, "id": "c", "type": "function"}],
             "content": "é\x7f<", "role": "assistant"},
        ],
    }  # fmt: skip

    assert canonical(shuffled) == (
        '{"messages":[{"role":"assistant","content":"é\x7f<","tool_calls":[{"id":"c","type":"function","function":'
        '{"name":"f","arguments":"{}"}}],"weight":1}],"tools":[{"function":{"parameters":{},"name":"f"},'
        '"type":"function"}],"x":1}'
    )
    assert ordered(shuffled) == shuffled
