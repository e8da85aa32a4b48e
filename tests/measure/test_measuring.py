"""The stage gives every row its facts, whatever the payload is."""

import json
import pickle
import re
import sys
import unicodedata
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.core.columns import MEASURE
from pipeline.core.example import Example, transcript
from pipeline.core.passages import Passages
from pipeline.core.shape import Bit
from pipeline.core.word_hashes import example_words
from pipeline.core.words import MARK, SPACES, UNSPACED, folded, words
from pipeline.measure import Measure
from pipeline.measure.counter import oracle
from pipeline.measure.reading import Reading, read_slowly, readings
from pipeline.measure.schema import is_regular
from pipeline.measure.shape import Shape
from tests.measure.one_by_one import hashes_of

CALL = {"id": "a", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}
TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Looks.",
        "parameters": {
            "type": "object",
            "properties": {"at": {"type": "integer", "enum": [1, 22], "description": "Where."}},
        },
    },
}
text = st.text(max_size=12) | st.sampled_from(
    ["", " ", "a;b|c", "AI: Hi", "é", "e\u0301", "\x00", "\x7f", "\x85", "Hi \n", "\u3000"]
)
junk: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=4,
)
role = st.sampled_from(["system", "developer", "user", "assistant", "tool", "function", "human", ""])
turn = st.fixed_dictionaries(
    {"role": role | junk},
    optional={
        "content": text | st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": text}), max_size=2) | junk,
        "name": text,
        "weight": st.sampled_from([0, 1, 1.0, True, 2]),
        "tool_calls": st.lists(st.just(CALL) | junk, max_size=2),
        "tool_call_id": text,
        "refusal": text | st.none(),
        "function_call": junk,
        "extra": junk,
    },
)
plain_turn = st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": text})
sft = st.fixed_dictionaries(
    {"messages": st.lists(plain_turn | turn, max_size=4) | junk}, optional={"tools": st.just([TOOL]) | junk, "id": junk}
)
dpo = st.fixed_dictionaries(
    {
        "input": sft | junk,
        "preferred_output": st.lists(plain_turn | turn, max_size=2),
        "non_preferred_output": st.lists(plain_turn, min_size=1, max_size=1),
    }
)
plain = st.fixed_dictionaries({"messages": st.lists(plain_turn, min_size=1, max_size=4)})


def _measured(*payloads: str | None, method: str = "sft") -> pa.Table:
    return Measure(method=method)(pa.table({"payload": pa.array(payloads, pa.string())}))  # type: ignore[arg-type]


def _dumped(value: Any, *, ascii_only: bool) -> str:
    return json.dumps(value, ensure_ascii=ascii_only)


def _read(payloads: list[str | None], *, method: str) -> list[Reading | None]:
    """Give what a batch says of each row, as the slow path says it of one."""
    found = readings(pa.chunked_array([pa.array(payloads, pa.string())]), method=method)  # type: ignore[arg-type]
    rows: list[Reading | None] = []
    for row, told in enumerate(found.shapes.to_pylist()):
        said = found.said.rows(row, row + 1)
        answer_at = None if said.answer_at[0] < 0 else int(said.answer_at[0])
        passages = Passages(said.marks, tuple(said.texts), answer_at)
        rows.append(Reading(Shape(**told), passages, bool(found.is_json[row])) if said.is_known[0] else None)
    return rows


@settings(max_examples=200, deadline=None)
@given(values=st.lists(plain | sft | st.none(), max_size=5), ascii_only=st.booleans())
@example(values=[{"messages": [{"role": "user", "content": "a\x7fb"}]}], ascii_only=False)
@example(values=[{"messages": [{"role": "user", "content": "a\x9fb"}]}], ascii_only=False)
def test_the_fast_path_says_what_the_slow_one_says(values: list[Any], ascii_only: bool) -> None:  # noqa: FBT001
    payloads = [None if value is None else _dumped(value, ascii_only=ascii_only) for value in values]

    assert [one and read_slowly(one, method="sft") for one in payloads] == _read(payloads, method="sft")


@settings(max_examples=150, deadline=None)
@given(values=st.lists(dpo | sft | st.none(), max_size=4), ascii_only=st.booleans())
def test_the_fast_path_agrees_for_preference_pairs(values: list[Any], ascii_only: bool) -> None:  # noqa: FBT001
    payloads = [None if value is None else _dumped(value, ascii_only=ascii_only) for value in values]

    assert [one and read_slowly(one, method="dpo") for one in payloads] == _read(payloads, method="dpo")


def test_capitals_are_gone_from_what_is_folded() -> None:
    every = "".join(chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point <= 0xDFFF)

    assert not re.search("[A-Z]", unicodedata.normalize("NFC", folded(every)))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.none() | st.lists(st.tuples(st.sampled_from("sua|?"), text), max_size=4), max_size=4))
@example([[("u", "\ud800 A\x7f")], None, []])
@example([[("u", "\u0301\u212a"), ("a", "\u0345I\u0307")]])
def test_words_are_those_of_each_passage_by_itself(said: list[list[tuple[str, str]] | None]) -> None:
    examples = [
        one and Passages("".join(mark for mark, _ in one), tuple(told for _, told in one), None) for one in said
    ]
    found = example_words([one or None for one in examples])
    rows = [found.hashes[begin:end].tolist() for begin, end in zip(found.starts, found.starts[1:], strict=False)]

    for row, one in zip(rows, said, strict=True):
        streams = [MARK + mark + " " + " ".join(words(told)) for mark, told in one or ()]
        told = " ".join(streams).encode("utf-8", "surrogatepass")
        assert row == hashes_of(told)


def test_whatever_is_a_space_parts_words_and_whatever_is_a_word_stands_alone() -> None:
    for first, last in (*SPACES[:-1], (0x7F, 0x7F)):  # the last, U+3000, is one of those that stand alone
        for point in range(first, last + 1):
            assert ["a", "é"] == words(f"a{chr(point)}É")
    for point in (end for ends in UNSPACED for end in ends):
        assert ["a", folded(chr(point)), "é"] == words(f"a{chr(point)}É")


@settings(max_examples=150, deadline=None)
@given(value=plain | sft)
def test_what_is_regular_is_valid_by_the_schema_on_disk(value: Any) -> None:
    from pathlib import Path

    import jsonschema_rs

    schema = json.loads(Path("schemas/example.sft.schema.json").read_text(encoding="utf-8"))
    if is_regular(json.dumps(value), method="sft"):
        jsonschema_rs.validate(schema, value)


@settings(max_examples=60, deadline=None)
@given(
    payload=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)
    | junk.map(json.dumps)
    | sft.map(json.dumps)
    | dpo.map(json.dumps),
    method=st.sampled_from(["sft", "dpo", "rft"]),
)
@example(payload='{"messages":[{"role":"user","content":"\\ud800"}]}', method="sft")
@example(payload="null", method="sft")
@example(payload="[" * 3000, method="sft")
@example(payload='{"messages":[{"role":"tool","content":{"a":NaN}}]}', method="rft")
def test_no_payload_makes_it_stumble(payload: str, method: str) -> None:
    row = _measured(payload, method=method).to_pylist()[0]

    assert row["digest"] is not None
    assert row["content"] is not None
    assert row["tokens"] is None or row["tokens"]["total"] >= 0


def test_rows_without_payload_have_no_facts_and_keep_their_place() -> None:
    table = _measured(None, transcript("user: Hi\nassistant: Hello").payload, None)

    assert [row["digest"] is None for row in table.to_pylist()] == [True, False, True]
    assert [row["shape"] is None for row in table.to_pylist()] == [True, False, True]
    assert table.schema.field("keys").type == MEASURE.field("keys").type
    assert _measured().num_rows == _measured(None).num_rows - 1


def test_the_stage_pickles_as_its_settings_and_says_who_counts() -> None:
    stage = pickle.loads(pickle.dumps(Measure(encoding="cl100k_base")))

    assert stage == Measure(encoding="cl100k_base")
    assert re.match(r"(gigatoken|tiktoken) \d", stage.counted_by)


def test_batches_of_any_size_give_the_same_facts() -> None:
    payloads = [
        transcript(f"user: Question {i} in some words\nassistant: Answer {i}, é 你好").payload for i in range(40)
    ]
    whole = _measured(*payloads)

    pieces = pa.concat_tables([_measured(*payloads[i : i + 7]) for i in range(0, 40, 7)])

    assert whole.combine_chunks().equals(pieces.combine_chunks())


def test_a_chat_costs_content_roles_and_three_a_message() -> None:
    tokens = _measured(
        transcript("system: Be kind\nuser: Hi there\nassistant: Hello, <|endoftext|>").payload
    ).to_pylist()[0]["tokens"]

    system, user, answer = oracle("o200k_base").counts(["Be kind", "Hi there", "Hello, <|endoftext|>"]).tolist()
    assert tokens == {
        "total": system + user + answer + 3 * (3 + 1), "system": system, "user": user, "assistant": answer,
        "tool": 0, "tools": 0, "trained": answer, "images": 0,
    }  # fmt: skip


def test_weight_0_is_counted_and_not_trained_and_images_are_numbered() -> None:
    payload = json.dumps(
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "See"},
                        {"type": "image_url", "image_url": {"url": "data:,x"}},
                    ],
                },
                {"role": "assistant", "content": "One two three", "weight": 0},
                {"role": "user", "content": "And?"},
                {"role": "assistant", "tool_calls": [CALL]},
            ]
        }
    )
    tokens = _measured(payload).to_pylist()[0]["tokens"]

    idle, name, arguments = oracle("o200k_base").counts(["One two three", "look", '{"at": 1}']).tolist()
    assert (tokens["images"], tokens["trained"], tokens["assistant"]) == (1, name + arguments, idle + name + arguments)


def test_tool_definitions_cost_what_the_inference_formula_says() -> None:
    tokens = _measured(json.dumps({"messages": [{"role": "user", "content": "x"}], "tools": [TOOL]})).to_pylist()[0][
        "tokens"
    ]

    lines = oracle("o200k_base").counts(["look:Looks", "1", "22", "at:integer:Where"]).sum()
    assert tokens["tools"] == lines + 7 + 3 + 3 + (-3 + 2 * 3) + 12
    assert tokens["total"] == tokens["tools"] + tokens["user"] + 4


def test_a_preference_pair_trains_on_its_answers_alone() -> None:
    turns = [{"role": "assistant", "content": "Earlier words"}, {"role": "user", "content": "Hi"}]
    pair = {
        "input": {"messages": turns},
        "preferred_output": [{"role": "assistant", "content": "Good day"}],
        "non_preferred_output": [{"role": "assistant", "content": "No"}],
    }

    row = _measured(json.dumps(pair), method="dpo").to_pylist()[0]

    good, bad = oracle("o200k_base").counts(["Good day", "No"]).tolist()
    assert row["tokens"]["trained"] == good + bad
    assert row["shape"]["roles"] == "au|a|a"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("user: Hi  THERE\nassistant: Caf\u00e9", "user: hi there \nassistant: cafe\u0301", True),
        ("user: \u4f60\u597d\nassistant: x", "user: \u4f60 \u597d\nassistant: x", True),
        ("user: x\u00b2\nassistant: y", "user: x2\nassistant: y", False),
        ("user: a\nassistant: b", "assistant: a\nuser: b", False),
        ("user: a b\nassistant: c", "user: a\nassistant: b c", False),
        ("user: STRASSE\nassistant: b", "user: stra\u00dfe\nassistant: b", True),
        ("user: a\x7fab\nassistant: c", "user: a\nassistant: b\nassistant: c", False),
    ],
    ids=["case-space-form", "unspaced", "superscript", "roles", "where-a-turn-ends", "sharp-s", "faked-turn"],
)
def test_content_is_equal_but_for_case_space_and_unicode_form(one: str, other: str, same: bool) -> None:  # noqa: FBT001
    first, second = _measured(transcript(one).payload, transcript(other).payload)["content"].to_pylist()

    assert (first == second) is same


def test_tools_and_calls_are_part_of_content_and_prompt() -> None:
    plain_chat = {
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": None, "tool_calls": [CALL]}]
    }
    other_call = json.loads(json.dumps(plain_chat).replace("look", "see"))
    rows = _measured(*map(json.dumps, (plain_chat, other_call, plain_chat | {"tools": [TOOL]}))).to_pylist()

    assert len({row["content"] for row in rows}) == 3
    assert rows[0]["prompt"] == rows[1]["prompt"] != rows[2]["prompt"]


def test_a_prompt_is_what_stands_before_the_last_answer_and_asks_something() -> None:
    rows = _measured(
        transcript("user: Hi\nassistant: A").payload,
        transcript("user: hi\nassistant: B").payload,
        transcript("system: Tell\nassistant: A story").payload,
        transcript("user: Hi").payload,
    ).to_pylist()

    assert rows[0]["prompt"] == rows[1]["prompt"] is not None
    assert rows[2]["prompt"] is rows[3]["prompt"] is None


def test_a_word_of_any_length_has_its_own_hash() -> None:
    words = ["x" * n + last for n in (*range(1, 20), 63, 64, 65, 500) for last in "ab"]
    digests = _measured(*[transcript(f"user: {word}\nassistant: y").payload for word in words])["content"].to_pylist()

    assert len(set(digests)) == len(words)


def test_near_twins_share_a_key_and_short_chinese_rows_do_not() -> None:
    chat = "user: " + " ".join(f"word{i}" for i in range(40)) + "\nassistant: {} and then the rest of the answer"
    rows = _measured(
        transcript(chat.format("First")).payload, transcript(chat.format("Furst")).payload,
        transcript("user: 你好\nassistant: 再见").payload, transcript("user: 谢谢\nassistant: 不客气").payload,
    ).to_pylist()  # fmt: skip

    assert set(rows[0]["keys"]) & set(rows[1]["keys"])
    assert not set(rows[2]["keys"]) & set(rows[3]["keys"])


def test_where_near_is_off_there_are_no_keys() -> None:
    table = Measure(near=False)(pa.table({"payload": ["{}"]}))

    assert table["keys"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("change", "bit"),
    [
        ({"content": None}, Bit.NULL_CONTENT), ({"content": " "}, Bit.BLANK_CONTENT), ({"content": "a "}, Bit.EDGE_SPACE),
        ({"content": "e\u0301"}, Bit.NOT_NFC), ({"content": "a\u0007"}, Bit.CONTROL_CHARACTER), ({"weight": 0}, Bit.WEIGHT),
        ({"name": "x"}, Bit.NAME), ({"extra": 1}, Bit.EXTRA_TURN_KEY), ({"tool_calls": [CALL]}, Bit.TOOL_CALLS),
        ({"content": "a; b; c"}, Bit.ALTERNATIVES), ({"content": "x" * 200}, Bit.OPEN_END), ({"content": "Bot: x"}, Bit.LABELLED), ({"content": [{"type": "text", "text": "x"}]}, Bit.PARTS),
    ],
)  # fmt: skip
def test_each_oddity_sets_its_bit(change: dict[str, object], bit: Bit) -> None:
    payload = json.dumps({"messages": [{"role": "assistant", "content": "x", **change}]}, ensure_ascii=False)

    assert Bit(_measured(payload).to_pylist()[0]["shape"]["bits"]) & bit


def test_plain_rows_set_no_bit_and_count_their_keys() -> None:
    shape = _measured(transcript("system: Be kind\nuser: Hi\nassistant: Hello").payload).to_pylist()[0]["shape"]

    assert shape == {"regular": True, "roles": "sua", "bits": 0, "keys": 7, "turns": 3, "tool_calls": 0}
    assert Example.parse("{}").turns == ()
