"""The faces: the same findings for people, code scanning, pull requests, test reports and other programs."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.finding import Finding, Severity
from pipeline.core.resources import schema
from pipeline.preflight import check_examples
from pipeline.report.checked import Checked, CheckedFile, CheckSummary, CodeCount, verdict_of
from pipeline.report.findings import Show, faces
from pipeline.report.findings.json import json_schema

SCHEMA = (Path(__file__).parents[1] / "golden/sarif/sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")
SARIF = jsonschema_rs.validator_for(json.loads(SCHEMA.replace("{2}]?$", r"{2}\\]?$")))
"""A stray bracket in a pattern of the schema is one to JavaScript and none to Rust."""
ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

PATIENT = settings(deadline=None, max_examples=60)


def checked(*findings: Finding, files: tuple[str, ...] = ("a.jsonl",)) -> Checked:
    counts = {(one.code, one.severity): 0 for one in findings}
    for one in findings:
        counts[one.code, one.severity] += 1
    summary = CheckSummary(
        target="openai/gpt-4.1-mini",
        method="sft",
        verdict=verdict_of(one.severity for one in findings),
        files=tuple(CheckedFile(name=n, side="train", form="messages", bytes=1, lines=1, examples=1) for n in files),
        examples=3,
        counts=tuple(CodeCount(code=c, severity=str(s), count=n) for (c, s), n in counts.items()),  # type: ignore[arg-type]
    )
    return Checked(summary, findings)


def shown(face: str, result: Checked, show: Show = Show()) -> str:  # noqa: B008 - frozen
    return "".join(faces()[face].write(result, show))


BAD_ROLE = Finding("a.jsonl:3", "roles.unknown", ERROR, "/messages/1/role", "Found `bot`; expected a role.")
FEW = Finding("dataset", "dataset.too-few", WARNING, "", "3 train examples; 10 or more are taken.")
NOTE = Finding("a.jsonl:2", "file.crlf", INFO, "", "2 of 3 lines end in CR LF; expected LF.")
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
FINDINGS = st.builds(
    Finding,
    st.one_of(st.just("dataset"), st.just("a.jsonl"), st.integers(1, 9).map("a.jsonl:{}".format), NAMES),
    st.sampled_from(["roles.unknown", "file.bom", "dataset.too-few"]),
    st.sampled_from([INFO, WARNING, ERROR]),
    st.sampled_from(["", "/messages/0", "/a~1b/%,:"]),
    NAMES,
)


def test_there_are_five_faces() -> None:
    assert {"github", "json", "junit", "sarif", "text"} == set(faces())


def test_text_gives_file_line_code_place_and_sentence() -> None:
    first, *_ = shown("text", checked(BAD_ROLE)).splitlines()

    assert first == "a.jsonl:3  roles.unknown  /messages/1/role  Found `bot`; expected a role."


def test_text_shows_some_places_of_a_code_and_counts_the_rest() -> None:
    many = [BAD_ROLE._replace(name=f"a.jsonl:{number}") for number in range(1, 21)]

    text = shown("text", checked(*many))

    assert text.count("Found `bot`") == 5
    assert "... and 15 more roles.unknown (--all shows them)" in text
    assert shown("text", checked(*many), Show(places=None)).count("Found `bot`") == 20


def test_text_ends_in_what_can_be_done() -> None:
    *_, summary, _, hint = ["", *shown("text", checked(BAD_ROLE, FEW, NOTE)).splitlines()]

    assert "3 examples in 1 file for openai/gpt-4.1-mini (sft): 1 error, 1 warning, 1 note" in (summary, _)
    assert hint.strip() == "tuneset explain roles.unknown dataset.too-few"


def test_text_is_coloured_for_terminals_only() -> None:
    assert "\x1b" not in shown("text", checked(BAD_ROLE))
    assert "\x1b[31mroles.unknown\x1b[0m" in shown("text", checked(BAD_ROLE), Show(colour=True))


def test_excerpts_stand_below_their_findings() -> None:
    assert '\n    "bot"\n' in shown("text", checked(BAD_ROLE), Show(excerpts={BAD_ROLE: '"bot"'}))


def test_github_annotates_the_line_and_escapes_what_would_end_the_command() -> None:
    odd = Finding("a,b:c.jsonl:7", "file.bom", WARNING, "", "50% of\nit")

    text = shown("github", checked(BAD_ROLE, FEW, odd, files=("a.jsonl", "a,b:c.jsonl")))

    assert text.splitlines() == [
        "::error file=a.jsonl,line=3,title=roles.unknown::/messages/1/role Found `bot`; expected a role.",
        "::warning title=dataset.too-few::3 train examples; 10 or more are taken.",
        "::warning file=a%2Cb%3Ac.jsonl,line=7,title=file.bom::50%25 of%0Ait",
    ]


@PATIENT
@given(findings=st.lists(FINDINGS, max_size=5))
def test_github_gives_one_line_a_finding_whatever_the_names(findings: list[Finding]) -> None:
    lines = shown("github", checked(*findings)).split("\n")

    assert len(lines) == len(findings) + 1
    assert all(line.startswith("::") for line in lines[:-1])


def test_junit_fails_the_codes_that_fail_the_check() -> None:
    root = ET.fromstring(shown("junit", checked(BAD_ROLE, BAD_ROLE, NOTE)).encode())

    cases = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert {"roles.unknown": ["failure"], "file.crlf": ["system-out"]} == cases
    assert ("2", "1") == (root.get("tests"), root.get("failures"))


def test_junit_has_one_passing_case_for_a_clean_file() -> None:
    root = ET.fromstring(shown("junit", checked()).encode())

    assert [[]] == [list(case) for case in root.iter("testcase")]


@pytest.mark.parametrize(("fail_on", "failures"), [(None, "0"), (ERROR, "1"), (INFO, "3")])
def test_junit_follows_the_severity_at_which_the_check_fails(fail_on: Severity | None, failures: str) -> None:
    root = ET.fromstring(shown("junit", checked(BAD_ROLE, FEW, NOTE), Show(fail_on=fail_on)).encode())

    assert root.get("failures") == failures


@PATIENT
@given(findings=st.lists(FINDINGS, max_size=5))
def test_junit_is_xml_whatever_the_names(findings: list[Finding]) -> None:
    ET.fromstring(shown("junit", checked(*findings)).encode())


@PATIENT
@given(findings=st.lists(FINDINGS, max_size=5))
def test_sarif_fits_its_schema_whatever_is_found(findings: list[Finding]) -> None:
    log = json.loads(shown("sarif", checked(*findings)))

    assert [str(error) for error in SARIF.iter_errors(log)] == []
    assert len(log["runs"][0]["results"]) == len(findings)


def test_sarif_points_to_the_line_and_names_the_rule() -> None:
    run = json.loads(shown("sarif", checked(BAD_ROLE)))["runs"][0]

    [result] = run["results"]
    [location] = result["locations"]
    assert {"startLine": 3} == location["physicalLocation"]["region"]
    assert "a.jsonl" == location["physicalLocation"]["artifactLocation"]["uri"]
    assert "/messages/1/role" == location["logicalLocations"][0]["fullyQualifiedName"]
    assert "roles.unknown" == run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"]
    assert run["tool"]["driver"]["rules"][0]["help"]["text"]


def test_sarif_writes_addresses_and_not_paths() -> None:
    odd = BAD_ROLE._replace(name="/data/my file.jsonl:3")
    run = json.loads(shown("sarif", checked(odd, files=("/data/my file.jsonl",))))["runs"][0]

    assert (
        "file:///data/my%20file.jsonl"
        == run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    )


@PATIENT
@given(findings=st.lists(FINDINGS, max_size=5))
def test_json_fits_its_schema_whatever_is_found(findings: list[Finding]) -> None:
    value = json.loads(shown("json", checked(*findings)))

    jsonschema_rs.validate(json_schema(), value)
    assert len(value["findings"]) == len(findings)


def test_the_schema_on_disk_is_the_one_of_the_code() -> None:
    assert json.loads(schema("check.schema.json")) == json_schema(), "run `make schemas`"


def test_no_face_quotes_the_data() -> None:
    secret = "xyzzy-4711-secret"
    row = {"messages": [{"role": secret * 3, "content": secret}, {"role": "assistant", "content": secret, secret: 1}]}
    result = check_examples([row, json.dumps(row)[:-3]])

    assert result.findings
    for name in faces():
        assert "xyzzy-4711-secretxyzzy" not in shown(name, result)
        assert '"xyzzy' not in shown(name, result)
