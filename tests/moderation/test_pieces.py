"""Every text and image of an example is judged, cut to the length that is taken, and named by who judges and what."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.example import Example
from pipeline.measure.moderation.pieces import Piece, chunks, estimated_tokens, key, pieces
from tests.moderation.desk import FAST, row

PARTS = [
    {"type": "text", "text": "look"},
    {"type": "image_url", "image_url": {"url": "https://host/cat.png"}},
    {"type": "refusal", "refusal": "no"},
]
CALL = {"id": "1", "type": "function", "function": {"name": "find", "arguments": '{"q": "x"}'}}


def found(record, *, unit="message", method="sft", max_tokens=8_192):
    return list(pieces(Example.parse(json.dumps(record), method=method), unit=unit, max_tokens=max_tokens))


def messages(*turns):
    return {"messages": list(turns)}


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        pytest.param({"content": "hi"}, [("/content", "hi", "text")], id="text"),
        pytest.param(
            {"content": PARTS},
            [
                ("/content/0/text", "look", "text"),
                ("/content/2/refusal", "no", "text"),
                ("/content/1", "https://host/cat.png", "image"),
            ],
            id="parts",
        ),
        pytest.param({"content": None, "refusal": "no"}, [("/refusal", "no", "text")], id="refusal"),
        pytest.param(
            {"content": None, "tool_calls": [CALL]},
            [("/tool_calls/0/function/arguments", '{"q": "x"}', "text")],
            id="arguments of a tool call",
        ),
        pytest.param(
            {"function_call": {"name": "f", "arguments": "{}"}},
            [("/function_call/arguments", "{}", "text")],
            id="arguments of a deprecated function call",
        ),
        pytest.param({"content": " \n"}, [], id="nothing but white space"),
        pytest.param({"content": 7, "tool_calls": [3, {"function": 4}], "function_call": []}, [], id="wrong types"),
        pytest.param({"content": [{"type": "image_url", "image_url": 5}, 6]}, [], id="wrong types in parts"),
    ],
)
def test_what_of_a_turn_is_judged(turn, expected):
    assert found(messages({"role": "assistant", **turn})) == [
        Piece("/messages/0" + where, text, kind) for where, text, kind in expected
    ]


PAIR = {
    "input": messages({"role": "user", "content": "q"}),
    "preferred_output": [{"role": "assistant", "content": "good"}],
    "non_preferred_output": [{"role": "assistant", "content": "bad"}],
}


def test_both_answers_of_a_preference_pair_are_judged():
    assert found(PAIR, method="dpo") == [
        Piece("/input/messages/0/content", "q"),
        Piece("/preferred_output/0/content", "good"),
        Piece("/non_preferred_output/0/content", "bad"),
    ]


def test_a_conversation_is_judged_as_one_script():
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "tool_calls": [CALL]}]

    assert found(messages(*turns), unit="conversation") == [Piece("/messages", 'user: q\n\nassistant: a\n{"q": "x"}')]


def test_each_answer_of_a_preference_pair_makes_a_conversation():
    assert found(PAIR, unit="conversation", method="dpo") == [
        Piece("/preferred_output", "user: q\n\nassistant: good"),
        Piece("/non_preferred_output", "user: q\n\nassistant: bad"),
    ]


@given(st.text(), st.integers(2, 30))
def test_chunks_joined_are_the_text_but_for_blank_ones(text, most):
    cut = list(chunks(text, max_tokens=most))

    assert "".join("".join(cut).split()) == "".join(text.split())
    assert all(estimated_tokens(chunk) <= most or len(chunk) == 1 for chunk in cut)
    assert all(chunk.strip() for chunk in cut)


def test_a_text_is_cut_where_a_sentence_ends():
    assert list(chunks("One two three. Four five six.", max_tokens=5)) == ["One two three. ", "Four five six."]


def test_ten_megabytes_of_one_character_are_cut_in_no_time():
    assert len(list(chunks("a" * 10_000_000, max_tokens=8_192))) == 306


def test_a_long_text_is_joined_by_the_maximum_of_its_chunks(desk):
    long = "fine words " * 400 + "BAD:violence " + "more words " * 400
    settings = FAST.model_copy(update={"max_tokens_per_text": 100})
    here = desk()

    [fact] = here.facts([row(long)], settings)

    assert (fact.flagged, fact.categories) == (True, ("violence",))
    assert dict(fact.places)["violence"] == "/messages/0/content"
    assert max(map(len, here.standin.seen)) <= 400


def test_one_image_goes_with_each_request(desk):
    here = desk()
    turn = {"role": "user", "content": [PARTS[1], {"type": "image_url", "image_url": {"url": "data:BAD:sexual"}}]}

    [fact] = here.facts([row(turn)])

    assert here.standin.complaints == []
    assert sorted(here.standin.seen) == ["data:BAD:sexual", "https://host/cat.png"]
    assert dict(fact.places)["sexual"] == "/messages/0/content/1"


def test_a_lone_surrogate_does_not_stop_the_request(desk):
    payload = row("half a _ pair")[1].replace("_", "\\ud83d")

    assert desk().facts([(b"digest", payload)])[0].state == "verified"


@given(st.text(), st.text())
def test_keys_differ_by_text_kind_and_judge(one, other):
    names = {
        key(Piece("", text, kind), judge=judge) for text in {one, other} for kind in ("text", "image") for judge in "ab"
    }

    assert len(names) == 4 * len({one, other})


@pytest.mark.parametrize(("text", "tokens"), [("", 1), ("word" * 100, 101), ("日本語" * 100, 376), ("день" * 100, 301)])
def test_tokens_are_estimated_from_letters(text, tokens):
    assert estimated_tokens(text) == tokens
