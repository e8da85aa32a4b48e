"""Whatever stands in a file: no crash, and every finding has a place that exists."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.core.settings import RuleSettings
from pipeline.core.target import Limits
from pipeline.preflight import check_examples, check_file, mend
from pipeline.preflight.source import opened
from pipeline.report.checked import Checked
from pipeline.report.findings import Show, faces

PATIENT = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
LETTERS = st.text(st.characters(), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | LETTERS
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3), max_leaves=6
)
ROLES = st.sampled_from(["system", "developer", "user", "assistant", "tool", "function", "bot"]) | JSON
PARTS = st.fixed_dictionaries({}, optional={"type": st.sampled_from(["text", "image_url", "refusal"]) | JSON, "text": JSON, "image_url": st.fixed_dictionaries({"url": JSON}) | JSON})  # fmt: skip
CALLS = st.fixed_dictionaries({}, optional={"id": JSON, "type": st.just("function") | JSON, "function": st.fixed_dictionaries({}, optional={"name": JSON, "arguments": JSON | st.just('{"a":1}')}) | JSON})  # fmt: skip
TURNS = st.fixed_dictionaries({}, optional={"role": ROLES, "content": LETTERS | st.lists(PARTS, max_size=2) | JSON, "weight": st.sampled_from([0, 1, 1.0, True]) | JSON, "tool_calls": st.lists(CALLS | JSON, max_size=2) | JSON, "tool_call_id": JSON, "name": JSON, "refusal": JSON, "function_call": JSON})  # fmt: skip
CHATS = st.lists(TURNS | JSON, max_size=4)
TOOLS = st.lists(st.fixed_dictionaries({}, optional={"type": JSON, "function": st.fixed_dictionaries({}, optional={"name": JSON, "parameters": JSON}) | JSON}) | JSON, max_size=2)  # fmt: skip
EXAMPLES = st.fixed_dictionaries({}, optional={"messages": CHATS | JSON, "tools": TOOLS | JSON, "parallel_tool_calls": JSON, "functions": JSON, "extra": JSON})  # fmt: skip
PAIRS = st.fixed_dictionaries({}, optional={"input": st.fixed_dictionaries({}, optional={"messages": CHATS | JSON, "tools": TOOLS | JSON}) | JSON, "preferred_output": CHATS | JSON, "non_preferred_output": CHATS | JSON})  # fmt: skip
NATIVE = st.fixed_dictionaries({}, optional={"contents": JSON | st.lists(TURNS), "systemInstruction": JSON, "messages": CHATS, "schemaVersion": JSON, "system": JSON, "prompt": JSON, "completion": JSON, "conversations": JSON | st.lists(TURNS)})  # fmt: skip


def has_places(checked: Checked, lines: list[bytes]) -> None:
    files = {file.name: file.lines for file in checked.summary.files}
    for finding in checked.findings:
        file, _, line = finding.name.rpartition(":")
        assert finding.name in ("dataset", *files) or 1 <= int(line) <= files[file]
        assert finding.where == "" or finding.where.startswith("/")
        assert 0 < len(finding.message) <= 240
        if finding.where and not finding.code.startswith(("schema.", "keys.")):
            exists(json.loads(lines[int(line) - 1]), finding.where)


def exists(value: Any, where: str) -> None:
    """Follow the pointer; its last step may name what is missing."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in where.split("/")[1:]]
    for number, step in enumerate(steps, 1):
        if isinstance(value, list):
            assert int(step) < len(value), where
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            assert number == len(steps), where


@PATIENT
@given(data=st.binary(max_size=400), name=st.sampled_from(["a.jsonl", "a.csv", "a.jsonl.gz"]))
def test_any_bytes_can_be_checked_and_repaired(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / name
    path.write_bytes(data)

    checked = check_file(path)
    assert checked.verdict in ("clean", "notes", "warnings", "errors")
    for face in faces().values():
        "".join(face.write(checked, Show())).encode()
    with opened(str(path)) as source:
        mend.fix(source, Limits(), to=path.with_name("b.jsonl"))


@PATIENT
@given(rows=st.lists(st.binary(max_size=60) | EXAMPLES.map(lambda row: json.dumps(row).encode()), max_size=6))
def test_any_lines_have_findings_with_places(tmp_path_factory: pytest.TempPathFactory, rows: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "a.jsonl"
    good = b'{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}'
    path.write_bytes(b"\n".join([*[good] * 7, *rows]))

    has_places(check_file(path), path.read_bytes().split(b"\n"))


@PATIENT
@given(rows=st.lists(EXAMPLES, min_size=1, max_size=3), method=st.sampled_from(["sft", "rft"]))
@example(
    rows=[{}, {"messages": [], "extra": None}, {"messages": [{}]}], method="rft"
)  # found by this test: only a row without turns has words
def test_any_example_has_findings_with_places(rows: list[dict[str, Any]], method: Any) -> None:
    target = "openai/gpt-4.1-mini" if method == "sft" else "azure/o4-mini"
    lines = [json.dumps(row).encode() for row in rows]

    has_places(check_examples([line.decode() for line in lines], target=target, method=method), lines)


@PATIENT
@given(rows=st.lists(PAIRS, min_size=1, max_size=3))
@example(rows=[{"preferred_output": [{"content": [{"type": []}]}]}])  # found by this test: a type that cannot be hashed
def test_any_pair_has_findings_with_places(rows: list[dict[str, Any]]) -> None:
    lines = [json.dumps(row).encode() for row in rows]

    has_places(check_examples([line.decode() for line in lines], method="dpo"), lines)


@PATIENT
@given(rows=st.lists(NATIVE, min_size=1, max_size=3), target=st.sampled_from(["vertex/gemini-2.5-pro", "bedrock/nova-pro", "together/up-to-9b", "llama-factory/open-model", "trl/open-model"]))  # fmt: skip
def test_any_row_of_any_dialect_can_be_checked(rows: list[dict[str, Any]], target: str) -> None:
    checked = check_examples([json.dumps(row) for row in rows], target=target, rules=RuleSettings(ignore=("dataset.",)))

    assert len(checked.summary.files) == 1


def test_a_file_with_nothing_but_a_mark_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf")

    assert [finding.code for finding in check_file(path).findings] == ["file.bom", "file.empty"]
