"""The stage that judges rows: everything at once, in order, and the plan has the last word."""

import json
import pickle
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pipeline.check
from pipeline import check_examples
from pipeline.check import Check, active
from pipeline.core.columns import CHECK
from pipeline.core.example import Moderation, Tokens, transcript
from pipeline.core.rule import catalogue
from pipeline.core.settings import CheckSettings, ModerationSettings, RuleSettings
from pipeline.core.target import Limits
from tests.rules.samples import checked, codes, measured, payloads

SOUND = '{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello."}]}'
BROKEN = '{"messages":[{"role":"human","content":""},{"role":"assistant","content":""}],"x":1}'


def test_a_sound_row_has_no_findings():
    assert checked(SOUND) == [[]]


def test_all_flaws_of_a_row_come_at_once_in_the_order_of_their_places():
    assert checked(BROKEN) == [
        [
            ("keys.extra-top", ""),
            ("roles.unknown", "/messages/0/role"),
            ("content.blank-answer", "/messages/1/content"),
        ]
    ]


def test_the_tenth_turn_comes_after_the_ninth():
    blank = {"role": "user", "content": ""}
    text = json.dumps({"messages": [*([blank] * 11), {"role": "assistant", "content": "Hi."}]})

    assert [where for _, where in checked(text)[0]] == [f"/messages/{turn}/content" for turn in range(11)]


def test_a_row_without_payload_has_the_finding_of_its_trouble_alone():
    table = measured([SOUND, SOUND])
    table = table.set_column(1, "payload", pa.array([None, SOUND]))
    table = table.set_column(2, "trouble", pa.array(["read.ragged 5 fields; 4 expected.", None]))

    first, second = Check()(table)["findings"].to_pylist()

    assert first == [{"code": "read.ragged", "severity": 3, "where": "", "message": "5 fields; 4 expected."}]
    assert second == []


def test_rows_and_columns_stay_as_they_are():
    table = measured([BROKEN, SOUND, BROKEN])
    result = Check()(table)

    assert result.drop_columns(["findings"]).equals(table)
    assert result.schema.field("findings") == CHECK.field("findings")


def test_an_empty_batch_is_fine():
    assert Check()(measured([])).num_rows == 0


def test_a_row_that_measuring_left_out_is_looked_at_by_every_rule():
    table = measured([BROKEN])
    table = table.set_column(4, "shape", pa.nulls(1, table["shape"].type))

    assert {one["code"] for one in Check()(table)["findings"][0].as_py()} == codes(BROKEN)


def test_the_stage_pickles_as_its_settings():
    stage = Check(CheckSettings(limits=Limits(max_tokens=5)))

    assert pickle.loads(pickle.dumps(stage)) == stage


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(payloads(), min_size=2, max_size=6), st.data())
def test_neither_batches_nor_order_change_what_is_found(texts, data):
    order = data.draw(st.permutations(range(len(texts))))
    alone = [checked(text)[0] for text in texts]

    assert checked(*texts) == alone
    assert checked(*(texts[row] for row in order)) == [alone[row] for row in order]


def test_a_key_that_utf8_cannot_hold_is_named_by_its_escape():
    text = r'{"messages":[{"role":"user","name":{"\ud83d":"jane@web.de"}}]}'

    assert ("private.email", r"/messages/0/name/\ud83d") in checked(text)[0]


def test_selected_codes_and_prefixes_judge_alone():
    assert codes(BROKEN, rules=RuleSettings(select=("roles.", "keys.extra-top"))) == {"roles.unknown", "keys.extra-top"}


def test_ignored_codes_and_prefixes_stay_silent():
    assert codes(BROKEN, rules=RuleSettings(ignore=("content.", "roles.unknown"))) == {"keys.extra-top"}


def severities(text, **given):
    table = Check(CheckSettings(**given))(measured([text]))
    return {one["code"]: one["severity"] for one in table["findings"][0].as_py()}


def test_a_target_ranks_a_code_and_the_plan_ranks_it_again():
    target = Limits(severities={"roles.unknown": "warning", "keys.extra-top": "info", "content.blank-answer": "off"})
    plan = RuleSettings(severity={"keys.extra-top": "error"})

    assert severities(BROKEN, limits=target, rules=plan) == {"roles.unknown": 2, "keys.extra-top": 3}


def test_rules_of_other_methods_are_not_asked():
    assert not any(rule.code.startswith(("dpo.", "rft.")) for rule in active(CheckSettings()))
    assert {"dpo.identical", "dpo.length-bias"} <= {
        rule.code for rule in active(CheckSettings(limits=Limits(method="dpo")))
    }


def test_a_rule_that_raises_says_which_rule_looked_at_which_row(monkeypatch):
    def look(example, limits):
        raise ZeroDivisionError

    broken = replace(catalogue()["roles.unknown"], look=look, suspects=None)
    monkeypatch.setattr(pipeline.check, "catalogue", lambda: {"roles.unknown": broken})

    with pytest.raises(ZeroDivisionError) as caught:
        checked(SOUND)

    assert caught.value.__notes__ == ["rule roles.unknown looked at a.jsonl:1"]


def test_tokens_that_were_not_counted_are_not_judged():
    talk = transcript("user: Hi\nassistant: Hello.")
    small = Limits(max_tokens=5)

    assert codes(talk, limits=small) == set()
    assert codes(replace(talk, tokens=Tokens(6)), limits=small) == {"tokens.too-long"}


def flagged(scores, *, categories=()):
    talk = transcript("user: Hi\nassistant: Hello.")
    return replace(talk, moderation=Moderation("b", "verified", bool(categories), tuple(scores.items()), categories))


def test_a_flag_of_the_backend_is_an_error_at_its_place():
    row = flagged({"hate": 0.9}, categories=("hate",))
    row = replace(row, moderation=row.moderation._replace(places=(("hate", "/messages/1/content"),)))

    assert checked(row) == [[("moderation.flagged", "/messages/1/content")]]


def test_thresholds_of_the_plan_flag_what_the_backend_let_pass_and_spare_what_it_flagged():
    thresholds = ModerationSettings(thresholds={"hate": 0.5, "violence": 0.95})

    assert codes(flagged({"hate": 0.6}), moderation=thresholds) == {"moderation.flagged"}
    assert codes(flagged({"violence": 0.9}, categories=("violence",)), moderation=thresholds) == set()


def test_what_moderation_could_not_judge_is_held():
    talk = transcript("user: Hi\nassistant: Hello.")

    assert codes(replace(talk, moderation=Moderation("b", "held"))) == {"moderation.held"}


def test_a_placeholder_with_a_line_end_behind_it_is_one_too() -> None:
    turns = [{"role": "user", "content": "What is it?"}, {"role": "assistant", "content": "TODO\n"}]

    assert "content.placeholder" in {one.code for one in check_examples([{"messages": turns}]).findings}
