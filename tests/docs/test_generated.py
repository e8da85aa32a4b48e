"""Generated files are what the code says today, and the plan's schema and page are of use to those who read them."""

import json
import re
import tomllib
from pathlib import Path

import jsonschema_rs
import pytest

from pipeline.generated import FILES
from pipeline.plan import load

ROOT = Path(__file__).parents[2]
PLANS = [ROOT / "dataset.toml", *sorted(ROOT.glob("examples/*/dataset.toml"))]


@pytest.mark.parametrize("name", FILES)
def test_a_generated_file_is_what_the_code_says(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == FILES[name](), "run: make schemas"


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".json")])
def test_a_generated_schema_is_a_schema(name: str) -> None:
    schema = json.loads(FILES[name]())

    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("plan", PLANS, ids=lambda path: path.parent.name)
def test_a_plan_that_is_shipped_is_valid_for_program_and_editor(plan: Path) -> None:
    values = tomllib.loads(plan.read_text(encoding="utf-8"))

    assert load(plan).source
    jsonschema_rs.validator_for(json.loads(FILES["schemas/plan.schema.json"]())).validate(values)


@pytest.mark.parametrize("plan", PLANS[1:], ids=lambda path: path.parent.name)
def test_an_example_reads_what_is_not_tracked_and_writes_beside_it(plan: Path) -> None:
    loaded = load(plan)

    assert all(source.path.startswith("raw/") for source in loaded.source)
    assert loaded.write.folder == "processed"
    assert plan.parent.name in (ROOT / "examples/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("values", "is_valid"),
    [
        pytest.param({"read": {"group": "id"}}, True, id="a read table without format"),
        pytest.param({"read": {"delimiter": ";"}}, True, id="a key of one format"),
        pytest.param({"read": {"nonsense": 1}}, False, id="a key of no format"),
        pytest.param({"compose": {"user": "q"}}, False, id="no recipe"),
        pytest.param({"compose": {"recipe": "pairs", "text": "q"}}, False, id="a key of another recipe"),
        pytest.param({"compose": {"recipe": "nonsense"}}, False, id="an unknown recipe"),
    ],
)
def test_the_schema_tells_a_right_source_from_a_wrong_one(values: dict, *, is_valid: bool) -> None:
    source = {"path": "a.csv", "compose": {"recipe": "pairs"}, **values}

    schema = jsonschema_rs.validator_for(json.loads(FILES["schemas/plan.schema.json"]()))

    assert schema.is_valid({"source": [source]}) == is_valid


def test_the_page_of_the_plan_explains_every_key() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|.*\|([^|]*)\|$", FILES["docs/plan.md"](), re.MULTILINE)

    assert len(rows) > 100
    assert [key for key, says in rows if not says.strip()] == []


def test_the_page_of_the_plan_speaks_toml() -> None:
    page = FILES["docs/plan.md"]()

    assert [word for word in ("None", "null", "True", "False", "pydantic") if re.search(rf"\b{word}\b", page)] == []
