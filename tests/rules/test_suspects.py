"""The law of suspects: no flaw that a rule would report is missed because Arrow did not pick the row."""

import json

import numpy as np
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.check import _suspected, active
from pipeline.core.example import Example
from pipeline.core.facts import facts_of
from pipeline.core.plain import quick_example
from pipeline.core.rule import catalogue
from pipeline.core.settings import CheckSettings
from pipeline.rules.content_leftovers import PLACEHOLDER, may_hold_placeholder
from pipeline.rules.content_tokens import MARKUP, marks_in
from tests.rules.samples import LIMITS, checked, measured, payloads

ROW_RULES = [rule for rule in catalogue().values() if rule.look]
PATIENT = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def assert_none_missed(texts, method, limits):
    table = measured(texts, method=method)
    check = CheckSettings(limits=limits.model_copy(update={"method": method}))
    rules = [rule for rule in active(check) if rule.look]
    asked = {row: {rule.code for rule in some.rules} for row, some in _suspected(rules, table, check)}
    for row, text in enumerate(texts):
        example = Example.parse(text, method=method)
        flawed = {rule.code for rule in rules if list(rule.look(example, check.limits))}
        assert flawed <= asked.get(row, set()), text


@pytest.mark.parametrize("method", ["sft", "dpo", "rft"])
@PATIENT
@given(data=st.data(), limits=st.sampled_from(LIMITS))
def test_no_flaw_is_missed_in_anything_that_looks_like_an_example(method, data, limits):
    texts = data.draw(st.lists(payloads(method), min_size=1, max_size=4))

    assert_none_missed(texts, method, limits)


@pytest.mark.parametrize("method", ["sft", "dpo"])
@PATIENT
@given(data=st.data(), limits=st.sampled_from(LIMITS))
def test_no_claim_alone_misses_a_flaw_of_its_rule(method, data, limits):
    text = data.draw(payloads(method))
    table = measured([text], method=method)
    facts = facts_of(table).append_column("payload", table["payload"])
    example = Example.parse(text, method=method)

    for rule in ROW_RULES:
        is_claimed = method in rule.methods and facts["regular"][0].as_py() and rule.suspects is not None
        if is_claimed and list(rule.look(example, limits)):
            assert pc.fill_null(rule.suspects(facts, limits), fill_value=True)[0].as_py(), (rule.code, text)


@pytest.mark.parametrize("method", ["sft", "dpo", "rft"])
@PATIENT
@given(data=st.data())
def test_an_example_that_is_read_quickly_is_the_same(method, data):
    text = data.draw(payloads(method) | st.text(max_size=40))
    quick, sure = quick_example(text, method=method), Example.parse(text, method=method)

    assert quick == sure
    assert json.dumps(quick.data, sort_keys=True) == json.dumps(sure.data, sort_keys=True)  # one NaN equals no other


@PATIENT
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_bytes_crash_a_rule(raw):
    assert_none_missed([raw.decode(errors="replace")], "sft", LIMITS[1])


@pytest.mark.parametrize("rule", ROW_RULES, ids=lambda rule: rule.code)
def test_the_stage_finds_what_the_rule_finds_in_its_bad_samples(rule):
    method = "sft" if "sft" in rule.methods else min(rule.methods)

    for example in rule.examples(rule.bad):
        assert rule.code in dict(checked(example, limits=rule.limits, method=method)[0])


@pytest.mark.parametrize("rule", ROW_RULES, ids=lambda rule: rule.code)
def test_escapes_hide_no_flaw(rule):
    method = "sft" if "sft" in rule.methods else min(rule.methods)

    for example in rule.examples(rule.bad):
        is_all_in_its_payload = example == Example.parse(example.payload, method=method)
        if isinstance(example.data, dict) and is_all_in_its_payload:
            escaped = json.dumps(example.data).replace("/", "\\/")
            is_same = json.loads(escaped) == example.data and rule.code not in ("json.duplicate-key", "json.surrogate")
            if is_same:
                assert rule.code in dict(checked(escaped, limits=rule.limits, method=method)[0])


def test_sound_rows_are_not_even_parsed():
    sound = json.dumps({"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]})
    check = CheckSettings()

    asked = list(_suspected([rule for rule in active(check) if rule.look], measured([sound] * 3), check))

    assert asked == []
    assert np.asarray(measured([sound])["shape"].combine_chunks().field("regular")).all()


@pytest.mark.parametrize(
    ("line", "is_suspected"),
    [
        pytest.param('{"messages":[],"a":1,"a":2}', True, id="one key twice"),
        pytest.param('{"messages":[],"a\\\\":1,"a\\\\":2}', True, id="that ends in a backslash"),
        pytest.param('{"messages":[],"":1,"":2}', True, id="of no letters"),
        pytest.param('{"messages":[],"a" : 1,"a"\t:2}', True, id="with space before the colon"),
        pytest.param('{"messages":[{"content":"say \\"a\\": 1, \\"b\\": 2"}]}', False, id="JSON in a text"),
    ],
)
def test_keys_are_counted_by_the_quotes_that_end_them(line, is_suspected):
    table = measured([line, line])
    facts = facts_of(table).append_column("payload", table["payload"])

    assert [is_suspected] * 2 == catalogue()["json.duplicate-key"].suspects(facts, LIMITS[0]).to_pylist()


marked = st.lists(
    st.sampled_from(
        [
            *("\n", "<s>", "</s>", " ", "### Instruction:", "##Input:", "Human: ", "Assistant: ", "[INST]", "<|eot|>"),
            *("<<SYS>>", "{{ name }}", "{{", "[Your Name]", "TODO", "???", "<insert x>", "lorem ipsum dolor", "a"),
        ]
    ),
    max_size=6,
).map("".join)


@PATIENT
@given(marked)
def test_the_quick_count_of_markup_is_that_of_its_expression(text):
    assert marks_in(text) == len(MARKUP.findall(text))


@PATIENT
@given(marked)
def test_a_text_that_is_not_searched_holds_no_placeholder(text):
    assert may_hold_placeholder(text) or not PLACEHOLDER.search(text)


near_marks = st.lists(
    st.sampled_from(
        [
            *(
                "\n",
                "`",
                "{{ name }}",
                "{{a.b}}",
                "[Your Name]",
                "[NAME]",
                "[",
                "]",
                "(",
                ":",
                "!",
                "<insert x>",
                "\\",
                '"',
            ),
            *("Human: ", "### Input:", "## Response:", "<s>", "</s>", "\x01", "\r", "\t", "\x7f", "é", "a", " ", "/"),
        ]
    ),
    max_size=8,
).map("".join)


@PATIENT
@given(st.lists(near_marks, min_size=2, max_size=4), st.booleans())
def test_no_mark_of_templates_is_missed_whatever_stands_beside_it(texts, is_ascii):
    turns = [{"role": "user" if at % 2 == 0 else "assistant", "content": text} for at, text in enumerate(texts)]

    assert_none_missed([json.dumps({"messages": turns}, ensure_ascii=is_ascii)], "sft", LIMITS[0])
