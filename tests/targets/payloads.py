"""Payloads of every shape that schemas/ allows, for the laws of conversion."""

import json
from typing import Any

from hypothesis import strategies as st

Payload = dict[str, Any]

words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
spoken = words.filter(lambda text: bool(text.strip()))
names = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
texts_in_parts = st.builds(lambda text: {"type": "text", "text": text}, spoken)
addresses = st.sampled_from(
    ["https://example.org/a.png", "gs://bucket/b.jpg", "s3://bucket/c.webp", "data:image/png;base64,AAAA", "ftp://x/y"]
)
pictures = st.builds(
    lambda url, detail: {"type": "image_url", "image_url": {"url": url} | ({"detail": "low"} if detail else {})},
    addresses,
    st.booleans(),
)
arguments = st.dictionaries(names, words | st.integers(-9, 9), max_size=2).map(
    lambda value: json.dumps(value, ensure_ascii=False)
) | st.sampled_from(['{"a":1}', "{}", "[1]", "not json", '{"a": NaN}', ""])


def _with(turn: Payload, **extra: Any) -> Payload:
    return turn | {key: value for key, value in extra.items() if value is not None}


systems = st.builds(lambda role, text: {"role": role, "content": text}, st.sampled_from(["system", "developer"]), words)
users = st.builds(
    lambda content, name: _with({"role": "user", "content": content}, name=name),
    words | st.lists(texts_in_parts | pictures, min_size=1, max_size=3),
    st.none() | names,
)
answers = st.builds(
    lambda content, weight, name: _with({"role": "assistant", "content": content}, weight=weight, name=name),
    words | st.lists(texts_in_parts, min_size=1, max_size=2),
    st.none() | st.sampled_from([0, 1]),
    st.none() | names,
)
refusals = st.builds(lambda text: {"role": "assistant", "content": None, "refusal": text}, spoken)


@st.composite
def exchanges(draw: st.DrawFn) -> list[Payload]:
    """A call of one or two tools, their answers, and what the assistant says to them."""
    ids = draw(
        st.lists(
            st.from_regex(r"call_[a-z0-9]{1,9}|[A-Za-z0-9]{9}", fullmatch=True), min_size=1, max_size=2, unique=True
        )
    )
    calls = [
        {"id": i, "type": "function", "function": {"name": draw(names), "arguments": draw(arguments)}} for i in ids
    ]
    call = {"role": "assistant", "content": draw(st.none() | words), "tool_calls": calls}
    told = [{"role": "tool", "tool_call_id": i, "content": draw(words | arguments)} for i in ids]
    return [call, *told, *draw(st.lists(answers, max_size=1))]


turns = st.lists(
    st.one_of(
        st.tuples(users, answers).map(list),
        st.tuples(users, answers).map(list),
        users.map(lambda turn: [turn]),
        (answers | refusals | systems).map(lambda turn: [turn]),
        st.tuples(users, exchanges()).map(lambda pair: [pair[0], *pair[1]]),
    ),
    min_size=1,
    max_size=4,
).map(lambda groups: [turn for group in groups for turn in group])

tools = st.lists(
    st.builds(
        lambda name, description, strict: {
            "type": "function",
            "function": _with({"name": name, "parameters": {"type": "object"}}, description=description, strict=strict),
        },
        names,
        st.none() | words,
        st.none() | st.just(value=True),
    ),
    min_size=1,
    max_size=2,
)


@st.composite
def supervised(draw: st.DrawFn) -> Payload:
    """Give an example for supervised training."""
    first = draw(st.lists(systems, max_size=1))
    more = draw(st.fixed_dictionaries({}, optional={"tools": tools, "parallel_tool_calls": st.booleans()}))
    return {"messages": [*first, *draw(turns)], **more}


@st.composite
def preferences(draw: st.DrawFn) -> Payload:
    """Give a preference pair."""
    asked = draw(supervised())
    return {"input": asked, "preferred_output": [draw(answers)], "non_preferred_output": [draw(answers)]}


@st.composite
def core(draw: st.DrawFn, *, most_rounds: int = 3) -> Payload:
    """Give an example of the portable core: an optional system turn, then user and assistant in turn, all of them text."""
    rounds = draw(st.integers(1, most_rounds))
    said = [
        [{"role": "user", "content": draw(spoken)}, {"role": "assistant", "content": draw(spoken)}]
        for _ in range(rounds)
    ]
    first = [{"role": "system", "content": draw(spoken)}] if draw(st.booleans()) else []
    return {"messages": [*first, *(turn for pair in said for turn in pair)]}
