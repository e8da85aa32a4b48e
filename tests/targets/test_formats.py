"""What each exporter writes, spelled out, and each thing that a conversion changes, gives up or leaves out."""

import json
from typing import Any

import pytest

from pipeline.core.errors import PlanError
from pipeline.core.example import Method
from pipeline.targets import LOSSES, all_formats, convert, export, format_of, load

SYSTEM = {"role": "system", "content": "Be brief."}
ASK = {"role": "user", "content": "Weather in Paris?"}
SAY = {"role": "assistant", "content": "Sunny."}
CALL = {"id": "call_abc123", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
CALLS = {"role": "assistant", "content": None, "tool_calls": [CALL]}
TOLD = {"role": "tool", "tool_call_id": "call_abc123", "content": '{"sky": "clear"}'}
TOOL = {"type": "function", "function": {"name": "weather", "description": "", "parameters": {"type": "object"}}}
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}


def chat(*turns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": list(turns), **more}


def pair(*turns: dict[str, Any], **more: Any) -> dict[str, Any]:
    other = {"role": "assistant", "content": "Rain."}
    return {"input": chat(*turns, **more), "preferred_output": [SAY], "non_preferred_output": [other]}


def line(payload: dict[str, Any], name: str, method: Method = "sft") -> Any:
    return convert(payload, form=all_formats()[name], method=method).line


def codes(payload: dict[str, Any], name: str, method: Method = "sft") -> list[str]:
    return [loss.code for loss in convert(payload, form=all_formats()[name], method=method).losses]


def to(payload: dict[str, Any], target: str, method: Method = "sft") -> list[str]:
    return [loss.code for loss in export(payload, target=load(target), method=method).losses]


WITH_TOOL = chat(SYSTEM, ASK, CALLS, TOLD, SAY, tools=[TOOL])


def test_messages_are_the_payload_itself() -> None:
    assert line(WITH_TOOL, "messages") == WITH_TOOL
    assert line(pair(ASK), "messages", "dpo") == pair(ASK)


def test_prompt_and_completion_are_one_question_and_one_answer() -> None:
    assert line(chat(ASK, SAY), "prompt_completion") == {"prompt": "Weather in Paris?", "completion": "Sunny."}


def test_a_system_turn_is_folded_into_the_prompt() -> None:
    assert line(chat(SYSTEM, ASK, SAY), "prompt_completion")["prompt"] == "Be brief.\n\nWeather in Paris?"
    assert codes(chat(SYSTEM, ASK, SAY), "prompt_completion") == ["system.folded"]


def test_gemini_speaks_of_contents_parts_and_model() -> None:
    assert line(WITH_TOOL, "gemini") == {
        "systemInstruction": {"role": "system", "parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "Weather in Paris?"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "weather", "args": {"city": "Paris"}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "weather", "response": {"sky": "clear"}}}]},
            {"role": "model", "parts": [{"text": "Sunny."}]},
        ],
        "tools": [{"functionDeclarations": [TOOL["function"]]}],
    }


def test_gemini_scores_the_preferred_answer_one_and_the_other_zero() -> None:
    assert line(pair(SYSTEM, ASK), "gemini", "dpo") == {
        "system_instruction": {"role": "system", "parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [{"text": "Weather in Paris?"}]}],
        "completions": [
            {"score": 1, "completion": {"role": "model", "parts": [{"text": "Sunny."}]}},
            {"score": 0, "completion": {"role": "model", "parts": [{"text": "Rain."}]}},
        ],
    }


def test_gemini_says_what_kind_of_file_an_image_is() -> None:
    shown = {"role": "user", "content": [{"type": "text", "text": "What is it?"}, PICTURE]}
    parts = line(chat(shown, SAY), "gemini")["contents"][0]["parts"]

    assert parts[1] == {"fileData": {"mimeType": "image/png", "fileUri": "https://example.org/a.png"}}


def test_an_answer_that_is_no_object_stands_under_output() -> None:
    told = TOLD | {"content": "clear"}
    contents = line(chat(ASK, CALLS, told, SAY), "gemini")["contents"]

    assert contents[2]["parts"][0]["functionResponse"]["response"] == {"output": "clear"}


def test_nova_names_its_schema_and_speaks_in_blocks() -> None:
    assert line(chat(SYSTEM, ASK, SAY), "nova") == {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"text": "Weather in Paris?"}]},
            {"role": "assistant", "content": [{"text": "Sunny."}]},
        ],
    }


def test_nova_reads_images_from_s3() -> None:
    shown = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "s3://bucket/a.jpg"}}]}
    block = {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/a.jpg"}}}}

    assert line(chat(shown, SAY), "nova")["messages"][0]["content"] == [block]
    assert codes(chat({"role": "user", "content": [PICTURE]}, SAY), "nova") == ["image.address"]


def test_mistrals_ids_have_nine_characters_and_match() -> None:
    turns = line(WITH_TOOL, "mistral")["messages"]
    name = turns[2]["tool_calls"][0]["id"]

    assert len(name) == 9
    assert name.isalnum()
    assert turns[3]["tool_call_id"] == name
    assert "content" not in turns[2]


def test_mistral_keeps_an_id_that_fits() -> None:
    fits = json.loads(json.dumps(WITH_TOOL).replace("call_abc123", "TX92Jm8Zi"))

    assert codes(fits, "mistral") == []


def test_mistral_gets_whole_tool_definitions() -> None:
    bare = {"type": "function", "function": {"name": "weather"}}
    tools = line(chat(ASK, SAY, tools=[bare]), "mistral")["tools"]

    assert tools[0]["function"] == {
        "name": "weather",
        "description": "",
        "parameters": {"type": "object", "properties": {}},
    }
    assert codes(chat(ASK, SAY, tools=[bare]), "mistral") == ["tools.completed"]


def test_sharegpt_rows_have_every_column_that_llama_factory_is_told_of() -> None:
    assert line(chat(ASK, SAY), "sharegpt") == {
        "conversations": [{"from": "human", "value": "Weather in Paris?"}, {"from": "gpt", "value": "Sunny."}],
        "system": "",
        "tools": "",
    }


def test_sharegpt_calls_and_answers_alternate() -> None:
    row = line(WITH_TOOL, "sharegpt")

    assert [turn["from"] for turn in row["conversations"]] == ["human", "function_call", "observation", "gpt"]
    assert json.loads(row["conversations"][1]["value"]) == [{"name": "weather", "arguments": {"city": "Paris"}}]
    assert json.loads(row["tools"]) == [TOOL["function"]]
    assert row["system"] == "Be brief."


def test_a_sharegpt_pair_has_chosen_and_rejected() -> None:
    row = line(pair(ASK), "sharegpt", "dpo")

    assert row["chosen"] == {"from": "gpt", "value": "Sunny."}
    assert row["rejected"] == {"from": "gpt", "value": "Rain."}


def test_axolotl_trains_what_weight_trains() -> None:
    turns = line(chat(ASK, SAY | {"weight": 0}, ASK, SAY | {"weight": 1}), "axolotl")["messages"]

    assert [turn.get("train") for turn in turns] == [None, False, None, True]
    assert all("weight" not in turn for turn in turns)


def test_an_axolotl_pair_has_messages_chosen_and_rejected() -> None:
    row = line(pair(ASK), "axolotl", "dpo")

    assert row == {"messages": [ASK], "chosen": SAY, "rejected": {"role": "assistant", "content": "Rain."}}


def test_trl_gets_arguments_as_objects() -> None:
    turns = line(WITH_TOOL, "trl")["messages"]

    assert turns[2]["tool_calls"][0]["function"]["arguments"] == {"city": "Paris"}
    assert line(WITH_TOOL, "trl")["tools"] == [TOOL]


def test_a_trl_pair_has_prompt_chosen_and_rejected() -> None:
    row = line(pair(ASK), "trl", "dpo")

    assert row == {"prompt": [ASK], "chosen": [SAY], "rejected": [{"role": "assistant", "content": "Rain."}]}


def test_llama_factory_is_told_of_its_files() -> None:
    companion = all_formats()["sharegpt"].companion
    assert companion is not None
    name, text = companion({"train": "train.jsonl", "validation": "validation.jsonl"}, "dpo")
    entry = json.loads(text)["tuneset_train"]

    assert name == "dataset_info.json"
    assert entry["file_name"] == "train.jsonl"
    assert entry["ranking"] is True
    assert set(entry["columns"].values()) == set(line(pair(ASK), "sharegpt", "dpo"))


def test_axolotl_is_told_which_key_says_what_to_train() -> None:
    companion = all_formats()["axolotl"].companion
    assert companion is not None
    _, text = companion({"train": 'a "b".jsonl', "validation": "v.jsonl"}, "sft")

    assert "message_field_training: train" in text
    assert '  - path: "a \\"b\\".jsonl"' in text
    assert "test_datasets:" in text


@pytest.mark.parametrize(
    ("payload", "name", "expected"),
    [
        pytest.param(chat(ASK, SAY | {"weight": 0}), "gemini", "weight.dropped", id="a weight"),
        pytest.param(chat(ASK | {"name": "Ann"}, SAY), "gemini", "name.dropped", id="a name"),
        pytest.param(chat(ASK, SAY, tools=[TOOL]), "nova", "tools.dropped", id="tools that are not used"),
        pytest.param(chat(ASK, SAY, parallel_tool_calls=False), "trl", "parallel.dropped", id="a switch"),
        pytest.param(chat(ASK, SAY, source="faq"), "sharegpt", "keys.dropped", id="a key of one's own"),
        pytest.param(
            chat(ASK, CALLS | {"content": "Let me see."}, TOLD, SAY), "mistral", "call.words-dropped", id="words"
        ),
        pytest.param(chat(ASK, SYSTEM, SAY), "gemini", "system.moved", id="a system turn within"),
        pytest.param(chat({"role": "developer", "content": "x"}, ASK, SAY), "nova", "roles.developer", id="developer"),
        pytest.param(chat(SYSTEM, SYSTEM, ASK, SAY), "gemini", "system.joined", id="two system turns"),
        pytest.param(chat(ASK, ASK, SAY), "sharegpt", "turns.merged", id="two questions in a row"),
        pytest.param(chat(ASK, CALLS, TOLD, SAY), "gemini", "tools.ids-dropped", id="ids"),
        pytest.param(
            chat({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, SAY),
            "sharegpt",
            "parts.joined",
            id="parts",
        ),
        pytest.param(chat(ASK, {"role": "assistant", "refusal": "No."}), "nova", "refusal.as-text", id="a refusal"),
    ],
)
def test_what_a_format_has_no_place_for_is_told(payload: dict[str, Any], name: str, expected: str) -> None:
    assert line(payload, name) is not None
    assert expected in codes(payload, name)


@pytest.mark.parametrize(
    ("payload", "name", "expected"),
    [
        pytest.param(chat(ASK, CALLS, TOLD, SAY), "nova", "tools.not-taken", id="tools that are used"),
        pytest.param(chat({"role": "user", "content": [PICTURE]}, SAY), "sharegpt", "image.not-taken", id="an image"),
        pytest.param(chat(ASK), "sharegpt", "turns.last-role", id="no answer"),
        pytest.param(chat(SAY, ASK, SAY), "nova", "turns.first-role", id="the assistant begins"),
        pytest.param(chat(ASK, SAY, ASK, SAY), "prompt_completion", "turns.too-many", id="two rounds"),
        pytest.param(chat(ASK, SAY | {"weight": 0}, SAY), "messages", "", id="nothing is left out of messages"),
        pytest.param(
            chat(ASK, {**CALLS, "tool_calls": [CALL | {"function": {"name": "f", "arguments": "{"}}]}, TOLD, SAY),
            "trl",
            "arguments.not-json",
            id="arguments that are no JSON",
        ),
        pytest.param(chat(ASK, TOLD, SAY), "gemini", "tools.no-call", id="an answer to no call"),
        pytest.param({"text": "x"}, "messages", "shape.broken", id="another shape"),
    ],
)
def test_what_cannot_be_said_is_left_out_with_its_reason(payload: dict[str, Any], name: str, expected: str) -> None:
    assert (line(payload, name) is None) == bool(expected)
    assert codes(payload, name)[-1:] == [expected][: bool(expected)]


@pytest.mark.parametrize(
    ("payload", "target", "expected"),
    [
        pytest.param(
            chat({"role": "developer", "content": "x"}, ASK, SAY), "openai/gpt-4.1", ["roles.developer"], id="sft"
        ),
        pytest.param(
            chat(ASK, SAY, source="faq"), "openai/gpt-4.1", ["keys.dropped"], id="the server refuses extra keys"
        ),
        pytest.param(chat(ASK, SAY, source="faq"), "fireworks", [], id="not documented, so kept"),
        pytest.param(chat({"role": "user", "content": [PICTURE]}, SAY), "openai/gpt-4o", [], id="vision"),
        pytest.param(
            chat({"role": "user", "content": [PICTURE]}, SAY), "openai/gpt-4.1", ["image.not-taken"], id="no vision"
        ),
        pytest.param(
            chat({"role": "user", "content": [PICTURE] * 11}, SAY), "openai/gpt-4o", ["image.too-many"], id="11"
        ),
        pytest.param(chat({"role": "user", "content": [PICTURE] * 11}, SAY), "azure/gpt-4o", [], id="Azure takes 64"),
        pytest.param(
            chat({"role": "user", "content": [PICTURE]}, SAY), "together/up-to-9b", ["image.address"], id="base64"
        ),
        pytest.param(chat(ASK, ASK, SAY), "together/up-to-9b", ["turns.merged"], id="strictly alternating"),
        pytest.param(chat(ASK, SAY, ASK), "openai/gpt-4.1", ["turns.last-role"], id="ends with a question"),
        pytest.param(WITH_TOOL, "openai/gpt-4.1", [], id="tools are taken as they are"),
    ],
)
def test_a_targets_own_limits_decide(payload: dict[str, Any], target: str, expected: list[str]) -> None:
    assert to(payload, target) == expected


def test_for_reinforcement_a_system_turn_is_the_developers() -> None:
    assert to(chat(SYSTEM, ASK), "azure/o4-mini", "rft") == ["roles.system"]
    assert to(chat(SYSTEM, ASK, SAY), "azure/o4-mini", "rft")[-1] == "turns.last-role"


def test_a_graders_fields_stay_for_reinforcement() -> None:
    exported = export(chat(ASK, answer="42"), target=load("azure/o4-mini"), method="rft")

    assert exported.line["answer"] == "42"


def test_an_image_is_never_joined_away_where_content_is_text() -> None:
    shown = {"role": "user", "content": [{"type": "text", "text": "What is it?"}, PICTURE]}

    assert to(chat(shown, SAY), "llama-factory") == ["image.not-taken"]


def test_the_answers_of_parallel_calls_share_one_observation() -> None:
    other = CALL | {"id": "call_2"}
    told = TOLD | {"tool_call_id": "call_2", "content": "wind"}
    both = chat(ASK, CALLS | {"tool_calls": [CALL, other]}, TOLD | {"content": "sky"}, told, SAY)

    assert line(both, "sharegpt")["conversations"][2] == {"from": "observation", "value": "sky\nwind"}
    assert "tools.answers-joined" in codes(both, "sharegpt")
    assert len(line(both, "gemini")["contents"][2]["parts"]) == 2


def test_deprecated_functions_become_tools() -> None:
    call = {"role": "assistant", "content": None, "function_call": CALL["function"]}
    told = {"role": "function", "name": "weather", "content": "clear"}
    exported = export(
        chat(ASK, call, told, SAY, functions=[TOOL["function"]]), target=load("together/up-to-9b"), method="sft"
    )

    assert [loss.code for loss in exported.losses] == ["functions.as-tools"]
    assert exported.line["tools"] == [TOOL]
    assert exported.line["messages"][1]["tool_calls"][0]["id"] == exported.line["messages"][2]["tool_call_id"]


def test_turns_of_differing_weight_are_never_merged() -> None:
    assert to(chat(ASK, SAY | {"weight": 0}, SAY), "together/up-to-9b") == ["turns.not-alternating"]


def test_a_format_that_a_target_does_not_read_is_refused() -> None:
    with pytest.raises(PlanError, match="does not read nova"):
        format_of(load("trl"), "sft", "nova")
    assert format_of(load("unsloth"), "sft", "sharegpt").name == "sharegpt"


def test_a_method_without_a_form_is_told() -> None:
    assert codes(pair(ASK), "nova", "dpo") == ["method.not-held"]
    with pytest.raises(PlanError, match="has a form for dpo"):
        format_of(load("bedrock/nova-lite"), "dpo")


def test_every_format_is_found_by_its_files_name() -> None:
    assert list(all_formats()) == sorted(all_formats())
    assert set(all_formats()) >= {
        "messages",
        "prompt_completion",
        "gemini",
        "nova",
        "mistral",
        "sharegpt",
        "axolotl",
        "trl",
    }


def test_every_loss_says_one_short_sentence() -> None:
    assert all(text.endswith(".") and len(text) <= 120 for _, text in LOSSES.values())
