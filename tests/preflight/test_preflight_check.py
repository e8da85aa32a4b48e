"""The whole check: the right verdict for files of every kind, each finding with its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import PlanError, SourceError
from pipeline.core.settings import RuleSettings
from pipeline.preflight import check_examples, check_file, check_files
from pipeline.preflight.judge import Ask, check_named
from pipeline.report.checked import Checked

GOOD: dict[str, Any] = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
PAIR = {
    "input": {"messages": [{"role": "user", "content": "Hi"}]},
    "preferred_output": [{"role": "assistant", "content": "Hello, how can I help?"}],
    "non_preferred_output": [{"role": "assistant", "content": "What do you want?"}],
}


def chat(number: int, *more: dict[str, Any]) -> dict[str, Any]:
    turns = [{"role": "user", "content": f"What is {number} plus {number * number}?"}]
    return {"messages": [*turns, {"role": "assistant", "content": f"It is {number + number * number}."}, *more]}


SOUND = [chat(number) for number in range(60)]


def written(folder: Path, rows: list[Any], name: str = "train.jsonl") -> Path:
    path = folder / name
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8"
    )
    return path


def codes(checked: Checked) -> list[str]:
    return [finding.code for finding in checked.findings]


def test_a_sound_file_is_clean(tmp_path: Path) -> None:
    checked = check_file(written(tmp_path, SOUND))

    assert (checked.verdict, codes(checked), checked.examples) == ("clean", [], 60)
    assert checked.tokens is not None
    assert checked.tokens.total > checked.tokens.trained > 0


def test_broken_lines_do_not_end_the_check(tmp_path: Path) -> None:
    rows = [*SOUND, '{"messages": [', *SOUND[:0], "null", '{"messages": []} {}', chat(99)]

    checked = check_file(written(tmp_path, rows))

    places = {finding.name.rpartition(":")[2]: finding.code for finding in checked.findings}
    assert places == {"61": "json.invalid", "62": "json.not-object", "63": "json.invalid"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(json.dumps([GOOD] * 3), "a JSON array", id="array on one line"),
        pytest.param(json.dumps([GOOD] * 3, indent=2), "a JSON array", id="pretty array"),
        pytest.param(json.dumps(GOOD, indent=2), "one JSON object over several lines", id="pretty object"),
        pytest.param(
            "[\n" + ",\n".join(json.dumps(GOOD) for _ in range(9)) + "\n]\n", "a JSON array", id="array, one a line"
        ),
        pytest.param(json.dumps({"prompt": "a", "completion": "b"}) + "\n", "prompt and completion", id="completion"),
        pytest.param(json.dumps({"instruction": "a", "input": "", "output": "b"}) + "\n", "Alpaca", id="alpaca"),
        pytest.param(
            json.dumps({"conversations": [{"from": "human", "value": "a"}]}) + "\n", "ShareGPT", id="sharegpt"
        ),
        pytest.param(json.dumps({"system": "a", "messages": []}) + "\n", "Anthropic", id="anthropic"),
        pytest.param(
            json.dumps({"contents": [{"role": "user", "parts": [{"text": "a"}]}]}) + "\n", "Gemini", id="gemini"
        ),
        pytest.param(
            json.dumps({"schemaVersion": "bedrock-conversation-2024", "messages": []}) + "\n", "Bedrock", id="nova"
        ),
        pytest.param(json.dumps(PAIR) + "\n", "preference pairs", id="pairs on a target without dpo"),
        pytest.param("question,answer\nHi,Hello\nWhy,Because\n", "a CSV table", id="csv"),
        pytest.param("question\tanswer\nHi\tHello\n", "a TSV table", id="tsv"),
        pytest.param("It was a dark night.\n\nThe end.\n", "plain text", id="prose"),
        pytest.param("PAR1\0\0\0", "a Parquet file", id="parquet"),
        pytest.param('"a"\n"b"\n', "JSON values", id="values"),
        pytest.param(json.dumps({"a": 1}) + "\n", "records of other columns", id="records"),
    ],
)
def test_a_file_of_another_shape_is_one_finding_that_names_the_cure(tmp_path: Path, text: str, found: str) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(text * (1 if text[0] == "[" or "\n " in text else 3), encoding="utf-8")

    checked = check_file(path, target="azure/ministral-3b")

    [finding] = [one for one in checked.findings if one.severity > 1]
    assert finding.code == "file.shape"
    assert found in finding.message
    assert "tuneset init --from" in finding.message
    assert checked.verdict == "errors"


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_bytes(b" \n\n")

    assert {"file.empty", "file.blank-line"} >= set(codes(check_file(path))) >= {"file.empty"}


def test_preference_pairs_are_recognised(tmp_path: Path) -> None:
    rows = [json.loads(json.dumps(PAIR).replace("Hi", f"Question {number}")) for number in range(20)]

    checked = check_file(written(tmp_path, rows), target="openai/gpt-4.1-mini")

    assert checked.summary.method == "dpo"
    assert "file.shape" not in codes(checked)


def test_a_line_of_another_format_is_found_among_the_others(tmp_path: Path) -> None:
    checked = check_file(written(tmp_path, [*SOUND, {"prompt": "a", "completion": "b"}]))

    assert [one.name.rpartition(":")[2] for one in checked.findings if one.code == "format.not-chat"] == ["61"]


def test_the_same_example_on_both_sides_is_a_leak(tmp_path: Path) -> None:
    train = written(tmp_path, SOUND)
    validation = written(tmp_path, [chat(number) for number in range(59, 75)], "validation.jsonl")

    checked = check_file(train, validation=validation)

    assert [f"{validation}:1"] == [one.name for one in checked.findings if one.code == "duplicates.leak"]
    assert [file.side for file in checked.summary.files] == ["train", "validation"]


@pytest.mark.parametrize(
    ("target", "row"),
    [
        ("vertex", {"contents": [{"role": "user", "parts": [{"text": "Hi %d"}]}, {"role": "model", "parts": [{"text": "Ho %d"}]}]}),
        ("together", {"prompt": "Hi %d", "completion": "Ho %d"}),
        ("bedrock/nova-pro", {"schemaVersion": "bedrock-conversation-2024", "messages": [{"role": "user", "content": [{"text": "Hi %d"}]}, {"role": "assistant", "content": [{"text": "Ho %d"}]}]}),
    ],
)  # fmt: skip
def test_a_targets_own_format_is_read_for_it(tmp_path: Path, target: str, row: dict[str, Any]) -> None:
    from pipeline.targets.catalogue import all_targets

    name = next(one for one in all_targets() if one.startswith(target))
    rows = [json.loads(json.dumps(row).replace("%d", str(number))) for number in range(300)]

    checked = check_file(written(tmp_path, rows), target=name)

    assert checked.examples == 300
    assert [
        one for one in checked.findings if one.severity > 1 and not one.code.startswith(("duplicates", "answers"))
    ] == []


def test_one_worker_and_two_find_the_same(tmp_path: Path) -> None:
    rows = [chat(number, {"role": "bot", "content": "x"}) if number % 9 == 0 else chat(number) for number in range(400)]
    path = written(tmp_path, [*rows, "broken"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.preflight.lines.BLOCK_BYTES", 4_000)

        one, two = (check_file(path, workers=workers) for workers in (1, 2))

    assert one == two


def test_findings_are_counted_beyond_what_is_kept(tmp_path: Path) -> None:
    rows = [chat(number, {"role": "bot", "content": "x"}) for number in range(50)]

    checked = check_file(written(tmp_path, rows), keep=3)

    assert checked.counts["roles.unknown"] == 50
    assert codes(checked).count("roles.unknown") == 3
    assert checked.summary.findings_left_out >= 47


def test_rules_are_selected_ignored_and_ranked(tmp_path: Path) -> None:
    path = written(tmp_path, [*SOUND, chat(99, {"role": "bot", "content": "x"})])

    assert codes(check_file(path, rules=RuleSettings(ignore=("roles.",)))) == []
    assert {"roles.unknown"} == set(codes(check_file(path, rules=RuleSettings(select=("roles.unknown",)))))
    ranked = check_file(path, rules=RuleSettings(select=("roles.unknown",), severity={"roles.unknown": "info"}))
    assert ranked.verdict == "notes"


def test_several_files_are_one_dataset(tmp_path: Path) -> None:
    paths = [written(tmp_path, SOUND[:5], "a.jsonl"), written(tmp_path, SOUND[5:], "b.jsonl")]

    checked = check_files(paths)

    assert (checked.examples, [file.examples for file in checked.summary.files]) == (60, [5, 55])
    assert "dataset.too-few" not in codes(checked)


def test_examples_in_memory_are_checked_as_lines() -> None:
    checked = check_examples([*SOUND, "not json", '{"messages":\n []}'])

    assert {"examples.jsonl:61", "examples.jsonl:62"} == {one.name for one in checked.findings}


@pytest.mark.parametrize(
    ("path", "target", "error"),
    [
        ("absent.jsonl", "openai/gpt-4.1-mini", SourceError),
        (".", "openai/gpt-4.1-mini", SourceError),
        ("a.jsonl", "openai/gpt-9", PlanError),
    ],
)
def test_a_wrong_set_up_is_one_sentence(tmp_path: Path, path: str, target: str, error: type[Exception]) -> None:
    written(tmp_path, SOUND, "a.jsonl")

    with pytest.raises(error, match=r"\.$|`"):
        check_file(tmp_path / path, target=target)


def test_what_was_not_sought_is_said_to_be_not_asked(tmp_path: Path) -> None:
    words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    rows = [json.loads(json.dumps(GOOD).replace("Hello", f"{words} {words[::-1]} {end}")) for end in ("a", "b")]
    path = written(tmp_path, [*SOUND, *rows])

    asked, silent = (check_named([str(path)], ask=Ask(workers=1, near=near)) for near in (None, False))

    assert "duplicates.near" in codes(asked)
    assert "duplicates.near" not in codes(silent)
    assert any("near duplicates" in one for one in silent.summary.not_asked)
    assert not any("near duplicates" in one for one in asked.summary.not_asked)
