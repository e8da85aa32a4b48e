"""Every rule proves itself: its good samples are clean, its bad samples are not, and it says why and what to do."""

import re
from dataclasses import replace

import pytest

from pipeline.check import WITHOUT_TURNS
from pipeline.core.finding import Severity
from pipeline.core.rule import Rule, catalogue

ROW_RULES = [rule for rule in catalogue().values() if rule.look]
METHODS = [(rule, method) for rule in ROW_RULES for method in sorted(rule.methods)]


def found(rule: Rule, samples):
    return [list(rule.look(example, rule.limits)) for example in rule.examples(samples)]


@pytest.mark.parametrize("rule", ROW_RULES, ids=lambda rule: rule.code)
def test_a_good_sample_has_no_flaw(rule):
    assert all(flaws == [] for flaws in found(rule, rule.good))


@pytest.mark.parametrize("rule", ROW_RULES, ids=lambda rule: rule.code)
def test_a_bad_sample_has_a_flaw(rule):
    assert all(flaws != [] for flaws in found(rule, rule.bad))


@pytest.mark.parametrize("rule", ROW_RULES, ids=lambda rule: rule.code)
def test_a_rule_has_samples_of_both_kinds(rule):
    assert rule.good
    assert rule.bad


@pytest.mark.parametrize(
    "rule", [rule for rule in ROW_RULES if rule.code.partition(".")[0] in WITHOUT_TURNS], ids=lambda rule: rule.code
)
def test_a_rule_that_is_said_to_need_no_turns_finds_the_same_without_them(rule):
    examples = list(rule.examples((*rule.good, *rule.bad)))

    untaken = [replace(example, data=None) for example in examples]
    assert [list(rule.look(one, rule.limits)) for one in untaken] == [
        list(rule.look(one, rule.limits)) for one in examples
    ]


@pytest.mark.parametrize("rule", ROW_RULES, ids=lambda rule: rule.code)
def test_a_flaw_is_one_short_sentence_with_a_pointer(rule):
    for flaw in [flaw for flaws in found(rule, rule.bad) for flaw in flaws]:
        assert flaw.where == "" or flaw.where.startswith("/")
        assert len(flaw.message) <= 120
        assert flaw.message.endswith(".")
        assert "\n" not in flaw.message


@pytest.mark.parametrize("rule", catalogue().values(), ids=lambda rule: rule.code)
def test_a_docstring_gives_the_reason_and_then_the_cure(rule):
    reason, _, cure = rule.reason.partition("\n\n")

    assert reason.endswith((".", "*."))
    assert cure.endswith(".")


@pytest.mark.parametrize("rule", catalogue().values(), ids=lambda rule: rule.code)
def test_a_code_is_an_area_and_a_flaw(rule):
    assert re.fullmatch(r"[a-z]+\.[a-z]+(-[a-z]+)*", rule.code)
    assert isinstance(rule.severity, Severity)
    assert rule.methods


def test_there_are_at_least_sixty_codes():
    assert len(catalogue()) >= 60
