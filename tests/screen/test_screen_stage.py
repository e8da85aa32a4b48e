"""The stage: what it says of a row, where, and what it leaves alone."""

import json
import pickle
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.columns import MODERATION
from pipeline.core.moderation import from_column
from pipeline.measure.screen import BACKEND, Screen
from pipeline.measure.screen.stage import LAST_LATIN, _beyond_latin

SAD = "I keep cutting myself and I want to die"
CALM = "How do I pay for my order, and when will it arrive?"


def chat(*texts: str) -> str:
    return json.dumps({"messages": [{"role": ("user", "assistant")[i % 2], "content": t} for i, t in enumerate(texts)]})


def screened(*payloads: str | None, **settings: Any) -> list[dict[str, Any] | None]:
    table = Screen(**settings)(pa.table({"payload": pa.array(payloads, pa.string())}))
    assert table.schema.field("moderation").type == MODERATION
    return table["moderation"].to_pylist()


def test_a_suspicion_has_a_category_of_the_screens_own_and_a_place() -> None:
    (said,) = screened(chat(CALM, "By card.", SAD, "Please talk to someone."))

    assert said is not None
    assert (said["backend"], said["state"], said["flagged"]) == (BACKEND, "screened", None)
    assert said["categories"] == ["screen/self-harm"]
    assert said["places"] == [("screen/self-harm", "/messages/2/content")]
    assert [name for name, score in said["scores"] if score >= 0] == ["screen/self-harm"]


def test_a_calm_row_is_screened_and_never_called_unflagged() -> None:
    (said,) = screened(chat(CALM, "By card, within three days."))

    assert said is not None
    assert (said["state"], said["flagged"], said["categories"], said["scores"]) == ("screened", None, [], [])


def test_without_routing_no_place_is_looked_for() -> None:
    (said,) = screened(chat(SAD, "No."), routes=False)

    assert said is not None
    assert (said["categories"], said["places"]) == (["screen/self-harm"], [])


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(None, id="no example"),
        pytest.param("{", id="no JSON"),
        pytest.param("[1, 2]", id="no object"),
        pytest.param('{"messages": []}', id="no turns"),
        pytest.param('{"messages": [{"role": "user", "content": null}]}', id="no text"),
        pytest.param(chat("   ", "\n"), id="white space"),
        pytest.param(chat("今日はとても良い天気ですね。", "そうですね。"), id="Japanese"),
        pytest.param(
            chat("Je voudrais savoir où se trouve mon colis, car il devait arriver hier matin chez moi.", "Bien sûr."),
            id="French",
        ),
    ],
)
def test_what_it_cannot_read_is_not_asked(payload: str | None) -> None:
    assert screened(payload) == [None]


def test_arguments_and_refusals_are_looked_at_and_definitions_are_not() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"note": SAD})}}
    turns = [{"role": "user", "content": CALM}, {"role": "assistant", "content": None, "tool_calls": [call]}]
    defined = {"type": "function", "function": {"name": "f", "description": SAD}}
    called, described = screened(
        json.dumps({"messages": turns}), json.dumps({"messages": turns[:1], "tools": [defined]})
    )

    assert called is not None
    assert called["places"] == [("screen/self-harm", "/messages/1/tool_calls/0/function/arguments")]
    assert described is not None
    assert described["categories"] == []


def test_both_answers_of_a_pair_are_looked_at() -> None:
    pair = {
        "input": {"messages": [{"role": "user", "content": CALM}]},
        "preferred_output": [{"role": "assistant", "content": "By card."}],
        "non_preferred_output": [{"role": "assistant", "content": SAD}],
    }
    (said,) = screened(json.dumps(pair), method="dpo")

    assert said is not None
    assert said["places"] == [("screen/self-harm", "/non_preferred_output/0/content")]


TEXTS = st.one_of(st.sampled_from([SAD, CALM, "", "Ünïcode \U0001f600 of the and", "x" * 3_000]), st.text(max_size=40))
PAYLOADS = st.one_of(st.none(), st.text(max_size=30), st.lists(TEXTS, min_size=1, max_size=4).map(lambda t: chat(*t)))


@settings(max_examples=100, deadline=None)
@given(st.lists(PAYLOADS, min_size=1, max_size=8), st.integers(0, 8))
def test_slices_say_what_the_whole_says(payloads: list[str | None], cut: int) -> None:
    assert screened(*payloads[:cut]) + screened(*payloads[cut:]) == screened(*payloads)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_the_spelling_of_the_json_changes_nothing(texts: list[str]) -> None:
    escaped = chat(*texts)
    plain = json.dumps(json.loads(escaped), ensure_ascii=False, indent=1)

    assert screened(escaped) == screened(plain)


def test_the_rows_stay_as_they_are() -> None:
    before = pa.table({"name": ["a:1", "a:2"], "payload": pa.array([chat(SAD), None], pa.string())})

    assert Screen()(before).select(["name", "payload"]).equals(before)
    assert Screen()(before.slice(0, 0)).num_rows == 0


def test_it_travels_to_other_processes_as_its_settings() -> None:
    screen = Screen(method="dpo", routes=False)

    assert pickle.loads(pickle.dumps(screen)) == screen
    assert len(pickle.dumps(screen)) < 300


def test_facts_are_read_back_from_the_column() -> None:
    (said,) = screened(chat(SAD))

    assert said is not None
    assert from_column(said).categories == ("screen/self-harm",)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text(st.sampled_from("aé\u024e\u024f\u0250\u027f\u0280字\ud800\U0001f600\0"), max_size=6), max_size=6)
)
def test_characters_beyond_latin_are_counted_to_the_letter(texts: list[str]) -> None:
    assert _beyond_latin(texts).tolist() == [sum(letter > LAST_LATIN for letter in text) for text in texts]
