"""Laws of composing: what is made is valid, nothing is lost or invented, and slicing a batch changes nothing."""

import json
import pickle
from functools import cache
from itertools import pairwise
from typing import Any

import jsonschema_rs
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compose import Compose, recipes
from pipeline.core import columns
from pipeline.core.resources import schemas
from pipeline.core.settings import MendSettings

UNMENDED = MendSettings(mojibake=False, unicode="off", control=False, whitespace=False)
SIGNS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), include_characters="\n {}%:")
texts = st.text(SIGNS, min_size=1, max_size=30).filter(lambda text: bool(text.strip()))
cells = st.none() | st.integers(-9, 9) | st.booleans() | st.text(SIGNS, max_size=20)
FUNCTION = {"name": "look", "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}}


def tagged(role: str, content: str) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({role: st.sampled_from(["human", "gpt"]), content: texts})


@st.composite
def talks(draw: st.DrawFn, *, role: str, content: str, user: str, assistant: str) -> list[dict[str, str]]:
    """Give turns that end with an answer; now and then one speaker goes on."""
    speakers = [*draw(st.lists(st.sampled_from([user, assistant]), max_size=5)), assistant]
    return [{role: speaker, content: draw(texts)} for speaker in speakers]


calls = st.fixed_dictionaries({"name": st.just("look"), "arguments": st.dictionaries(st.just("at"), texts)})
GOOD: dict[str, tuple[st.SearchStrategy[dict[str, Any]], dict[str, Any]]] = {
    "pairs": (
        st.fixed_dictionaries({"question": texts, "answer": texts | st.lists(texts, min_size=1, max_size=3)}),
        {},
    ),
    "classification": (st.fixed_dictionaries({"text": texts, "label": texts | st.integers()}), {"labels": []}),
    "completion": (st.fixed_dictionaries({"text": texts, "title": texts}), {"instruction": "Write {{ title }}."}),
    "dialogue": (
        st.fixed_dictionaries({"rows": talks(role="role", content="content", user="Customer", assistant="Agent")}),
        {"system": "Be kind."},
    ),
    "alpaca": (
        st.fixed_dictionaries(
            {"instruction": texts, "input": cells, "output": texts},
            optional={"history": st.lists(st.lists(texts, min_size=2, max_size=2), max_size=2), "system": cells},
        ),
        {},
    ),
    "prompt_completion": (st.fixed_dictionaries({"prompt": texts, "completion": texts}), {}),
    "sharegpt": (
        st.fixed_dictionaries(
            {"conversations": talks(role="from", content="value", user="human", assistant="gpt")},
            optional={"system": cells, "tools": st.sampled_from(["", json.dumps([FUNCTION])])},
        ),
        {},
    ),
    "anthropic": (
        st.fixed_dictionaries(
            {"messages": talks(role="role", content="content", user="user", assistant="assistant")},
            optional={"system": texts | st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": texts}))},
        ),
        {},
    ),
    "tools": (
        st.fixed_dictionaries(
            {"query": texts, "tools": st.just([FUNCTION]), "answers": st.lists(calls, min_size=1, max_size=3)}
        ),
        {"answers": "answers"},
    ),
    "preference": (st.fixed_dictionaries({"prompt": texts, "chosen": texts, "rejected": texts}), {}),
    "messages": (
        st.fixed_dictionaries({"messages": talks(role="role", content="content", user="user", assistant="assistant")}),
        {},
    ),
    "as_is": (
        st.fixed_dictionaries({"messages": talks(role="role", content="content", user="user", assistant="assistant")}),
        {},
    ),
}
"""Recipe → records as they ought to be, and settings."""
OWN_TURNS = ("pairs", "classification", "completion", "dialogue", "alpaca", "prompt_completion")
"""Recipes that write every turn themselves, so that whatever they make is valid."""
KEYS = [
    "question",
    "answer",
    "text",
    "label",
    "rows",
    "instruction",
    "input",
    "output",
    "prompt",
    "completion",
    "history",
]


def stage_of(name: str, *, mend: MendSettings | None = None, **settings: Any) -> Compose:
    method = "sft" if "sft" in recipes()[name].methods else "dpo"
    chosen = recipes()[name].settings.model_validate({"recipe": name, **settings})
    return Compose({"s": chosen}, mend=mend or MendSettings(), method=method)


def table(records: list[Any]) -> pa.Table:
    rows = [
        {"name": f"f:{number}", "source": "s", "record": json.dumps(record, ensure_ascii=False), "raw": None, "unread": None}
        for number, record in enumerate(records, 1)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=columns.READ)


@cache
def validator(method: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads((schemas() / f"example.{method}.schema.json").read_text()))


def made_of(stage: Compose, record: Any) -> dict[str, Any]:
    return stage(table([record])).select(columns.COMPOSE.names).to_pylist()[0]


def contents(payload: str) -> list[str]:
    return [turn["content"] for turn in json.loads(payload)["messages"] if turn["role"] != "system"]


def test_every_recipe_has_its_law() -> None:
    assert set(GOOD) == set(recipes())


@pytest.mark.parametrize("name", GOOD)
@given(data=st.data())
def test_a_good_record_becomes_an_example_that_the_schema_takes(name: str, data: st.DataObject) -> None:
    records, settings = GOOD[name]
    stage = stage_of(name, mend=UNMENDED, **settings)

    row = made_of(stage, data.draw(records))

    assert row["trouble"] is None
    validator(stage.method).validate(json.loads(row["payload"]))


@pytest.mark.parametrize("name", OWN_TURNS)
@given(record=st.dictionaries(st.sampled_from(KEYS), cells | st.lists(cells, max_size=3), max_size=6))
def test_of_any_record_an_example_that_the_schema_takes_is_made_or_none(name: str, record: dict[str, Any]) -> None:
    row = made_of(stage_of(name), record)

    assert (row["payload"] is None) != (row["trouble"] is None)
    if row["payload"] is not None:
        validator("sft").validate(json.loads(row["payload"]))


@pytest.mark.parametrize("name", GOOD)
@given(data=st.data())
def test_composing_slices_is_slicing_what_was_composed(name: str, data: st.DataObject) -> None:
    records, settings = GOOD[name]
    whole = table(data.draw(st.lists(records | st.just({}) | st.just([]), max_size=6)))
    cut = data.draw(st.integers(0, len(whole)))
    stage = stage_of(name, **settings)

    parts = pa.concat_tables([stage(whole.slice(0, cut)), stage(whole.slice(cut))])

    assert parts.to_pylist() == stage(whole).to_pylist()


@pytest.mark.parametrize("name", GOOD)
@given(data=st.data())
def test_composing_twice_gives_the_same_bytes(name: str, data: st.DataObject) -> None:
    records, settings = GOOD[name]
    rows = table(data.draw(st.lists(records, min_size=1, max_size=3)))
    stage = stage_of(name, **settings)

    assert stage(rows).equals(pickle.loads(pickle.dumps(stage))(rows))


@given(question=texts, answer=texts)
def test_pairs_lose_no_letter_of_what_they_take(question: str, answer: str) -> None:
    row = made_of(stage_of("pairs", mend=UNMENDED), {"question": question, "answer": answer, "id": 7})

    assert contents(row["payload"]) == [question, answer]
    assert row["mended"] == []


@given(question=texts, answer=texts)
def test_a_template_of_one_column_says_what_the_column_says(question: str, answer: str) -> None:
    record = {"question": question, "answer": answer}

    plain = made_of(stage_of("pairs", mend=UNMENDED), record)
    rendered = made_of(
        stage_of("pairs", mend=UNMENDED, user="{{ question }}", assistant='{{ record["answer"] }}'), record
    )

    assert plain == rendered


@given(record=GOOD["pairs"][0], more=st.dictionaries(st.sampled_from(["id", "date", "url"]), cells))
def test_neither_other_columns_nor_their_order_matter(record: dict[str, Any], more: dict[str, Any]) -> None:
    stage = stage_of("pairs")

    assert made_of(stage, record) == made_of(stage, dict(reversed({**record, **more}.items())))


@given(turns=talks(role="role", content="content", user="user", assistant="assistant"))
def test_a_dialogue_keeps_every_turn_in_order(turns: list[dict[str, str]]) -> None:
    row = made_of(stage_of("dialogue", mend=UNMENDED, merge=False), {"rows": turns})

    assert contents(row["payload"]) == [turn["content"] for turn in turns]


@given(turns=talks(role="role", content="content", user="user", assistant="assistant"))
def test_merging_changes_where_turns_end_and_no_text(turns: list[dict[str, str]]) -> None:
    row = made_of(stage_of("dialogue", mend=UNMENDED), {"rows": turns})

    roles = [turn["role"] for turn in json.loads(row["payload"])["messages"]]
    assert "\n".join(contents(row["payload"])) == "\n".join(turn["content"] for turn in turns)
    assert all(one != other for one, other in pairwise(roles))
    assert ("merged-turns" in row["mended"]) == (len(roles) < len(turns))


@given(
    turns=st.lists(st.fixed_dictionaries({"role": st.sampled_from(["user", "system"]), "content": texts}), max_size=5)
)
def test_where_nobody_answers_no_answer_is_invented(turns: list[dict[str, str]]) -> None:
    row = made_of(stage_of("dialogue"), {"rows": turns})

    assert row["payload"] is None
    assert row["trouble"].startswith("compose.no-answer")


@given(earlier=st.lists(texts, max_size=5), answer=texts)
def test_the_answer_beside_a_list_of_turns_follows_a_question(earlier: list[str], answer: str) -> None:
    stage = stage_of("dialogue", mend=UNMENDED, turns="context", alternate=True, answer="response")

    row = made_of(stage, {"context": earlier, "response": answer})

    messages = json.loads(row["payload"])["messages"]
    assert contents(row["payload"]) == [*earlier, answer]
    assert [turn["role"] for turn in messages[-2:]] == ["user", "assistant"][-len(messages) :]


@given(record=GOOD["preference"][0])
def test_swapping_the_answers_swaps_the_sides(record: dict[str, str]) -> None:
    stage = stage_of("preference")
    swapped = {**record, "chosen": record["rejected"], "rejected": record["chosen"]}

    one, other = (json.loads(made_of(stage, each)["payload"]) for each in (record, swapped))

    assert one["input"] == other["input"]
    assert one["preferred_output"] == other["non_preferred_output"]
    assert one["non_preferred_output"] == other["preferred_output"]


@given(record=GOOD["messages"][0])
def test_messages_that_need_no_mending_ship_in_their_own_bytes(record: dict[str, Any]) -> None:
    row = made_of(stage_of("messages", mend=UNMENDED), record)

    assert row["payload"] == json.dumps(record, ensure_ascii=False)


@given(record=GOOD["tools"][0])
def test_every_call_has_an_id_of_its_own_and_keeps_its_arguments(record: dict[str, Any]) -> None:
    row = made_of(stage_of("tools", answers="answers"), record)

    made = json.loads(row["payload"])["messages"][-1]["tool_calls"]
    assert [json.loads(call["function"]["arguments"]) for call in made] == [
        one["arguments"] for one in record["answers"]
    ]
    assert len({call["id"] for call in made}) == len(made)


@pytest.mark.parametrize("name", [name for name in GOOD if name != "as_is"])
@given(data=st.data())
def test_a_record_that_was_mended_once_needs_no_mending(name: str, data: st.DataObject) -> None:
    records, settings = GOOD[name]
    stage = stage_of(name, **settings)
    first = made_of(stage, data.draw(records))
    again = stage_of("preference" if name == "preference" else "messages")

    if first["payload"] is not None:
        second = made_of(again, json.loads(first["payload"]))
        assert json.loads(second["payload"]) == json.loads(first["payload"])
        assert second["mended"] == []
