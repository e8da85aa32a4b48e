"""The compose stage: rows stay, columns come; families and strata; what cannot work is refused before any row."""

import json
import pickle
from typing import Any

import pyarrow as pa
import pytest

from pipeline.compose import Compose, recipes
from pipeline.core import columns
from pipeline.core.errors import PlanError
from pipeline.core.settings import PrivacySettings


def table(records: list[str | None], *, unread: list[str | None] | None = None) -> pa.Table:
    """Give the read room's table of these records."""
    rows = {
        "name": [f"f:{number}" for number in range(1, len(records) + 1)],
        "source": ["s"] * len(records),
        "record": records,
        "raw": [None] * len(records),
        "unread": unread or [None] * len(records),
    }
    return pa.table(rows, schema=columns.READ)


def test_an_unread_row_keeps_its_reason() -> None:
    stage = Compose({"s": recipes()["pairs"].settings()})

    row = stage(table([None], unread=["read.ragged 5 fields; expected 4."])).to_pylist()[0]

    assert row["payload"] is None
    assert row["trouble"] == "read.ragged 5 fields; expected 4."


def test_rows_keep_their_number_and_order() -> None:
    records = ['{"question":"a","answer":"1"}', None, '{"question":"","answer":"2"}', '{"question":"c","answer":"3"}']
    given_table = table(records, unread=[None, "read.encoding x", None, None])

    made = Compose({"s": recipes()["pairs"].settings()})(given_table)

    assert made.select(columns.READ.names).equals(given_table)
    assert [row is None for row in made["payload"].to_pylist()] == [False, True, True, False]
    assert made.schema.names == [*columns.READ.names, *columns.COMPOSE.names]
    assert made.select(columns.COMPOSE.names).schema == columns.COMPOSE


def test_an_empty_batch_gains_the_columns() -> None:
    made = Compose({})(table([]))

    assert made.select(columns.COMPOSE.names).schema == columns.COMPOSE


def test_the_stage_travels_to_other_processes() -> None:
    stage = Compose({"s": recipes()["pairs"].settings(user="{{ question }}")}, families={"s": "customer"})
    record = '{"question":"a","answer":"b","customer":7}'

    copy = pickle.loads(pickle.dumps(stage))

    assert copy(table([record])).equals(stage(table([record])))


def test_family_and_stratum_come_from_the_record_even_where_it_cannot_be_composed() -> None:
    stage = Compose(
        {"s": recipes()["pairs"].settings()}, families={"s": "who"}, labels={"s": "topic"}, stratify="label"
    )
    records = ['{"question":"a","answer":"b","who":7,"topic":"x"}', '{"question":"","answer":"b","who":"y"}']

    rows = stage(table(records)).select(["family", "stratum"]).to_pylist()

    assert rows == [{"family": "7", "stratum": "x"}, {"family": "y", "stratum": None}]


def test_gathered_rows_take_family_from_their_first_row() -> None:
    rows = [{"role": "user", "content": "a", "who": "z"}, {"role": "assistant", "content": "b", "who": "z"}]
    stage = Compose({"s": recipes()["dialogue"].settings()}, families={"s": "who"})

    assert stage(table([json.dumps({"rows": rows})]))["family"].to_pylist() == ["z"]


def test_without_a_label_column_a_short_answer_is_the_stratum() -> None:
    stage = Compose({"s": recipes()["classification"].settings()}, stratify="label")
    records = ['{"text":"a","label":"spam"}', json.dumps({"text": "a", "label": "long " * 50})]

    assert stage(table(records))["stratum"].to_pylist() == ["spam", None]


def test_by_source_every_row_has_its_source_as_stratum() -> None:
    stage = Compose({"s": recipes()["pairs"].settings()}, stratify="source")

    assert stage(table([None, "{}"], unread=["read.encoding x", None]))["stratum"].to_pylist() == ["s", "s"]


@pytest.mark.parametrize(("recipe", "method"), [("pairs", "dpo"), ("preference", "sft"), ("messages", "dpo")])
def test_a_recipe_that_does_not_fit_the_method_is_refused_before_any_row(recipe: str, method: str) -> None:
    with pytest.raises(PlanError, match=f"source `s`: recipe `{recipe}` makes no examples for method `{method}`"):
        Compose({"s": recipes()[recipe].settings()}, method=method)


def test_a_template_with_a_mistake_is_refused_before_any_row() -> None:
    with pytest.raises(PlanError, match="source `s`: `user`: line 1 of the template"):
        Compose({"s": recipes()["pairs"].settings(user="{{ question")})


def test_nesting_too_deep_to_be_searched_for_private_data_is_trouble_and_no_crash() -> None:
    stage = Compose({"s": recipes()["messages"].settings()}, privacy=PrivacySettings(email="redact"))
    deep = "[" * 480 + '"mail kim@example.org"' + "]" * 480

    row = stage(table(['{"messages":[{"role":"user","content":' + deep + "}]}"])).to_pylist()[0]

    assert row["payload"] is None
    assert row["trouble"].startswith("compose.shape Nested too deeply")


@pytest.mark.parametrize("given", [{"families": {"s": "who"}}, {"labels": {"s": "who"}, "stratify": "label"}, {}])
def test_half_a_character_in_a_key_or_a_group_ends_no_build(given: dict[str, Any]) -> None:
    stage = Compose({"s": recipes()["messages"].settings()}, **given)

    row = stage(table([r'{"who": "\ud800", "\ud800messages": []}'])).to_pylist()[0]

    assert row["trouble"] == r"compose.missing-column No column `messages`; the nearest is `\ud800messages`."
    assert {row["family"], row["stratum"]} <= {r"\ud800", None}
