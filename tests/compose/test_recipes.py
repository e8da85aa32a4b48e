"""Every recipe: a record of its shape in, the messages that ship out."""

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.compose import Compose, recipes
from pipeline.core import columns
from pipeline.core.described import described
from pipeline.core.settings import MendSettings
from pipeline.core.trouble import CAUSES


def compose(
    record: Any, recipe: str, *, method: str = "sft", mend: MendSettings | None = None, **settings: Any
) -> dict:
    """Give what compose adds to a table of one row."""
    text = record if isinstance(record, str) else json.dumps(record, ensure_ascii=False)
    chosen = recipes()[recipe].settings.model_validate({"recipe": recipe, **settings})
    stage = Compose({"s": chosen}, mend=mend or MendSettings(), method=method)
    return stage(table([text])).select(columns.COMPOSE.names).to_pylist()[0]


def table(records: list[str | None], *, source: str = "s", unread: list[str | None] | None = None) -> pa.Table:
    """Give the read room's table of these records."""
    rows = {
        "name": [f"f:{number}" for number in range(1, len(records) + 1)],
        "source": [source] * len(records),
        "record": records,
        "raw": [None] * len(records),
        "unread": unread or [None] * len(records),
    }
    return pa.table(rows, schema=columns.READ)


def said(record: Any, recipe: str, **settings: Any) -> list[str]:
    """Give the turns as `role: content`."""
    row = compose(record, recipe, **settings)
    assert row["trouble"] is None, row["trouble"]
    return [f"{m['role']}: {m.get('content')}" for m in json.loads(row["payload"])["messages"]]


def test_a_question_and_an_answer_become_two_turns() -> None:
    row = compose({"question": "Hi?", "answer": "Hello."}, "pairs")

    assert row["payload"] == ('{"messages":[{"role":"user","content":"Hi?"},{"role":"assistant","content":"Hello."}]}')
    assert row["mended"] == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param({"user": "title"}, "user: Refund", id="a value without braces names a column"),
        pytest.param({"user": "{{ title }}: {{ body }}"}, "user: Refund: Late", id="braces make a template"),
        pytest.param({"user": '{{ record["Ticket body"] }}'}, "user: Broken", id="columns that are no words"),
        pytest.param({"user": "{% if body %}{{ title }}!{% endif %}"}, "user: Refund!", id="statements make one too"),
        pytest.param({"user": "{{ body | regex_replace('[aeiou]') }}"}, "user: Lt", id="parts can be taken out"),
        pytest.param({"user": "Ticket body"}, "user: Broken", id="names with spaces"),
        pytest.param({"user": "nested.0.deep"}, "user: Down", id="a dotted path"),
        pytest.param({"user": "number"}, "user: 7.5", id="numbers as JSON writes them"),
    ],
)
def test_a_turn_is_a_column_or_a_template(settings: dict, expected: str) -> None:
    record = {
        "title": "Refund",
        "body": "Late",
        "Ticket body": "Broken",
        "number": 7.5,
        "nested": [{"deep": "Down"}],
        "answer": "Sorry.",
    }

    assert said(record, "pairs", **settings)[0] == expected


def test_what_a_cell_holds_is_never_rendered() -> None:
    assert said({"question": "{{ 7 * 7 }}", "answer": "{% x %}"}, "pairs", user="{{ question }}") == [
        "user: {{ 7 * 7 }}",
        "assistant: {% x %}",
    ]


def test_a_system_column_wins_over_the_fixed_text_where_it_says_something() -> None:
    settings = {"system": "Be kind.", "system_column": "tone"}

    assert said({"question": "a", "answer": "b", "tone": "Be brief."}, "pairs", **settings)[0] == "system: Be brief."
    assert said({"question": "a", "answer": "b", "tone": ""}, "pairs", **settings)[0] == "system: Be kind."


@pytest.mark.parametrize(
    ("recipe", "record", "settings", "trouble"),
    [
        pytest.param("pairs", {"Question": "a"}, {}, "compose.missing-column No column `question`; the nearest is `Question`.", id="the nearest column is named"),
        pytest.param("pairs", {"x": "a"}, {}, "compose.missing-column No column `question`; the record has `x`.", id="none is near"),
        pytest.param("pairs", {"question": "a", "answer": " \n"}, {}, "compose.empty Column `answer` is empty; the assistant turn needs text.", id="an empty answer"),
        pytest.param("pairs", {"question": None, "answer": "b"}, {}, "compose.empty Column `question` is empty; the user turn needs text.", id="a null question"),
        pytest.param("pairs", {"question": {}, "answer": "b"}, {}, "compose.shape Column `question` holds an object; expected text.", id="an object for text"),
        pytest.param("pairs", {"question": "a", "answer": "b"}, {"user": "{{ questoin }}"}, "compose.template `user`: no column `questoin`; the nearest is `question`.", id="a name that the template lacks"),
        pytest.param("pairs", {"question": "a", "answer": "b"}, {"user": "{{ question / 2 }}"}, "compose.template `user` failed while it was rendered: type error.", id="a template that fails"),
        pytest.param("pairs", {"question": "a", "answer": "b"}, {"user": "{{ ''.__class__.__mro__ }}"}, "compose.template `user` failed while it was rendered: security error.", id="a template that breaks out"),
        pytest.param("pairs", {"question": "a", "answer": "b; c"}, {"separator": "; ", "alternatives": "refuse"}, "compose.alternatives Column `answer` holds 2 answers; expected one.", id="several answers refused"),
        pytest.param("classification", {"text": "a", "label": "c"}, {"labels": ["x", "y"]}, "compose.label Column `label` holds none of the 2 `labels`.", id="a label that is not listed"),
        pytest.param("dialogue", {"rows": [{"role": "customer", "content": "Hi"}]}, {}, "compose.no-answer 1 turn and none of the assistant; expected at least one.", id="nobody answers"),
        pytest.param("dialogue", {"rows": [{"role": "Zed", "content": "Hi"}]}, {}, "compose.speaker Turn 1 is spoken by someone whom `speakers` does not name.", id="an unknown speaker"),
        pytest.param("dialogue", {"text": "no labels here"}, {"transcript": "text"}, "compose.shape No line of `text` begins with a speaker of `speakers`.", id="a text that is no transcript"),
        pytest.param("messages", {"messages": "Hi"}, {}, "compose.shape `messages` is not a list; expected a list of messages.", id="messages that are text"),
        pytest.param("sharegpt", {"conversations": [{"from": "narrator", "value": "x"}]}, {}, "compose.speaker Turn 1 is spoken in a role that the recipe does not know.", id="an unknown role"),
        pytest.param("sharegpt", {"conversations": ["x"]}, {}, "compose.shape Turn 1 is not an object; expected a role and what it says.", id="turns that are text"),
        pytest.param("tools", {"query": "q", "tools": "not json", "answers": "[]"}, {}, "compose.no-answer 1 turn and none of the assistant; expected at least one.", id="answers not asked for"),
        pytest.param("alpaca", {"instruction": "do"}, {}, "compose.missing-column No column `output`; the record has `instruction`.", id="no output"),
        pytest.param("pairs", [1], {}, "compose.shape The record is not an object.", id="a record that is a list"),
        pytest.param("pairs", '{"question":"\\ud800","answer":"b"}', {}, "compose.surrogate A lone surrogate in the text; expected whole characters.", id="a lone surrogate"),
        pytest.param("pairs", '{"question":NaN,"answer":"b"}', {}, "compose.shape The record is not JSON, or holds a number that JSON cannot.", id="a number that is none"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_composed_says_why(recipe: str, record: Any, settings: dict, trouble: str) -> None:
    row = compose(record, recipe, **settings)

    assert row["payload"] is None
    assert row["trouble"] == trouble
    assert trouble.split(maxsplit=1)[0] in CAUSES


def test_of_several_answers_the_first_is_taken_and_noted() -> None:
    row = compose({"question": "q", "answer": "; one; two"}, "pairs", separator="; ")

    assert json.loads(row["payload"])["messages"][1]["content"] == "one"
    assert row["mended"] == ["alternatives"]


def test_a_list_of_answers_gives_its_first() -> None:
    assert said({"question": "q", "answer": ["", "one", "two"]}, "pairs")[1] == "assistant: one"


def test_a_single_answer_is_not_called_an_alternative() -> None:
    assert compose({"question": "q", "answer": "one"}, "pairs", separator="; ")["mended"] == []


def test_a_label_is_said_as_the_plan_names_it_and_the_system_turn_lists_them_all() -> None:
    turns = said(
        {"text": "so bad", "label": 0}, "classification", names={"0": "negative"}, labels=["negative", "positive"]
    )

    assert turns == [
        "system: Classify the text. Answer with one of these labels and nothing else: negative, positive.",
        "user: so bad",
        "assistant: negative",
    ]


def test_a_story_answers_a_fixed_instruction() -> None:
    record = {"title": "The Red Lamp", "text": "It was dark."}

    turns = said(
        record,
        "completion",
        instruction='Write a mystery called "{{ title }}".',
        system="You are a creative exceptional writer.",
    )

    assert turns == [
        "system: You are a creative exceptional writer.",
        'user: Write a mystery called "The Red Lamp".',
        "assistant: It was dark.",
    ]


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        pytest.param("One. Two.\n\nThree. Four.", 15, "One. Two.", id="after a paragraph"),
        pytest.param("One two three. Four five.", 20, "One two three.", id="after a sentence"),
        pytest.param("one two three four", 10, "one two", id="after a word"),
        pytest.param("onetwothree", 5, "onetw", id="inside a word where there is no other place"),
        pytest.param("Short.", 10, "Short.", id="not at all"),
    ],
)
def test_a_long_text_ends_where_a_reader_would_stop(text: str, limit: int, expected: str) -> None:
    row = compose({"text": text}, "completion", max_characters=limit)

    assert json.loads(row["payload"])["messages"][1]["content"] == expected
    assert row["mended"] == (["shortened"] if expected != text else [])


@given(text=st.text(min_size=1), limit=st.integers(1, 40))
def test_a_shortened_text_is_a_beginning_within_the_limit(text: str, limit: int) -> None:
    from pipeline.compose.recipes.completion import shortened

    short = shortened(text, limit)

    assert text.strip().startswith(short.strip())
    assert len(short.strip()) <= limit


def test_the_marks_of_the_old_format_go_only_where_asked() -> None:
    record = {"prompt": "Spam? ->", "completion": " yes END"}
    marks = {"prompt_ends": ["->"], "completion_ends": ["END"]}

    assert said(record, "prompt_completion") == ["user: Spam? ->", "assistant: yes END"]
    assert said(record, "prompt_completion", **marks) == ["user: Spam?", "assistant: yes"]


def test_alpaca_sets_the_input_below_the_instruction_and_history_before_it() -> None:
    record = {
        "instruction": "Sum up.",
        "input": "A b c.",
        "response": "ABC",
        "history": [["Hi", "Hello"]],
        "system": "S",
    }

    assert said(record, "alpaca") == [
        "system: S",
        "user: Hi",
        "assistant: Hello",
        "user: Sum up.\n\nA b c.",
        "assistant: ABC",
    ]


def test_messages_ship_in_their_own_bytes() -> None:
    text = '{ "messages" : [{"content":"Hi","role":"user"},{"role":"assistant","content":"H\\u00e9"}],"x":1e5}'

    assert compose(text, "messages")["payload"] == text


def test_messages_that_were_mended_are_written_canonically() -> None:
    text = '{"messages": [{"content":"Hi ","role":"user"}, {"role":"assistant","content":"Yo"}], "tools": []}'

    row = compose(text, "messages")

    assert row["payload"] == (
        '{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yo"}],"tools":[]}'
    )
    assert row["mended"] == ["whitespace"]


def test_a_pretty_printed_record_becomes_one_line() -> None:
    text = '{\n  "messages": [\n {"role": "user", "content": "Hi"}]\n}'

    assert compose(text, "messages")["payload"] == '{"messages":[{"role":"user","content":"Hi"}]}'
    assert compose(text, "as_is")["payload"] == '{"messages":[{"role":"user","content":"Hi"}]}'


def test_a_system_turn_is_put_before_messages_that_have_none() -> None:
    bare = {"messages": [{"role": "user", "content": "Hi"}]}
    own = {"messages": [{"role": "system", "content": "Mine"}, {"role": "user", "content": "Hi"}]}

    assert said(bare, "messages", system="Be kind.")[0] == "system: Be kind."
    assert said(own, "messages", system="Be kind.")[0] == "system: Mine"


def test_keys_beyond_the_schema_are_dropped_only_where_asked() -> None:
    record = {"messages": [{"role": "user", "content": "Hi"}], "label": True}

    assert "label" in compose(record, "messages")["payload"]
    row = compose(record, "messages", extra="drop")
    assert "label" not in row["payload"]
    assert row["mended"] == ["extra-keys"]


@pytest.mark.parametrize(
    "text", ['{"a": 1,  "a": 2}', "[1]", "null", '{"x":"\\ud800"}', '{"messages":[{"content":" x "}]}']
)
def test_as_is_passes_any_text_unchanged(text: str) -> None:
    assert compose(text, "as_is")["payload"] == text


def test_every_recipe_is_found_by_its_tag_and_forbids_what_it_does_not_know() -> None:
    assert set(recipes()) == {
        "alpaca", "anthropic", "as_is", "classification", "completion", "dialogue", "messages", "pairs", "preference",
        "prompt_completion", "sharegpt", "tools",
    }  # fmt: skip
    for name, known in recipes().items():
        assert known.settings().model_dump()["recipe"] == name
        with pytest.raises(ValidationError):
            known.settings.model_validate({"recipe": name, "nonsense": 1})


def test_every_setting_of_every_recipe_says_what_it_is() -> None:
    for known in recipes().values():
        schema = described(known.settings).model_json_schema()
        undescribed = [key for key, value in schema["properties"].items() if "description" not in value]
        assert undescribed == ["recipe"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "from", "content", "value", "text", "type", "messages", "function", "name", "tool_calls"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
KEYS = [
    "question", "answer", "text", "label", "rows", "messages", "conversations", "tools", "instruction", "input", "output",
    "prompt", "completion", "chosen", "rejected", "system", "query", "history", "preferred_output", "non_preferred_output",
]  # fmt: skip


@pytest.mark.parametrize("name", sorted(recipes()))
@given(record=st.dictionaries(st.sampled_from(KEYS), json_values, max_size=8))
def test_no_record_whatever_breaks_a_recipe(name: str, record: dict) -> None:
    method = "sft" if "sft" in recipes()[name].methods else "dpo"

    row = compose(record, name, method=method)

    assert (row["payload"] is None) != (row["trouble"] is None)
    if row["payload"] is not None:
        assert "\n" not in row["payload"]
        json.loads(row["payload"])
