"""What the tests of rules share: a table as `measure` leaves it, and examples sound and broken in every way."""

import json

import pyarrow as pa
from hypothesis import strategies as st

from pipeline.check import Check
from pipeline.core.columns import MODERATION, SHAPE, TOKENS
from pipeline.core.example import Example
from pipeline.core.settings import CheckSettings
from pipeline.core.target import Limits
from pipeline.measure.shape import shape

OPEN = Limits(
    target="everything",
    roles=frozenset({"system", "developer", "user", "assistant", "tool", "function"}),
    last_role=None,
    max_images=None,
    arguments="any",
)
STRICT = Limits(
    target="nothing",
    roles=frozenset({"user"}),
    system="first",
    first_role="user",
    is_alternating=True,
    turn_keys=frozenset({"role"}),
    top_keys=frozenset({"messages"}),
    weight="refused",
    tools="refused",
    content="text",
    max_images=1,
    max_image_bytes=10,
    images_as="data",
    tool_id_length=9,
    call_content="refused",
    max_tokens=3,
    reserved=("User:", "[EOS]"),
)
LIMITS = (Limits(), OPEN, STRICT, STRICT.model_copy(update={"system": "none", "max_images": 0, "tools": "ignored"}))


def measured(examples, *, method="sft"):
    """Give the table that `check` reads for payloads or examples."""
    rows = [one if isinstance(one, Example) else Example.parse(one, method=method) for one in examples]
    count = len(rows)
    return pa.table(
        {
            "name": [f"a.jsonl:{line}" for line in range(1, count + 1)],
            "payload": pa.array([row.payload for row in rows], pa.string()),
            "trouble": pa.nulls(count, pa.string()),
            "tokens": pa.array([row.tokens and row.tokens._asdict() for row in rows], TOKENS),
            "shape": pa.array([shape(row)._asdict() for row in rows], SHAPE),
            "private": pa.array(
                [None if row.person_names is None else [("name", row.person_names)] for row in rows],
                pa.map_(pa.string(), pa.int32()),
            ),
            "moderation": pa.array([row.moderation and row.moderation._asdict() for row in rows], MODERATION),
        }
    )


def checked(*examples, limits=None, method="sft", **settings):
    """Give the (code, where) pairs of each example."""
    limits = (limits or Limits()).model_copy(update={"method": method})
    table = Check(CheckSettings(limits=limits, **settings))(measured(examples, method=method))
    return [[(one["code"], one["where"]) for one in found] for found in table["findings"].to_pylist()]


def codes(*examples, **settings):
    """Give the codes of one or more examples together, as a set."""
    return {code for found in checked(*examples, **settings) for code, _ in found}


SNIPPETS = (
    *("Call +44 7911 123 497 or jane@web.de", "My card is 4539 1488 0343 6467", "SSN 536-22-8726", "91.198.174.192"),
    *(
        "",
        " ",
        "\n",
        "Hi",
        "Hello there.",
        " Hi",
        "null",
        "nan",
        "TODO",
        "5",
        '"',
        "\\",
        "é",
        "e\u0301",
        "\x00",
        "\x85",
    ),
    *("<|endoftext|>", "<|im_start|>user", "[INST] Hi [/INST]", "<s>Hi</s>", "### Instruction:\nHi", "\n\nHuman: Hi"),
    *(
        "cafÃ©",
        "donâ€™t",
        "caf\ufffd",
        "\u200b",
        "\u202e",
        "ไทย\u200bไทย",
        "👩\u200d🚀",
        "\ud83d",
        "{{name}}",
        "[Your Name]",
    ),
    *(
        "As an AI language model, no.",
        "AI: Hi",
        "Salt &amp; pepper",
        "[{'role': 'user', 'content': 'a'}]",
        "User: x [EOS]",
    ),
    *(
        "A; B; C",
        "Paris | It is Paris | Rome",
        "let me think",
        "chain of thought",
        '{"a": 1}',
        '{"a": NaN}',
        '"{}"',
        "{",
        "[]",
    ),
    *(
        "a.b c",
        "f",
        "call_1",
        "http://a/b.png",
        "data:image/png;base64,AAAA",
        "All is well. " * 16 + "and so it will be for long as we go",
    ),
)
TEXTS = st.sampled_from(SNIPPETS) | st.text(max_size=6) | st.lists(st.sampled_from(SNIPPETS), max_size=3).map("".join)
SCALARS = st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from([0.0, 1.0, 0.5, float("nan")]) | TEXTS
JUNK = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2), max_leaves=4
)


def _mostly(value, otherwise=JUNK):
    return st.one_of(value, value, value, value, value, value, otherwise)


def _record(required, optional):
    return st.fixed_dictionaries(required, optional=optional)


NAMES = st.sampled_from(["f", "g", "a.b c", "", "f" * 65])
IDS = st.sampled_from(["a", "b", "call_1", "abcdef123"])
ROLES = st.sampled_from(["system", "developer", "user", "assistant", "assistant", "tool", "function", "human", ""])
PARTS = _record(
    {"type": st.sampled_from(["text", "image_url", "refusal", "input_audio"])},
    {
        "text": _mostly(TEXTS),
        "image_url": _mostly(_record({"url": _mostly(TEXTS)}, {"detail": _mostly(st.sampled_from(["auto", "x"]))})),
        "refusal": _mostly(TEXTS),
        "odd": JUNK,
    },
)
USES = _record({"name": _mostly(NAMES), "arguments": _mostly(TEXTS)}, {"odd": JUNK})
CALLS = _record({"id": _mostly(IDS), "type": st.just("function"), "function": _mostly(USES)}, {"odd": JUNK})
TURNS = _record(
    {"role": _mostly(ROLES)},
    {
        "content": _mostly(TEXTS, st.none() | st.lists(_mostly(PARTS), max_size=3) | JUNK),
        "name": _mostly(TEXTS),
        "weight": _mostly(st.sampled_from([0, 1])),
        "refusal": _mostly(TEXTS),
        "tool_calls": _mostly(st.lists(_mostly(CALLS), max_size=3)),
        "function_call": _mostly(USES),
        "tool_call_id": _mostly(IDS),
        "odd": JUNK,
    },
) | _record({"role": st.sampled_from(["system", "user", "assistant"]), "content": TEXTS}, {})
SCHEMAS = st.sampled_from(
    [{}, {"type": "object", "required": ["b"]}, {"type": "dict"}, {"$ref": "http://127.0.0.1:9/a"}]
)
DEFINITIONS = _record(
    {"name": _mostly(NAMES)}, {"parameters": _mostly(SCHEMAS), "description": _mostly(TEXTS), "odd": JUNK}
)
TOOLS = st.lists(
    _mostly(_record({"type": st.just("function"), "function": _mostly(DEFINITIONS)}, {"odd": JUNK})), max_size=3
)
HOLDER = {
    "tools": _mostly(TOOLS),
    "parallel_tool_calls": _mostly(st.booleans()),
    "functions": _mostly(st.lists(_mostly(DEFINITIONS), max_size=2)),
    "odd": JUNK,
}
CHAT = _record({"messages": _mostly(st.lists(_mostly(TURNS), max_size=5))}, HOLDER)
ANSWERS = st.lists(_mostly(TURNS), max_size=2)
PAIR = _record(
    {"input": _mostly(CHAT), "preferred_output": _mostly(ANSWERS), "non_preferred_output": _mostly(ANSWERS)},
    {"odd": JUNK},
)


PLAIN = TEXTS.filter(str.isprintable) | st.sampled_from([one for one in SNIPPETS if "\ud83d" not in one])
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
URLS = st.sampled_from(
    [PIXEL, "https://a/b.png", "gs://a/b", "a.png", "data:image/png;base64,AAAA", "data:image/png,x"]
)
SOUND_USES = _record(
    {"name": NAMES, "arguments": st.sampled_from(['{"a": 1}', "{}", "[]", "5", '"{}"', "{", '{"b": null}'])}, {}
)
SOUND_CALLS = _record({"id": IDS, "type": st.just("function"), "function": SOUND_USES}, {})
SOUND_PARTS = st.lists(
    _record({"type": st.just("text"), "text": PLAIN}, {})
    | _record({"type": st.just("image_url"), "image_url": _record({"url": URLS}, {})}, {})
    | _record({"type": st.just("refusal"), "refusal": PLAIN}, {}),
    min_size=1,
    max_size=3,
)
SAID = PLAIN | PLAIN | SOUND_PARTS
SPOKEN = _record(
    {"role": st.just("assistant"), "content": SAID}, {"weight": st.sampled_from([0, 1]), "refusal": st.none() | PLAIN}
)
SOUND_TURNS = st.one_of(
    _record({"role": st.sampled_from(["system", "developer", "user"]), "content": SAID}, {"name": PLAIN}),
    _record({"role": st.just("user"), "content": PLAIN}, {}),
    SPOKEN,
    _record(
        {"role": st.just("assistant"), "tool_calls": st.lists(SOUND_CALLS, min_size=1, max_size=3)},
        {"content": st.none() | PLAIN},
    ),
    _record({"role": st.just("assistant"), "function_call": SOUND_USES}, {"content": st.none() | PLAIN}),
    _record({"role": st.just("tool"), "tool_call_id": IDS, "content": PLAIN}, {}),
    _record({"role": st.just("function"), "name": NAMES, "content": st.none() | PLAIN}, {}),
)
SOUND_NAMES = st.sampled_from(["f", "g", "h"])
SOUND_SCHEMAS = st.sampled_from(
    [{}, {"type": "object", "required": ["b"]}, {"type": "dict"}, {"properties": {"a": {"type": "null"}}}]
)
SOUND_DEFINITIONS = _record({"name": SOUND_NAMES}, {"parameters": SOUND_SCHEMAS, "strict": st.none() | st.booleans()})
SOUND_HOLDER = {
    "tools": st.lists(_record({"type": st.just("function"), "function": SOUND_DEFINITIONS}, {}), max_size=3),
    "parallel_tool_calls": st.booleans(),
}
SOUND_CHAT = _record({"messages": st.lists(SOUND_TURNS, min_size=1, max_size=6)}, SOUND_HOLDER)
SOUND = {
    "sft": SOUND_CHAT
    | _record({"messages": st.lists(SOUND_TURNS, min_size=1)}, {"functions": st.lists(SOUND_DEFINITIONS, min_size=1)}),
    "rft": _record({"messages": st.lists(SOUND_TURNS, min_size=1, max_size=4)}, {**SOUND_HOLDER, "answer": JUNK}),
    "dpo": _record(
        {"input": SOUND_CHAT, "preferred_output": st.lists(SPOKEN, min_size=1, max_size=1)},
        {},
    ).flatmap(lambda pair: SPOKEN.map(lambda other: pair | {"non_preferred_output": [other]})),
}


@st.composite
def payloads(draw, method="sft"):
    """Draw a line as found in the wild: mostly JSON of the method, plain or escaped, seldom broken."""
    is_sound = draw(st.booleans())
    record = draw(SOUND[method] if is_sound else _mostly(PAIR if method == "dpo" else CHAT))
    is_escaped = draw(st.booleans()) or "\\ud" in json.dumps(record)
    text = json.dumps(record, ensure_ascii=is_escaped, separators=draw(st.sampled_from([(",", ":"), (", ", ": ")])))
    if is_sound:
        return text
    if draw(st.integers(0, 9)) == 0:
        text = text.replace("/", "\\/").replace('"content"', '"role"', draw(st.integers(0, 1)))
    return draw(st.sampled_from([text, text, text, text[:-1], text + "}"])) if draw(st.integers(0, 5)) == 0 else text
