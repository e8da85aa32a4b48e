"""docs/rules.md says what the rules say."""

from pathlib import Path

from pipeline.core.rule import catalogue
from pipeline.core.rulebook import rules_page
from pipeline.core.trouble import CAUSES

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
REFRESH = "from pipeline.core.rulebook import rules_page; print(rules_page(), end='')"


def test_the_page_is_what_the_rules_give():
    assert PAGE.read_text(encoding="utf-8") == rules_page(), f'run: python -c "{REFRESH}" > docs/rules.md'


def test_the_page_names_every_code_once():
    lines = rules_page().splitlines()

    assert all(lines.count(f"### `{code}`") == 1 for code in catalogue())
    assert all(f"- `{code}`: " in rules_page() for code in CAUSES)


def test_no_code_is_both_a_rule_and_a_cause():
    assert not catalogue().keys() & CAUSES.keys()
