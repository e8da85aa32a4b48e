"""Laws of conversion: nothing is lost silently, and what was not changed can be read back."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.core.example import Method
from pipeline.core.target import Target
from pipeline.targets import LOSSES, Exported, all_formats, all_targets, convert, export
from tests.targets.payloads import core, preferences, supervised

FORMATS = sorted(all_formats())
TARGETS = list(all_targets().values())


def leaves(value: Any) -> Iterator[str]:
    """Every text of a value, JSON inside text opened, so that arguments are found as object and as text."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, str):
        yield value
        try:
            opened = json.loads(value)
        except ValueError:
            return
        if isinstance(opened, dict | list):
            yield from leaves(opened)


def is_object(text: str) -> bool:
    """Whether a text is a JSON object, which a format may write as one: then its leaves are the words."""
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def words_of(payload: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every word that somebody said or showed, with the kind of loss that would have to be told."""
    asked = payload.get("input", payload)
    said = [*asked["messages"], *payload.get("preferred_output", ()), *payload.get("non_preferred_output", ())]
    for turn in said:
        kind = "call.words-dropped" if turn.get("tool_calls") else ""
        content = turn.get("content") or []
        for part in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            shown = part.get("text") or part.get("image_url", {}).get("url") or ""
            yield from ((word, kind) for word in leaves(shown) if word != shown or not is_object(word))
        yield turn.get("refusal") or "", ""
        yield turn.get("name") or "", "name.dropped"
        for call in turn.get("tool_calls", ()):
            yield call["function"]["name"], ""
            yield from (
                (word, "") for word in leaves([call["function"]["arguments"]]) if not word.startswith(("{", "["))
            )
    for tool in asked.get("tools", ()):
        yield tool["function"]["name"], "tools.dropped"


def is_told(exported: Exported, payload: dict[str, Any]) -> bool:
    codes = {loss.code for loss in exported.losses}
    written = list(leaves(exported.line))
    return all(
        kind in codes or any(way in text for text in written for way in spellings(word))
        for word, kind in words_of(payload)
    )


def spellings(word: str) -> set[str]:
    """A word as it may stand in a text: as it is, or within JSON that two tools' answers joined are not any more."""
    bare = word.strip()
    return {bare, *(json.dumps(bare, ensure_ascii=only)[1:-1] for only in (True, False))}


def canonical(payload: Any) -> Any:
    """The payload with its several spellings of one thing made one: lone text parts, weight 1, null and empty."""
    if isinstance(payload, list):
        return [canonical(entry) for entry in payload]
    if not isinstance(payload, dict):
        return payload
    same = {key: canonical(value) for key, value in payload.items() if value is not None}
    if same.get("weight") == 1:
        del same["weight"]
    content = same.get("content")
    if isinstance(content, list) and len(content) == 1 and content[0]["type"] == "text":
        same["content"] = content[0]["text"]
    if same.get("tool_calls") and not same.get("content"):
        same.pop("content", None)
    if same.get("tools") == []:
        del same["tools"]
    return same


@pytest.mark.parametrize("name", FORMATS)
@given(payload=supervised())
def test_no_word_of_an_example_is_lost_silently(name: str, payload: dict[str, Any]) -> None:
    exported = convert(payload, form=all_formats()[name], method="sft")

    assert exported.line is None or is_told(exported, payload)


@pytest.mark.parametrize("name", [name for name in FORMATS if "dpo" in all_formats()[name].holds])
@given(payload=preferences())
def test_no_word_of_a_preference_pair_is_lost_silently(name: str, payload: dict[str, Any]) -> None:
    exported = convert(payload, form=all_formats()[name], method="dpo")

    assert exported.line is None or is_told(exported, payload)


@settings(max_examples=200)
@given(payload=supervised(), target=st.sampled_from([target for target in TARGETS if "sft" in target.methods]))
def test_no_word_is_lost_silently_on_the_way_to_any_target(payload: dict[str, Any], target: Target) -> None:
    exported = export(payload, target=target, method="sft")

    assert exported.line is None or is_told(exported, payload)


@pytest.mark.parametrize(("method", "payloads"), [("sft", supervised()), ("dpo", preferences())], ids=["sft", "dpo"])
@given(data=st.data())
def test_what_was_not_changed_reads_back_as_it_was(data: st.DataObject, method: Method, payloads: Any) -> None:
    payload = data.draw(payloads)
    form = all_formats()[data.draw(st.sampled_from([name for name in FORMATS if method in all_formats()[name].holds]))]
    exported = convert(payload, form=form, method=method)

    if exported.line is not None and not exported.losses:
        assert canonical(form.read(exported.line)) == canonical(payload)


@pytest.mark.parametrize(("method", "payloads"), [("sft", supervised()), ("dpo", preferences())], ids=["sft", "dpo"])
@given(data=st.data())
def test_a_line_read_back_and_written_again_is_the_same_line(
    data: st.DataObject, method: Method, payloads: Any
) -> None:
    payload = data.draw(payloads)
    form = all_formats()[data.draw(st.sampled_from([name for name in FORMATS if method in all_formats()[name].holds]))]
    first = convert(payload, form=form, method=method)

    if first.line is not None:
        again = convert(form.read(first.line), form=form, method=method)
        assert again.line == first.line
        assert not [loss for loss in again.losses if loss.kind == "loss"]


@given(payload=supervised(), target=st.sampled_from([target for target in TARGETS if "sft" in target.methods]))
def test_a_line_is_missing_exactly_when_a_loss_says_why(payload: dict[str, Any], target: Target) -> None:
    exported = export(payload, target=target, method="sft")

    assert (exported.line is None) == any(loss.kind == "left out" for loss in exported.losses)
    assert len(set(exported.losses)) == len(exported.losses)
    assert all(loss.code in LOSSES for loss in exported.losses)


@given(payload=supervised())
def test_a_conversion_leaves_the_payload_alone_and_gives_the_same_each_time(payload: dict[str, Any]) -> None:
    before = json.dumps(payload)
    for form in all_formats().values():
        assert convert(payload, form=form, method="sft") == convert(payload, form=form, method="sft")

    assert json.dumps(payload) == before


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["messages", "role", "content", "input", "tools", "weight", "tool_calls", "function", "type", "text"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(payload=json_values, target=st.sampled_from(TARGETS))
def test_any_json_is_converted_or_left_out_and_nothing_breaks(payload: Any, target: Target) -> None:
    exported = export(payload, target=target, method=target.methods[0])

    assert exported.line is not None or exported.losses


@pytest.mark.parametrize("target", [t for t in TARGETS if "sft" in t.methods], ids=lambda target: target.id)
@given(data=st.data())
def test_the_portable_core_goes_to_every_target_without_loss(data: st.DataObject, target: Target) -> None:
    payload = data.draw(core(most_rounds=1 if "prompt_completion" in target.formats[:1] else 3))
    reserved = target.limits["sft"].reserved
    assume(not any(word in turn["content"] for turn in payload["messages"] for word in reserved))
    exported = export(payload, target=target, method="sft")

    assert exported.line is not None
    assert {loss.code for loss in exported.losses} <= {"system.folded"}


def test_but_a_reserved_word_in_a_prompt_is_left_out() -> None:
    turns = [{"role": "user", "content": "<image>"}, {"role": "assistant", "content": "0"}]
    exported = export({"messages": turns}, target=all_targets()["bedrock/nova-lite"], method="sft")

    assert exported.line is None
    assert [loss.code for loss in exported.losses] == ["reserved.word"]
