"""The commands that take a file take a URL as well, and say what they say of a file."""

import json

import pytest

from pipeline.__main__ import run

GOOD = '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}\n'
BAD = '{"messages": [{"role": "human", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}\n'


@pytest.fixture
def lines(bucket, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bucket.put("made/train.jsonl", GOOD * 9 + BAD)


def test_check_names_the_line_behind_the_url(lines, capsys):
    assert 1 == run(["check", "s3://bucket/made/train.jsonl", "--format", "json", "--select", "roles."])

    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert ("s3://bucket/made/train.jsonl:10", "roles.unknown") == (finding["name"], finding["code"])


def test_check_shows_what_stands_there(lines, capsys):
    run(["check", "s3://bucket/made/train.jsonl", "--show", "--select", "roles."])

    assert "human" in capsys.readouterr().out.partition("train.jsonl:10")[2]


def test_a_repaired_file_is_not_written_into_the_bucket(lines, capsys):
    assert 2 == run(["check", "s3://bucket/made/train.jsonl", "--fix"])
    assert "Name the new file: -o FILE" in capsys.readouterr().err

    assert 0 == run(["check", "s3://bucket/made/train.jsonl", "--fix", "-o", "new.jsonl"])


def test_tokens_are_counted_behind_a_url(lines, capsys):
    assert 0 == run(["tokens", "s3://bucket/made/train.jsonl", "--format", "json"])

    assert 10 == json.loads(capsys.readouterr().out)["examples"]


def test_export_reads_from_a_url(bucket, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    bucket.put("made/train.jsonl", GOOD * 10)

    assert 0 == run(
        ["export", "s3://bucket/made/train.jsonl", "--target", "vertex/gemini-2.5-flash", "--output", "out"]
    )
    assert 10 == (tmp_path / "out/train.jsonl").read_bytes().count(b"\n")


def test_an_object_that_is_not_there_is_one_sentence(bucket, capsys):
    assert 2 == run(["check", "s3://bucket/none.jsonl"])
    assert "names 0 objects" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named_as_before(capsys):
    assert 2 == run(["tokens", "none.jsonl"])
    assert "does not exist" in capsys.readouterr().err
