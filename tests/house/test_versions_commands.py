"""`tuneset versions` and `tuneset accept`: what is on disk, and a person's word about it."""

import json
from pathlib import Path

import pytest

from pipeline.__main__ import run
from tests.house.house import House


def spreadsheet(rows: int) -> str:
    return "question,answer\n" + "".join(f"Where is desk {n}?,It is in room {n}.\n" for n in range(rows))


@pytest.fixture
def two_versions(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    for rows in (40, 50):
        house.write(faq_csv=spreadsheet(rows)).build()
    monkeypatch.chdir(house.root)
    return house


def test_versions_are_listed_with_their_size_and_state(two_versions: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["versions"]) == 0

    head, newest, oldest = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["Version", "State", "Examples"]
    assert newest.split()[:3] == ["test-2", "latest", "50"]
    assert oldest.split()[:3] == ["test", "accepted", "40"]


def test_machines_get_the_same_as_json(two_versions: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["versions", "--format", "json"]) == 0

    newest, oldest = json.loads(capsys.readouterr().out)["versions"]
    assert (newest["state"], newest["examples"], newest["accepted"]) == ("latest", 50, None)
    assert newest["tokens"] > oldest["tokens"] > 0


def test_accepting_names_who_did_it_and_goes_back_when_asked(
    two_versions: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["accept", "--by", "eve"]) == 0
    assert run(["accept", "test", "--by", "eve"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "test-2 stays published, and later builds are compared with it.",
        "test is published, and later builds are compared with it.",
    ]
    assert len(two_versions.examples()) == 40


def test_a_folder_without_versions_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["versions", "--folder", str(tmp_path)]) == 0

    assert "no version yet" in capsys.readouterr().out
