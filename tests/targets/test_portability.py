"""Where a dataset can go: the verdict for each target, with counts and reasons."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.example import Method
from pipeline.targets import Line, Way, all_targets, export, format_of, load, portability
from tests.targets.payloads import supervised

TODAY = date(2026, 11, 22)
ASK = {"role": "user", "content": "Hi"}
SAY = {"role": "assistant", "content": "Hello"}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at": "sky"}'}}
TOLD = [
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "blue"},
]


def chat(*turns: dict[str, Any], **more: Any) -> str:
    return json.dumps({"messages": list(turns), **more})


def ways(*payloads: str, to: str, method: Method = "sft", tokens: int | None = None) -> Way:
    lines = [Line(payload, tokens) for payload in payloads]
    return portability(lines, [load(to)], on=TODAY, method=method)[0]


def test_plain_chat_goes_as_it_is_where_messages_are_read() -> None:
    way = ways(*[chat(ASK, SAY)] * 10, to="together/up-to-9b")

    assert (way.verdict, way.unchanged, way.usable) == ("as it is", 10, 10)
    assert way.sentences() == []


def test_another_format_is_a_conversion() -> None:
    way = ways(chat(ASK, SAY), to="vertex/gemini-2.5-flash")

    assert (way.verdict, way.format, way.unchanged) == ("after conversion", "gemini", 0)


def test_turns_that_were_not_to_be_learned_are_a_loss_where_weight_is_not_read() -> None:
    weighted = chat(ASK, SAY | {"weight": 0}, ASK, SAY)

    assert ways(weighted, to="trl").losses == {"weight.dropped": 1}
    assert ways(weighted, to="trl").verdict == "with loss"
    assert ways(weighted, to="axolotl").losses == {}
    assert ways(weighted, to="axolotl").verdict == "after conversion"


def test_examples_that_differ_in_weight_alone_are_told_apart() -> None:
    kept, ignored = (chat(ASK, SAY | {"weight": weight}) for weight in (1, 0))

    assert ways(kept, ignored, kept, to="trl").losses == {"weight.dropped": 1}


def test_examples_that_call_tools_stay_behind_where_none_are_taken() -> None:
    way = ways(chat(ASK, SAY), chat(ASK, *TOLD, SAY), to="bedrock/nova-lite")

    assert (way.verdict, way.usable, way.left_out) == ("in part", 1, {"tools.not-taken": 1})


def test_too_few_that_can_go_make_it_impossible() -> None:
    way = ways(*[chat(ASK, SAY)] * 9, chat(ASK, *TOLD, SAY), to="portable/core")

    assert way.verdict == "not possible"
    assert way.reasons == ("9 of 10 examples can go there; it takes 10 or more.",)


def test_a_target_that_is_shut_down_takes_nothing() -> None:
    way = ways(*[chat(ASK, SAY)] * 10, to="openai/gpt-3.5-turbo")

    assert way.verdict == "not possible"
    assert way.reasons == ("It is shut down on 2026-10-23.",)


def test_a_method_that_is_not_trained_there_is_the_reason() -> None:
    way = ways(chat(ASK, SAY), to="bedrock/nova-lite", method="dpo")

    assert way.reasons == ("It does not train by dpo.",)
    assert way.format is None


def test_what_is_longer_than_the_window_is_counted_as_a_loss() -> None:
    way = ways(*[chat(ASK, SAY)] * 10, to="openai/gpt-4.1", tokens=65_537)

    assert (way.verdict, way.too_long) == ("with loss", 10)
    assert "10 x longer than its window" in way.sentences()[0]


def test_the_trainers_own_default_window_cuts_too() -> None:
    assert ways(chat(ASK, SAY), to="trl", tokens=1_025).too_long == 1


def test_uncounted_tokens_and_unknown_windows_say_nothing() -> None:
    assert ways(chat(ASK, SAY), to="openai/gpt-4.1").too_long is None
    assert ways(chat(ASK, SAY), to="fireworks", tokens=10**6).too_long is None


@pytest.mark.parametrize(
    "line", ["", "not json", "[]", "null", '{"messages": []}', '{"messages": [{"role": "x"}]}', '{"a": 1}']
)
def test_what_is_no_example_is_left_out_and_counted(line: str) -> None:
    way = ways(line, chat(ASK, SAY), to="together/up-to-9b")

    assert way.left_out == {"shape.broken": 1}


def test_a_reserved_word_in_a_prompt_keeps_an_example_from_nova() -> None:
    way = ways(chat({"role": "user", "content": "He said User: hi"}, SAY), chat(ASK, SAY), to="bedrock/nova-lite")

    assert way.left_out == {"reserved.word": 1}


def test_a_file_that_is_too_large_is_a_reason() -> None:
    small = load("openai/gpt-4.1")
    tight = small.limits["sft"].model_copy(update={"max_file_bytes": 10, "max_examples": 5})
    target = small.model_copy(update={"limits": {"sft": tight}})
    way = portability([Line(chat(ASK, SAY))] * 10, [target], on=TODAY)[0]

    assert way.verdict == "not possible"
    assert [reason.split(";")[1] for reason in way.reasons] == [
        " it takes 5 at most.",
        " it takes a file of 10 at most.",
    ]


def test_the_price_is_the_callers() -> None:
    both = [load("openai/gpt-4.1"), load("trl")]
    rows = portability([Line(chat(ASK, SAY))], both, on=TODAY, price=lambda target: f"price of {target.id}")

    assert [row.price for row in rows] == ["price of openai/gpt-4.1", "price of trl/open-model"]


def test_every_target_has_its_row_in_the_order_asked() -> None:
    asked = list(all_targets().values())[::-1]
    rows = portability([Line(chat(ASK, SAY))], asked, on=TODAY)

    assert [row.target for row in rows] == [target.id for target in asked]


def test_an_empty_dataset_goes_nowhere() -> None:
    rows = portability([], list(all_targets().values()), on=TODAY)

    assert {row.verdict for row in rows} == {"not possible"}


def test_the_matrix_quotes_nothing_of_the_data() -> None:
    way = ways(
        chat({"role": "user", "content": "SECRET"}, SAY | {"name": "SECRET"}), "SECRET", to="vertex/gemini-2.5-pro"
    )

    assert "SECRET" not in way.model_dump_json()


@settings(max_examples=60, deadline=None)
@given(payloads=st.lists(supervised(), min_size=1, max_size=6))
def test_the_short_way_counts_what_converting_each_example_counts(payloads: list[dict[str, Any]]) -> None:
    targets = [target for target in all_targets().values() if "sft" in target.methods]
    rows = portability([Line(json.dumps(payload)) for payload in payloads * 2], targets, on=TODAY)

    for row, target in zip(rows, targets, strict=True):
        exported = [export(p, target=target, method="sft", form=format_of(target, "sft")) for p in payloads * 2]
        assert row.usable == sum(entry.line is not None for entry in exported)
        assert row.unchanged == sum(e.line == p for e, p in zip(exported, payloads * 2, strict=True))
        for code, count in row.losses.items():
            assert count == sum(e.line is not None and code in {x.code for x in e.losses} for e in exported)
