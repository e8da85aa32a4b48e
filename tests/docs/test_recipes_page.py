"""docs/recipes.md: each plan on it turns the record below it into the line below that."""

import re
import tomllib
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.compose import Compose, recipes
from pipeline.core import columns
from pipeline.plan import parse

PAGE = (Path(__file__).parents[2] / "docs/recipes.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```\n\n```json\n(.*?)\n```\n\n```json\n(.*?)\n```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("plan", "record", "line"), EXAMPLES)
def test_the_record_becomes_the_line(plan: str, record: str, line: str) -> None:
    source = parse({"source": [{"path": "a", "name": "a", **tomllib.loads(plan)}]}).source[0]
    method = "sft" if "sft" in recipes()[source.compose.recipe].methods else "dpo"
    row = {"name": "a:1", "source": "a", "record": record, "raw": None, "unread": None}

    made = Compose(recipes={"a": source.compose}, method=method)(pa.Table.from_pylist([row], schema=columns.READ))

    assert made["payload"].to_pylist() == [line]


def test_every_recipe_has_a_section_with_an_example() -> None:
    shown = {tomllib.loads(plan)["compose"]["recipe"] for plan, _, _ in EXAMPLES}

    assert shown == set(recipes())
    assert all(f"\n## {name}\n" in PAGE and f"(#{name})" in PAGE for name in recipes())
