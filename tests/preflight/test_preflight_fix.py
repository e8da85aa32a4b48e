"""Repairs: one safe answer each, nothing lost, nothing else changed."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.core.finding import Severity
from pipeline.core.settings import RuleSettings
from pipeline.core.target import Limits
from pipeline.fix import mended, repairs
from pipeline.fix.spans import parse
from pipeline.preflight import check_file, mend
from pipeline.preflight.source import opened

GOOD = '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}'

PATIENT = settings(deadline=None, max_examples=60)


def repaired(text: str, **limits: Any) -> str:
    return mended(text, Limits(**limits), among=repairs().values()).text


def turn(inner: str) -> str:
    return f'{{"messages": [{{"role": "user", "content": "Hi"}}, {{{inner}}}]}}'


def fixed(folder: Path, data: bytes) -> tuple[bytes, dict[str, int]]:
    path = folder / "a.jsonl"
    path.write_bytes(data)
    with opened(str(path)) as source:
        done = mend.fix(source, Limits(), to=folder / "b.jsonl")
    return done.path.read_bytes(), dict(done.counts.names)


def call(arguments: str) -> str:
    return turn(
        f'"role": "assistant", "tool_calls": [{{"id": "a", "function": {{"name": "f", "arguments": {arguments}}}}}]'
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(turn('"role": "bot", "content": "x"'), turn('"role": "assistant", "content": "x"'), id="another dialect"),
        pytest.param(turn('"role":"Assistant"'), turn('"role":"assistant"'), id="capitals"),
        pytest.param(turn('"role": "assistant", "weight": 1.0'), turn('"role": "assistant", "weight": 1'), id="1.0"),
        pytest.param(turn('"role": "assistant", "weight": false'), turn('"role": "assistant", "weight": 0'), id="false"),
        pytest.param(call('{"a": 1.10, "b": "\\u00e9"}'), call(json.dumps('{"a": 1.10, "b": "\\u00e9"}')), id="arguments as object"),
        pytest.param(call(json.dumps('"{}"')), call('"{}"'), id="arguments encoded twice"),
        pytest.param(call(json.dumps(json.dumps('{"a":1}') )), call(json.dumps('{"a":1}')), id="twice, with content"),
        pytest.param(turn('"role": "assistant", "tool_calls": null, "content": "x", "name": null'), turn('"role": "assistant", "content": "x"'), id="nulls"),
    ],
)  # fmt: skip
def test_what_has_one_safe_repair_is_repaired(before: str, after: str) -> None:
    assert repaired(before) == after


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        turn('"role": "observation", "content": "x"'),
        turn('"role": "assistant", "weight": 0.5'),
        turn('"role": "assistant", "weight": "1"'),
        turn('"role": "assistant", "content": null'),
        turn('"role": "assistant", "content": [{"type": "text", "text": "x"}]'),
        call(json.dumps("not json")),
        call(json.dumps('"a text"')),
        '{"messages": [{"role": "bot", "role": "user", "content": "x"}]}',
        '{"messages": [{"role": "bot", "content": "x"},]}',
        '[{"role": "bot"}]',
        '{"a": {"role": "bot", "weight": 1.0}}',
        "not json",
    ],
)
def test_what_is_sound_or_ambiguous_stays_byte_for_byte(text: str) -> None:
    assert repaired(text) == text


def test_arguments_stay_objects_where_the_target_reads_objects() -> None:
    text = call('{"a": 1}')

    assert repaired(text, arguments="object") == text


@pytest.mark.parametrize(
    ("data", "expected", "names"),
    [
        pytest.param(b"\xef\xbb\xbfa\nb\n", b"a\nb\n", {"bom": 1}, id="byte-order mark"),
        pytest.param(b"a\r\nb\r\n", b"a\nb\n", {"line-ends": 2}, id="windows"),
        pytest.param(b"a\rb\r", b"a\nb\n", {"line-ends": 2}, id="old mac"),
        pytest.param(b"a\n\n \t\nb\n", b"a\nb\n", {"blank-lines": 2}, id="blank lines"),
        pytest.param(b"a\nb", b"a\nb\n", {"last-line-end": 1}, id="no last line end"),
        pytest.param(b"a\nb\na\n", b"a\nb\n", {"duplicates": 1}, id="exact duplicates"),
        pytest.param("a\nb\n".encode("utf-16"), b"a\nb\n", {"encoding": 2}, id="utf-16"),
        pytest.param(b"\xff\na\n", b"\xff\na\n", {}, id="bytes that are no text stay"),
        pytest.param(b"", b"", {}, id="nothing"),
    ],
)
def test_the_file_itself_is_repaired(tmp_path: Path, data: bytes, expected: bytes, names: dict[str, int]) -> None:
    assert fixed(tmp_path, data) == (expected, names)


def test_sharegpt_keys_are_renamed_where_the_whole_file_has_them(tmp_path: Path) -> None:
    row = b'{"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Ho %d"}]}\n'
    whole, _ = fixed(tmp_path, row % 1 + row % 2)
    mixed, _ = fixed(tmp_path, row % 1 + GOOD.encode() + b"\n")

    assert b'{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho 1"}]}' in whole
    assert b"conversations" in mixed


VALUES = st.sampled_from(
    ["1", "1.0", "0", "0.0", "true", "false", "null", '"1"', "0.5", "{}", '"{}"', r'"\"{}\""', "[]", '"é"', r'"\ud83d"']
)
KEYS = st.sampled_from(["role", "content", "weight", "tool_calls", "name", "refusal", "from", "value"])
ROLES = st.sampled_from(['"user"', '"bot"', '"human"', '"Assistant"', '"gpt"', '"tool"', '"observation"'])
SPACES = st.sampled_from(["", " ", "\t"])


@st.composite
def turns(draw: st.DrawFn) -> str:
    members = [f'"role":{draw(SPACES)}{draw(ROLES)}']
    members += [f'"{draw(KEYS)}":{draw(SPACES)}{draw(VALUES)}' for _ in range(draw(st.integers(0, 3)))]
    if draw(st.booleans()):
        members.append(f'"tool_calls": [{{"function": {{"name": "f", "arguments": {draw(VALUES)}}}}}]')
    return "{" + draw(st.sampled_from([",", ", "])).join(draw(st.permutations(members))) + "}"


@st.composite
def line_texts(draw: st.DrawFn) -> str:
    said = ", ".join(draw(st.lists(turns(), max_size=3)))
    key = draw(st.sampled_from(["messages", "messages", "conversations", "preferred_output"]))
    return draw(
        st.sampled_from(
            ["{}", "not json", "", " ", GOOD, f'{{"{key}": [{said}]}}', f'{{"{key}": [{said}], "tools": null}}']
        )
    )


FILES = st.lists(line_texts(), max_size=6)
ENDS = st.sampled_from(["\n", "\r\n"])


@PATIENT
@given(texts=FILES, end=ENDS, last=ENDS | st.just(""), mark=st.sampled_from(["", "\ufeff"]))
def test_repairing_twice_is_repairing_once(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], end: str, last: str, mark: str
) -> None:
    folder = tmp_path_factory.mktemp("fix")
    data = (mark + end.join(texts) + last).encode()
    once, _ = fixed(folder, data)
    twice, names = fixed(folder, once)

    assert (twice, names) == (once, {})


@PATIENT
@given(texts=FILES)
def test_no_example_and_no_word_is_lost_silently(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    data = "".join(f"{text}\n" for text in texts).encode()
    after, names = fixed(tmp_path_factory.mktemp("fix"), data)
    left = after.decode().splitlines()
    gone = names.get("blank-lines", 0) + names.get("duplicates", 0)

    assert len(left) == len(texts) - gone
    assert not _words(texts) - _words(left)


def _words(texts: list[str]) -> set[str]:
    """Every text and number that a line says, but for the names that repairs may change."""
    found: set[str] = set()
    for text in texts:
        value = _loaded(text)
        found |= {text} if value is None and text.strip() else set(_leaves(value))
    return found


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _leaves(value: Any, key: str = "") -> list[str]:
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in _leaves(inner, name)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner, key)]
    if value is None or key in ("role", "from"):
        return []
    while key == "arguments" and isinstance(value, str) and _loaded(value) is not None:
        value = _loaded(value)
    return (
        _leaves(value)
        if isinstance(value, dict | list)
        else [str(float(value)) if isinstance(value, bool | int) else str(value)]
    )


@PATIENT
@given(texts=FILES)
@example(texts=['{"messages": [{"role":"user"}, {"role":"human"}]}'])
def test_no_sound_line_becomes_flawed_and_no_error_is_added(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("fix")
    rules = RuleSettings(ignore=("dataset.", "answers.", "duplicates."))
    path = folder / "a.jsonl"
    sound = [GOOD.replace("Hi", f"Hi {number}") for number in range(10)]
    path.write_text("".join(f"{text}\n" for text in [*sound, *texts]), encoding="utf-8")
    before = check_file(path, rules=rules, keep=None).findings
    with opened(str(path)) as source:
        mend.fix(source, Limits(), to=path)
    after = check_file(path, rules=rules, keep=None).findings

    assert len({one.name for one in after}) <= len({one.name for one in before})
    assert sum(one.severity == Severity.ERROR for one in after) <= sum(one.severity == Severity.ERROR for one in before)


@PATIENT
@given(texts=FILES)
def test_the_diff_turns_the_old_file_into_the_new_one(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("fix")
    data = "\n".join(texts).encode()
    after, _ = fixed(folder, data)
    with opened(str(folder / "a.jsonl")) as source:
        patch = "".join(mend.differences(source, Limits(), to="b.jsonl"))
    if patch:
        done = subprocess.run(
            ["git", "apply", "--unidiff-zero", "-p0", "--whitespace=nowarn", "-"],
            input=patch.replace("+++ b.jsonl", f"+++ {folder / 'a.jsonl'}", 1).replace(str(folder) + "/", "").encode(),
            cwd=folder,
            capture_output=True,
            check=False,
        )

        assert done.returncode == 0, done.stderr
    # git leaves the line end out where the hunk before the end is a deletion; patch does not
    assert (folder / "a.jsonl").read_bytes().rstrip(b"\n") == after.rstrip(b"\n")


@PATIENT
@given(text=st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=8).map(json.dumps))  # fmt: skip
def test_the_spans_of_any_json_cover_what_json_reads(text: str) -> None:
    node = parse(text)
    if "NaN" in text or "Infinity" in text:
        return

    assert node is not None
    assert json.loads(text[node.start : node.end]) == json.loads(text)


@PATIENT
@given(text=st.text(alphabet='{}[]",:\\ 10truefalsn.eE-\n', max_size=30))
def test_only_json_is_parsed(text: str) -> None:
    try:
        json.loads(text, parse_constant=lambda _: 1 / 0)
        is_json = True
    except (ValueError, ZeroDivisionError):
        is_json = False

    assert (parse(text) is not None) == is_json


def test_a_replaced_file_keeps_its_rights_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"a\r\n")
    path.chmod(0o640)
    with opened(str(path)) as source:
        mend.fix(source, Limits(), to=path)

    assert (path.read_bytes(), path.stat().st_mode & 0o777, [path]) == (b"a\n", 0o640, list(tmp_path.iterdir()))
