"""A valid example is never refused: what other checkers reject or flag, and the platforms take."""

import json

import pytest

from pipeline.core.target import Limits
from tests.rules.samples import PIXEL, checked

OPENAI = Limits(
    target="openai",
    roles=frozenset({"system", "user", "assistant", "tool", "function"}),
    max_images=10,
    max_image_bytes=10 * 1024 * 1024,
    last_role=None,
)
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Get the current weather",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string"},
                "format": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["location", "format"],
        },
        "strict": None,
    },
}


def call(call_id="call_id", **arguments):
    text = json.dumps(arguments or {"location": "San Francisco, USA", "format": "celsius"})
    return {"id": call_id, "type": "function", "function": {"name": "get_current_weather", "arguments": text}}


def chat(*turns, **extra):
    return json.dumps({"messages": [{"role": role, **rest} for role, rest in turns], **extra}, ensure_ascii=False)


def said(*texts, role="assistant"):
    return chat(*((who, {"content": text}) for who, text in zip(("user", role), texts, strict=True)))


ASKED = ("user", {"content": "What is the weather in San Francisco?"})

VALID = {
    "the guide's own tool example, which ends on a call": chat(
        ASKED, ("assistant", {"tool_calls": [call()]}), tools=[WEATHER], parallel_tool_calls=False
    ),
    "two calls at once, answered in the other order": chat(
        ASKED,
        ("assistant", {"content": None, "tool_calls": [call("a"), call("b")]}),
        ("tool", {"tool_call_id": "b", "content": "21"}),
        ("tool", {"tool_call_id": "a", "content": ""}),
        ("assistant", {"content": "It is 21 degrees."}),
        tools=[WEATHER],
    ),
    "an id that a later turn uses again": chat(
        ASKED,
        ("assistant", {"tool_calls": [call("a")]}),
        ("tool", {"tool_call_id": "a", "content": "21"}),
        ("assistant", {"tool_calls": [call("a")]}),
        ("tool", {"tool_call_id": "a", "content": "22"}),
        ("assistant", {"content": "It is 22 degrees."}),
        tools=[WEATHER],
    ),
    "a call with an empty text beside it": chat(
        ASKED, ("assistant", {"content": "", "tool_calls": [call()]}), tools=[WEATHER]
    ),
    "an image as a data URL": chat(
        ("user", {"content": [{"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}}]}),
        ("assistant", {"content": "A pixel."}),
    ),
    "an image by address, after a text": chat(
        (
            "user",
            {
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": "https://upload.example.org/a.jpg?size=1"}},
                ]
            },
        ),
        ("assistant", {"content": "A cheese."}),
    ),
    "text parts and a refusal part": chat(
        ("user", {"content": [{"type": "text", "text": "Hi"}]}),
        ("assistant", {"content": [{"type": "refusal", "refusal": "No."}]}),
    ),
    "a refusal of its own": chat(("user", {"content": "Hi"}), ("assistant", {"content": None, "refusal": "I can't."})),
    "a null refusal, as SDKs write it": chat(
        ("user", {"content": "Hi"}), ("assistant", {"content": "Hi.", "refusal": None})
    ),
    "weights on answers": chat(
        ("user", {"content": "Hi"}),
        ("assistant", {"content": "Hm?", "weight": 0}),
        ("user", {"content": "Hi!"}),
        ("assistant", {"content": "Hello.", "weight": 1}),
    ),
    "names of speakers": chat(
        ("user", {"content": "Hi", "name": "anna-1"}), ("assistant", {"content": "Hi.", "name": "Bot"})
    ),
    "a system prompt in the middle": chat(
        ("user", {"content": "Hi"}), ("system", {"content": "Be kind."}), ("assistant", {"content": "Hello."})
    ),
    "two user turns in a row": chat(
        ("user", {"content": "Hi"}), ("user", {"content": "Hm"}), ("assistant", {"content": "Yes?"})
    ),
    "the commonest system prompt": chat(
        ("system", {"content": "You are a helpful assistant."}),
        ("user", {"content": "Hi"}),
        ("assistant", {"content": "Hi."}),
    ),
    "emoji with joiners, skin tones and flags": said(
        "👩🏽\u200d🚀 🏳️\u200d🌈", "🇵🇹 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
    ),
    "Persian and Hindi joiners": said("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0915\u094d\u200d\u0937"),
    "Arabic with direction marks": said(
        "\u202b\u0645\u0631\u062d\u0628\u0627\u202c", "\u0623\u0647\u0644\u0627\u200f!"
    ),
    "Thai with word breaks": said("\u0e2a\u0e27\u0e31\u0e2a\u200b\u0e14\u0e35", "\u0e04\u0e23\u0e31\u0e1a"),
    "Portuguese in capitals and quotes": said("«IRMÃ» ou “AMANHÃ”?", "NÃO, Â e Ê são letras."),
    "a label of one word": said("I lost my card", "lost_or_stolen_card"),
    "a number": said("6 x 7", "42"),
    "None as a label": said("Which of these is a fruit: stone, iron?", "None"),
    "code with braces, bars and semicolons": said(
        "Print it in Jinja and C", "```jinja\n{{ name }}\n```\n```c\nfor (;;) { a[NAME] = b | c; }\n```"
    ),
    "Vue and Helm without fences": said("How do I bind text in Vue?", "Write {{ message }} in the template."),
    "GitHub Actions": said("Use a secret", "token: ${{ secrets.TOKEN }}"),
    "HTML about HTML": said("How do I escape <b>?", "Write &lt;b&gt; in HTML."),
    "Markdown with headings, links and footnotes": said(
        "Hi", "### Response time\n\n[Name](https://a.b) and [1] are fine."
    ),
    "the F# pipe and generics": said("What does <| do in F#?", "`f <| x` is `f x`; List<string> is a type."),
    "LaTeX": said("Derive it", "$$\\underline{x}_{\\{1\\}} \\neq \\text{NaN}$$ is the result."),
    "a play with stage directions": said("Write a scene", "[Enter HAMLET]\n\nHAMLET: To be, or not to be."),
    "talk about AI": said("Who made GPT-4?", "GPT-4 was created by OpenAI, and an AI model needs data."),
    "quotes and colons in strings": said('":": what is it?', '{"a": 1} has a key and a "colon":'),
    "an answer in several lines": said("Name two colours", "- red\n- green"),
    "a prose answer with semicolons": said("How?", "First, rest; then, work; after that, rest again."),
}


@pytest.mark.parametrize("name", VALID)
def test_nothing_is_found_in(name):
    assert checked(VALID[name], limits=OPENAI) == [[]]


@pytest.mark.parametrize("name", VALID)
def test_nothing_is_found_when_it_is_written_with_escapes(name):
    escaped = json.dumps(json.loads(VALID[name])).replace("/", "\\/")

    assert checked(escaped, limits=OPENAI) == [[]]


def test_a_pair_with_tools_is_valid():
    pair = {
        "input": {"messages": [{"role": "user", "content": "Hi"}], "tools": [WEATHER], "parallel_tool_calls": True},
        "preferred_output": [{"role": "assistant", "tool_calls": [call()]}],
        "non_preferred_output": [{"role": "assistant", "content": "I don't know."}],
    }

    assert checked(json.dumps(pair), limits=OPENAI, method="dpo") == [[]]


def test_a_prompt_for_reinforcement_with_keys_of_any_kind_is_valid():
    prompt = {
        "messages": [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "2 + 2?"}],
        "answer": 4,
        "rubric": {"points": [1, 2.5, None]},
    }
    limits = OPENAI.model_copy(update={"roles": frozenset({"developer", "user", "assistant", "tool"})})

    assert checked(json.dumps(prompt), limits=limits, method="rft") == [[]]


ONE_FLAW = {
    '{"messages": [{"role": "user"}, {"role": "assistant", "content": "Hi."}]}': "content.missing",
    '{"messages": [{"content": "Hi"}, {"role": "assistant", "content": "Hi."}]}': "roles.missing",
    '{"messages": [{"role": "human", "content": "Hi"}, {"role": "assistant", "content": "Hi."}]}': "roles.unknown",
    '{"messages": [{"role": "user", "content": "Hi"}, {"role": "gpt", "content": "Hi."}]}': "roles.unknown",
    '{"messages": [{"role": "user", "content": "Hi", "x": 1}, {"role": "assistant", "content": "Hi."}]}': "keys.extra-turn",
    '{"messages": []}': "roles.no-turns",
    '{"messages": {}}': "schema.type",
    '{"messages": [{"role": "user", "content": "Hi"}]}': "roles.no-assistant",
    '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": []}]}': "content.missing",
    '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": 5}]}': "schema.type",
    '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hi.", "weight": 2}]}': "weight.value",
    '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hi.", "weight": 0}]}': "weight.all-zero",
    '{"messages": [{"role": "user", "content": "Hi"}, "Hi", {"role": "assistant", "content": "Hi."}]}': "schema.type",
    '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hi.", "tool_calls": []}]}': "tools.empty-calls",
    '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hi.", "tool_calls": null}]}': "keys.null",
    '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hi."}], "tools": "x"}': "schema.type",
    '{"prompt": "Hi", "completion": "Hello"}': "format.not-chat",
    '{"input": {}, "preferred_output": [], "non_preferred_output": []}': "format.not-chat",
    '[{"role": "user", "content": "Hi"}]': "json.not-object",
    '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hi."}]},': "json.invalid",
    '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hi."}], "n": NaN}': "keys.extra-top+json.nan",
    '{"messages": [{"role": "tool", "tool_call_id": "a", "content": "1"}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hi."}]}': "tools.orphan-answer",
}


@pytest.mark.parametrize("text", ONE_FLAW)
def test_one_flaw_is_one_finding(text):
    found = checked(text, limits=OPENAI)[0]

    assert sorted(code for code, _ in found) == sorted(ONE_FLAW[text].split("+"))
