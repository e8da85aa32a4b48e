"""What compose has searched for private data is judged as if it were searched again."""

import json
from typing import get_args

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.check import Check
from pipeline.compose import Compose, recipes
from pipeline.core.columns import COMPOSE
from pipeline.core.settings import CheckSettings, PrivacySettings, PrivateAction, RuleSettings
from tests.compose.test_compose_stage import table
from tests.privacy.test_redact import KINDS, PRIVATE, conversations
from tests.rules.samples import measured

SALT = "a long random text"
ACTIONS = st.fixed_dictionaries(
    {kind: st.sampled_from(get_args(PrivateAction)) for kind in KINDS}
    | {"secret": st.sampled_from(["off", "report", "redact", "reject"])}
)
NOT_JSON = ('{"messages":[', '{"n":1e999,"content":"4539148803436467"}', f'{{"messages":NaN,"a":"{PRIVATE[0]}"}}')
TWICE = '{"messages":[],"messages":[{"role":"user","content":"bob@web.de"},{"role":"assistant","content":"Hi"}]}'
RECORDS = conversations().map(json.dumps) | conversations().map(lambda one: json.dumps(one, ensure_ascii=False))
OVERRIDES = st.sampled_from([{}, {"private.email": "error", "private.card": "warning", "secret.password": "info"}])


def composed(records, recipe, privacy):
    stage = Compose({"s": recipes()[recipe].settings()}, privacy=privacy, salt=SALT)
    return stage(table(records)).select(COMPOSE.names)


def found(made, private, privacy, severity):
    facts = measured([line or "" for line in made["payload"].to_pylist()])
    for name, column in {"payload": made["payload"], "trouble": made["trouble"], "private": private}.items():
        facts = facts.set_column(facts.schema.get_field_index(name), name, column)
    stage = Check(CheckSettings(privacy=privacy, rules=RuleSettings(severity=severity)))
    return stage(facts)["findings"].to_pylist()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(RECORDS | st.sampled_from((*NOT_JSON, TWICE)), max_size=5),
    st.sampled_from(["as_is", "messages"]),
    ACTIONS,
    OVERRIDES,
)
def test_a_row_that_compose_searched_has_the_findings_of_one_that_it_did_not(records, recipe, actions, severity):
    privacy = PrivacySettings(**actions)
    made = composed(records, recipe, privacy)
    unknown = pa.nulls(len(records), COMPOSE.field("private").type)

    assert found(made, made["private"], privacy, severity) == found(made, unknown, privacy, severity)


@pytest.mark.parametrize("line", NOT_JSON)
def test_a_line_that_cannot_be_searched_is_not_said_to_hold_nothing(line):
    made = composed([line], "as_is", PrivacySettings())

    assert made["private"].null_count == (0 if line == NOT_JSON[0] else 1)
