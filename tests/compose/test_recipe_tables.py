"""Every recipe on records of its kind, good and troublesome: what is asked, what is answered, what is noted."""

import json
from typing import Any

import pyarrow as pa
import pytest

from pipeline.compose import Compose, recipes
from pipeline.compose.canonical import canonical, parse
from pipeline.compose.transcript import take_apart
from pipeline.core import columns
from pipeline.core.errors import PlanError
from pipeline.core.trouble import CAUSES, Trouble


def composed(recipe: str, record: Any, **settings: Any) -> dict[str, Any]:
    """Give what compose adds to a table of one row."""
    method = "sft" if "sft" in recipes()[recipe].methods else "dpo"
    stage = Compose({"s": recipes()[recipe].settings.model_validate(settings)}, method=method)
    row = {"name": "f:1", "source": "s", "record": json.dumps(record), "raw": None, "unread": None}
    made: dict[str, Any] = stage(pa.Table.from_pylist([row], schema=columns.READ)).to_pylist()[0]
    return made


def talk(payload: str) -> str:
    """Give the turns on a line each, calls as name and arguments."""
    lines = []
    for turn in json.loads(payload)["messages"]:
        calls = [f"{c['function']['name']}({c['function']['arguments']})" for c in turn.get("tool_calls", ())]
        lines.append(f"{turn['role']}: {' '.join([*filter(None, [turn.get('content')]), *calls])}")
    return " | ".join(lines)


HI = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]
GPT = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yo"}]

GOOD = [
    pytest.param("pairs", {"question": 1, "answer": True}, {}, "user: 1 | assistant: true", [], id="pairs: numbers and truth"),
    pytest.param("pairs", {"q": {"x": ["a", "b"]}, "answer": "c"}, {"user": "q.x.-1"}, "user: b | assistant: c", [], id="pairs: the last of a list"),
    pytest.param("pairs", {"a.b": "flat", "a": {"b": "deep"}, "answer": "c"}, {"user": "a.b"}, "user: flat | assistant: c", [], id="pairs: a name with a dot before a path"),
    pytest.param("pairs", {"question": "q", "answer": "one ; two"}, {"separator": ";"}, "user: q | assistant: one", ["alternatives", "whitespace"], id="pairs: the first of several"),
    pytest.param("pairs", {"question": "q", "answer": "a", "tone": None}, {"system_column": "tone"}, "user: q | assistant: a", [], id="pairs: an empty system cell gives no turn"),
    pytest.param("pairs", {"question": "q", "answer": "x <<1+1=2>>2"}, {"assistant": '{{ answer | regex_replace("<<.*?>>") }}'}, "user: q | assistant: x 2", [], id="pairs: marks taken out"),
    pytest.param("pairs", {"question": "q", "answer": None, "more": "m"}, {"assistant": "{{ answer }}{{ more }}"}, "user: q | assistant: m", [], id="pairs: a null in a template says nothing"),
    pytest.param("pairs", {"question": "  q\r\n\r\n\r\n\r\nr  ", "answer": "a"}, {}, "user: q\n\nr | assistant: a", ["whitespace"], id="pairs: white space is mended"),
    pytest.param("classification", {"text": "t", "label": False}, {"names": {"false": "no"}}, "user: t | assistant: no", [], id="classification: truth has a name"),
    pytest.param("classification", {"text": "t", "label": " x "}, {}, "user: t | assistant: x", [], id="classification: a label without its spaces"),
    pytest.param("classification", {"text": "t", "label": "x"}, {"labels": ["x"], "system": "One of {{ labels | length }}."}, "system: One of 1. | user: t | assistant: x", [], id="classification: a template knows the labels"),
    pytest.param("completion", {"text": "Story."}, {}, "user: Write a text. | assistant: Story.", [], id="completion: a fixed instruction"),
    pytest.param("completion", {"title": "T", "body": "B"}, {"text": "{{ title }}: {{ body }}", "instruction": "{{ title }}?"}, "user: T? | assistant: T: B", [], id="completion: templates on both sides"),
    pytest.param("completion", {"text": "One. Two. Three."}, {"max_characters": 10}, "user: Write a text. | assistant: One. Two.", ["shortened"], id="completion: shortened"),
    pytest.param("dialogue", {"rows": [{"role": "客服", "content": "您好"}]}, {}, "assistant: 您好", [], id="dialogue: an agent in Chinese, alone"),
    pytest.param("dialogue", {"turns": ["a"], "reply": "b"}, {"turns": "turns", "alternate": True, "answer": "reply"}, "user: a | assistant: b", [], id="dialogue: one turn and the answer beside it"),
    pytest.param("dialogue", {"turns": ["a", "b"], "reply": "c"}, {"turns": "turns", "alternate": True, "answer": "reply"}, "assistant: a | user: b | assistant: c", [], id="dialogue: who spoke last before the answer is the user"),
    pytest.param("dialogue", {"rows": [{"role": "user", "content": "a"}], "reply": "c"}, {"answer": "reply"}, "user: a | assistant: c", [], id="dialogue: an answer beside turns with speakers"),
    pytest.param("dialogue", {"chat": "**Ann:** Hi\n**Bob:** Yo"}, {"transcript": "chat", "speakers": {"Ann": "user", "Bob": "assistant"}}, "user: Hi | assistant: Yo", [], id="dialogue: speakers in bold"),
    pytest.param("dialogue", {"rows": [{"u": {"n": "bot"}, "m": {"t": "Yo"}}]}, {"role": "u.n", "content": "m.t"}, "assistant: Yo", [], id="dialogue: paths into a turn"),
    pytest.param("alpaca", {"instruction": "Do.", "input": "", "output": "Done."}, {}, "user: Do. | assistant: Done.", [], id="alpaca: no input"),
    pytest.param("alpaca", {"instruction": "", "input": "Do.", "output": "Done."}, {}, "user: Do. | assistant: Done.", [], id="alpaca: input alone"),
    pytest.param("alpaca", {"instruction": "Do.", "context": "It.", "response": "Done."}, {"input": "context"}, "user: Do.\n\nIt. | assistant: Done.", [], id="alpaca: Dolly"),
    pytest.param("alpaca", {"instruction": "c", "output": "d", "history": [["a", "b"]], "system": "S"}, {}, "system: S | user: a | assistant: b | user: c | assistant: d", [], id="alpaca: history and system"),
    pytest.param("alpaca", {"instruction": "q", "output": "a", "history": None, "system": ""}, {"system": "F"}, "system: F | user: q | assistant: a", [], id="alpaca: an empty system column"),
    pytest.param("prompt_completion", {"prompt": "p\n\n###\n\n", "completion": " c END"}, {"prompt_ends": ["\n\n###\n\n"], "completion_ends": ["STOP", "END"]}, "user: p | assistant: c", ["whitespace"], id="legacy: marks of several kinds"),
    pytest.param("prompt_completion", {"prompt": "a -> b", "completion": "c"}, {"prompt_ends": ["->"]}, "user: a -> b | assistant: c", [], id="legacy: a mark inside stays"),
    pytest.param("messages", {"messages": HI}, {"system": "S"}, "system: S | user: Hi | assistant: Yo", [], id="messages: a system turn for those without"),
    pytest.param("messages", {"messages": [{"role": "developer", "content": "D"}, *HI]}, {"system": "S"}, "developer: D | user: Hi | assistant: Yo", [], id="messages: a developer turn is one"),
    pytest.param("messages", {"data": {"chat": HI}, "tools": []}, {"messages": "data.chat"}, "user: Hi | assistant: Yo", [], id="messages: at a path"),
    pytest.param("sharegpt", {"conversations": GPT, "system": "S"}, {}, "system: S | user: Hi | assistant: Yo", [], id="sharegpt: a system column"),
    pytest.param("sharegpt", {"conversations": [{"from": "system", "value": "T"}, *GPT], "system": "S"}, {}, "system: T | user: Hi | assistant: Yo", [], id="sharegpt: its own system turn wins"),
    pytest.param("sharegpt", {"conversations": [{"from": "narrator", "value": "Hi"}, GPT[1]]}, {"roles": {"Narrator": "user"}}, "user: Hi | assistant: Yo", [], id="sharegpt: a role of your own"),
    pytest.param("sharegpt", {"turns": [{"role": "prompter", "text": "Hi"}, {"role": "assistant", "text": "Yo"}]}, {"conversations": "turns"}, "user: Hi | assistant: Yo", [], id="sharegpt: other names of the keys"),
    pytest.param("anthropic", {"system": "S", "messages": HI}, {}, "system: S | user: Hi | assistant: Yo", [], id="anthropic: a system text"),
    pytest.param("anthropic", {"system": [{"type": "text", "text": "S"}, {"type": "text", "text": "T"}], "messages": HI}, {}, "system: S\n\nT | user: Hi | assistant: Yo", [], id="anthropic: system blocks"),
    pytest.param("anthropic", {"messages": [HI[0], {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Yo"}]}]}, {}, "user: Hi | assistant: Yo", ["reasoning"], id="anthropic: thoughts are left out and noted"),
    pytest.param("anthropic", {"messages": [HI[0], {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Yo"}]}]}, {"reasoning": "think"}, "user: Hi | assistant: <think>\nhm\n</think>\n\nYo", [], id="anthropic: thoughts are kept"),
    pytest.param("tools", {"query": "Add", "tools": [], "answers": [{"name": "a.b", "arguments": {"x": 1}}]}, {"answers": "answers"}, 'user: Add | assistant: a_b({"x":1})', [], id="tools: names in the letters that platforms take"),
    pytest.param("tools", {"query": "Add", "tools": None, "answers": '{"name": "f", "arguments": "{\\"x\\": 1}"}'}, {"answers": "answers"}, 'user: Add | assistant: f({"x": 1})', [], id="tools: arguments that are text stay as they are"),
    pytest.param("tools", {"trace": [[HI[0]], HI], "tools": ""}, {"messages": "trace"}, "user: Hi | assistant: Yo", [], id="tools: the last of growing traces"),
]  # fmt: skip


@pytest.mark.parametrize(("recipe", "record", "settings", "expected", "notes"), GOOD)
def test_a_record_of_its_kind_becomes_these_turns(
    recipe: str, record: dict[str, Any], settings: dict[str, Any], expected: str, notes: list[str]
) -> None:
    row = composed(recipe, record, **settings)

    assert row["trouble"] is None
    assert (talk(row["payload"]), row["mended"]) == (expected, notes)


BAD = [
    pytest.param("pairs", {"question": "q", "answer": []}, {}, "compose.empty Column `answer` is empty; the assistant turn needs text.", id="pairs: a list of no answers"),
    pytest.param("pairs", {"question": "q", "answer": [{}]}, {}, "compose.shape Column `answer` holds an object; expected text.", id="pairs: a list of objects"),
    pytest.param("pairs", {"question": "q", "answer": ";;"}, {"separator": ";"}, "compose.empty Column `answer` is empty; the assistant turn needs text.", id="pairs: separators and nothing else"),
    pytest.param("pairs", {"question": "q", "answer": "a"}, {"user": "{{ '' }}"}, "compose.empty Template `user` gave no text; the user turn needs some.", id="pairs: a template that says nothing"),
    pytest.param("pairs", {"a": {"b": 1, "bar": 2}, "answer": "a"}, {"user": "a.baz"}, "compose.missing-column No `baz` in `a`; the nearest is `bar`.", id="pairs: a path that ends too early"),
    pytest.param("pairs", {"a": {"x": {"one": 1}}, "answer": "a"}, {"user": "a.x.two.three"}, "compose.missing-column No `two` in `a.x`; `a.x` has `one`.", id="pairs: a path that breaks in the middle"),
    pytest.param("pairs", {"a": [1], "answer": "a"}, {"user": "a.7"}, "compose.missing-column No column `a.7`; the record has `a`, `answer`.", id="pairs: a place beyond a list's end"),
    pytest.param("pairs", {}, {}, "compose.missing-column No column `question`; the record has none.", id="pairs: an empty record"),
    pytest.param("classification", {"text": "t", "label": None}, {}, "compose.empty Column `label` is empty; the assistant turn needs text.", id="classification: no label"),
    pytest.param("classification", {"text": " ", "label": "x"}, {}, "compose.empty Column `text` is empty; the user turn needs text.", id="classification: no text"),
    pytest.param("completion", {"text": ""}, {}, "compose.empty Column `text` is empty; the assistant turn needs text.", id="completion: no text"),
    pytest.param("completion", {"text": "t", "title": ""}, {"instruction": "{{ title }}"}, "compose.empty `instruction` gave no text; the user turn needs some.", id="completion: nothing is asked"),
    pytest.param("dialogue", {"rows": []}, {}, "compose.no-answer 0 turns and none of the assistant; expected at least one.", id="dialogue: no turns"),
    pytest.param("dialogue", {"rows": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}, {}, "compose.no-answer 2 turns and none of the assistant; expected at least one.", id="dialogue: turns are counted before they are joined"),
    pytest.param("dialogue", {"rows": [{"role": "agent", "content": " "}]}, {}, "compose.no-answer 1 turn and none of the assistant; expected at least one.", id="dialogue: an agent who says nothing"),
    pytest.param("dialogue", {"rows": "a"}, {}, "compose.shape Column `rows` is not a list of turns.", id="dialogue: rows that are text"),
    pytest.param("dialogue", {"rows": [{"content": "a"}]}, {}, "compose.missing-column No column `role`; the record has `content`.", id="dialogue: a turn without a speaker"),
    pytest.param("dialogue", {"turns": ["a"], "reply": " "}, {"turns": "turns", "alternate": True, "answer": "reply"}, "compose.empty Column `reply` is empty; the assistant turn needs text.", id="dialogue: an empty answer beside the turns"),
    pytest.param("dialogue", {"chat": " "}, {"transcript": "chat"}, "compose.empty Column `chat` is empty; the user turn needs text.", id="dialogue: an empty transcript"),
    pytest.param("alpaca", {"instruction": " ", "input": "", "output": "x"}, {}, "compose.empty Column `instruction` is empty; the user turn needs text.", id="alpaca: nothing is asked"),
    pytest.param("alpaca", {"instruction": "q", "output": "a", "history": ["x"]}, {}, "compose.shape Column `history` is not a list of [question, answer].", id="alpaca: a history of texts"),
    pytest.param("prompt_completion", {"prompt": "->", "completion": "c"}, {"prompt_ends": ["->"]}, "compose.empty Column `prompt` is empty; the user turn needs text.", id="legacy: a mark and nothing else"),
    pytest.param("messages", {"chat": []}, {}, "compose.missing-column No column `messages`; the record has `chat`.", id="messages: under another name"),
    pytest.param("messages", {"data": {"chat": []}}, {"messages": "data.talk"}, "compose.missing-column No `talk` in `data`; `data` has `chat`.", id="messages: at a path that is not there"),
    pytest.param("sharegpt", {"conversations": GPT[:1]}, {}, "compose.no-answer 1 turn and none of the assistant; expected at least one.", id="sharegpt: nobody answers"),
    pytest.param("sharegpt", {"conversations": [{"value": "a"}]}, {}, "compose.shape Turn 1 has no role; expected one under role, from, speaker.", id="sharegpt: a turn without a role"),
    pytest.param("sharegpt", {"conversations": [{"from": "gpt", "value": 7}]}, {}, "compose.shape Turn 1 says neither text nor parts.", id="sharegpt: a turn that says a number"),
    pytest.param("sharegpt", {"conversations": [{"from": "function_call", "value": "look at it"}]}, {}, "compose.shape A tool call or definition that is not JSON; expected an object.", id="sharegpt: a call in prose"),
    pytest.param("sharegpt", {"conversations": GPT, "tools": [7]}, {}, "compose.shape A tool definition that is not an object.", id="sharegpt: a number for a tool"),
    pytest.param("anthropic", {"messages": HI, "system": 7}, {}, "compose.shape The system prompt is neither text nor a list of text blocks.", id="anthropic: a number for a system prompt"),
    pytest.param("anthropic", {"messages": [{"role": "user", "content": [{"type": "document"}]}]}, {}, "compose.shape Turn 1 has a part of a type that no message can hold.", id="anthropic: a part that no message holds"),
    pytest.param("anthropic", {"messages": [{"role": "user", "content": [{"type": "image"}]}]}, {}, "compose.shape Turn 1 has an image without a source.", id="anthropic: an image of nothing"),
    pytest.param("tools", {"query": "q", "tools": [], "answers": [{"arguments": {}}]}, {"answers": "answers"}, "compose.shape A tool call without a name; expected an object with `name` and `arguments`.", id="tools: a call of nothing"),
    pytest.param("tools", {"query": "", "tools": [], "answers": []}, {"answers": "answers"}, "compose.empty Column `query` is empty; the user turn needs text.", id="tools: nothing is asked"),
    pytest.param("tools", {"query": "q", "tools": [{"description": "d"}], "answers": [{"name": "f"}]}, {"answers": "answers"}, "compose.shape A tool definition without a name.", id="tools: a tool without a name"),
    pytest.param("preference", {"prompt": "p", "chosen": "", "rejected": "r"}, {}, "compose.empty The better answer is empty; expected text.", id="preference: no better answer"),
    pytest.param("preference", {"chosen": "c", "rejected": "r"}, {}, "compose.empty Nobody asks anything before the two answers; expected a user turn.", id="preference: nothing is asked"),
    pytest.param("preference", {"prompt": "p", "rejected": "r"}, {}, "compose.missing-column No column `chosen`; the record has `prompt`, `rejected`.", id="preference: a column is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("recipe", "record", "settings", "trouble"), BAD)
def test_a_record_in_trouble_says_what_was_found_and_what_was_expected(
    recipe: str, record: dict[str, Any], settings: dict[str, Any], trouble: str
) -> None:
    row = composed(recipe, record, **settings)

    assert (row["payload"], row["trouble"]) == (None, trouble)
    assert trouble.partition(" ")[0] in CAUSES
    assert len(trouble) <= 160


@pytest.mark.parametrize("recipe", sorted({param.values[0] for param in GOOD}))
def test_the_troubles_of_a_recipe_never_quote_the_data(recipe: str) -> None:
    secret = "Xq7Zw9"
    bad = [param.values for param in BAD if param.values[0] == recipe]

    for _, record, settings, _ in bad:
        text = json.dumps(record)
        laced = json.loads(text.replace('"q"', f'"{secret}"').replace('"look at it"', f'"{secret}"'))
        assert secret not in (composed(recipe, laced, **settings)["trouble"] or "")


@pytest.mark.parametrize(
    ("recipe", "settings", "message"),
    [
        pytest.param("pairs", {"user": "{{ a"}, "`user`: line 1 of the template", id="an open hole"),
        pytest.param("pairs", {"system": "{% if %}"}, "`system`: line 1 of the template", id="a statement without its end"),
        pytest.param("completion", {"instruction": "a\n{{ 1 + }}"}, "`instruction`: line 2 of the template", id="the line is told"),
        pytest.param("classification", {"text": "{{ x | nonsense }}"}, "nonsense", id="an unknown filter"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_work_stops_before_the_first_row(
    recipe: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(PlanError, match=message):
        composed(recipe, {}, **settings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("*Ann:* Hi\n\n*Bob:* Yo *there*", [("Ann", "Hi"), ("Bob", "Yo *there*")], id="italics around the colon"),
        pytest.param("**Ann**: Hi\n__Bob__: Yo", [("Ann", "Hi"), ("Bob", "Yo")], id="bold before the colon"),
        pytest.param("* Ann: Hi *\n* Bob: Yo *", [("Ann", "Hi"), ("Bob", "Yo")], id="stars around the line"),
        pytest.param("- **Ann**: Hi\n- Bob: Yo", [("Ann", "Hi\n- Bob: Yo")], id="a dash alone is a list in what she says"),
        pytest.param("Ann: *Hi*\nBob: a*b*", [("Ann", "*Hi*"), ("Bob", "a*b*")], id="emphasis in what is said stays"),
        pytest.param("Ann : Hi\nBob :Yo", [("Ann", "Hi"), ("Bob", "Yo")], id="spaces before the colon"),
        pytest.param("ann: Hi\nBOB: Yo", [("ann", "Hi"), ("BOB", "Yo")], id="any case"),
        pytest.param("Ann: see http://x\nhttp://y", [("Ann", "see http://x\nhttp://y")], id="addresses are no speakers"),
    ],
)  # fmt: skip
def test_labels_are_found_as_people_set_them(text: str, expected: list[tuple[str, str]]) -> None:
    assert [tuple(line) for line in take_apart(text, form="auto", speakers=("Ann", "Bob")).lines] == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param('{"a": "\\ud800"}', {"a": "\ud800"}, id="a lone surrogate survives reading"),
        pytest.param("1e400", None, id="a number beyond all numbers"),
        pytest.param("[NaN]", None, id="a number that is none"),
        pytest.param("{", None, id="no JSON"),
        pytest.param("[" * 5_000 + "]" * 5_000, None, id="deeper than anyone reads"),
    ],
)
def test_json_is_read_or_refused(text: str, value: Any) -> None:
    if value is None:
        with pytest.raises(Trouble):
            parse(text)
    else:
        assert parse(text) == value


def test_a_lone_surrogate_ships_in_no_file() -> None:
    with pytest.raises(Trouble, match=r"compose\.surrogate"):
        canonical({"messages": [{"role": "user", "content": "\ud800"}]})
