"""A dataset behind a URL appears whole or not at all, and two runs at once never mix."""

import json

import pytest

from pipeline.__main__ import run
from pipeline.cli import _outside
from pipeline.core.errors import DiskError, TunesetError
from pipeline.publish import mirrored, published, versions
from pipeline.publish.mirror import Brought, bring, take

PLAN = """name = "t"
[expect]
enabled = false
[write]
folder = "s3://bucket/out"
keep_versions = 2
[[source]]
path = "faq.csv"
compose = { recipe = "pairs", user = "question", assistant = "answer" }
"""


def rows(count):
    return "question,answer\n" + "".join(f"What is number {n}?,It is the number {n}.\n" for n in range(count))


@pytest.fixture
def build(tmp_path, monkeypatch, bucket, capsys):
    """Builds a dataset of so many rows into the bucket; gives the exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_outside, "user_cache_path", lambda *_: tmp_path / "cache")
    (tmp_path / "dataset.toml").write_text(PLAN)

    def built(count, *options):
        (tmp_path / "faq.csv").write_text(rows(count))
        code = run(["build", "--workers", "1", *options])
        built.out, built.err = capsys.readouterr()
        return code

    return built


def pointer(bucket):
    return json.loads(bucket.get("out/latest.json"))


def test_the_pointer_is_put_after_everything_it_names(build, bucket):
    assert 0 == build(20)

    puts = [line.split()[1].split("?")[0] for line in bucket.asked if line.startswith("PUT")]
    now = pointer(bucket)
    place = puts.index("/bucket/out/latest.json")
    assert {f"/bucket/out/{path}" for path in now["files"].values()} <= set(puts[:place])
    assert {"train.jsonl", "report.html", "manifest.json"} <= set(now["files"])
    assert 20 == sum(
        bucket.get(f"out/{now['files'][f'{side}.jsonl']}").count(b"\n") for side in ("train", "validation")
    )


def test_the_files_are_those_of_a_build_on_disk(build, bucket, tmp_path):
    build(20)
    remote = {name: bucket.get(f"out/{path}") for name, path in pointer(bucket)["files"].items()}
    (tmp_path / "dataset.toml").write_text(PLAN.replace("s3://bucket/out", "data/processed"))
    run(["build", "--workers", "1"])

    local = tmp_path / "data/processed/latest"
    same = {"train.jsonl", "validation.jsonl", "rejected.jsonl", "lineage.parquet"}
    assert {name: (local / name).read_bytes() for name in same} == {name: remote[name] for name in same}


def test_an_unchanged_build_publishes_nothing(build, bucket):
    build(20)
    before = bucket.get("out/latest.json")
    bucket.asked.clear()

    assert 0 == build(20)
    assert before == bucket.get("out/latest.json")
    assert ["/bucket/out/timings.json"] == [
        line.split()[1].rstrip("?") for line in bucket.asked if line.startswith("PUT")
    ]
    assert "Nothing changed" in build.out


def test_nothing_stays_on_this_machine(build, bucket, tmp_path):
    build(20)

    assert [] == [path for path in (tmp_path / "cache/shelves").iterdir() if path.is_dir()]
    assert not (tmp_path / "s3:").exists()


def test_old_versions_are_swept_after_the_new_one_is_there(build, bucket):
    names = []
    for count in (20, 30, 40):
        build(count)
        names.append(pointer(bucket)["latest"])

    names_there = bucket.keys()
    kept = {key.split("/")[2] for key in names_there if key.startswith("out/versions/")}
    assert set(pointer(bucket)["versions"]) == kept
    assert 2 <= len(kept) <= 3  # the newest two, and the accepted one
    assert {names[-1], names[0]} <= kept


def test_a_run_that_was_overtaken_gives_way(build, bucket, tmp_path):
    build(20)
    folder = tmp_path / "a"
    brought = bring("s3://bucket/out", folder)
    build(30)
    theirs = bucket.get("out/latest.json")
    (found,) = versions(folder)
    found.folder.rename(found.folder.with_name("20990101T000000Z"))
    for link in ("latest", "accepted"):
        (folder / link).unlink()
        (folder / link).symlink_to("versions/20990101T000000Z")

    with pytest.raises(DiskError, match="another run published there meanwhile"):
        take("s3://bucket/out", folder, brought)
    assert theirs == bucket.get("out/latest.json")
    names = bucket.keys()
    assert not [key for key in names if "2099" in key]


def test_two_first_runs_do_not_overwrite_each_other(build, bucket, tmp_path):
    with mirrored("s3://bucket/out", tmp_path / "a") as folder:
        pass
    build(20)
    with mirrored("s3://bucket/out", tmp_path / "a") as folder, pytest.raises(DiskError, match="meanwhile"):
        take("s3://bucket/out", folder, Brought(None, ""))


@pytest.mark.parametrize("path", ["train.jsonl", "latest.json"])
def test_an_upload_that_is_refused_leaves_the_old_dataset(build, bucket, path):
    build(20)
    before = bucket.get("out/latest.json")

    def denied(environ, start):
        if environ["REQUEST_METHOD"] in ("PUT", "POST") and environ["PATH_INFO"].endswith(path):
            start("403 Forbidden", [])
            return [b"<Error><Code>AccessDenied</Code></Error>"]
        return None

    bucket.faults.append(denied)

    assert 2 == build(30)
    assert "access denied" in build.err
    assert before == bucket.get("out/latest.json")


def test_a_failing_store_is_asked_again(build, bucket):
    def busy(environ, start):
        if environ["REQUEST_METHOD"] == "PUT":
            start("503 Slow Down", [("Content-Length", "0")])
            return [b""]
        return None

    bucket.faults += [busy, busy]

    assert 0 == build(20)
    assert "train.jsonl" in pointer(bucket)["files"]


def test_versions_and_accept_work_behind_a_url(build, bucket, capsys):
    build(20)
    first = pointer(bucket)["latest"]
    build(30)
    assert 0 == run(["versions", "--folder", "s3://bucket/out", "--format", "json"])
    listed = json.loads(capsys.readouterr().out)

    assert ("s3://bucket/out", 2) == (listed["folder"], len(listed["versions"]))
    assert all(one["bytes"] > 2_000 for one in listed["versions"])

    assert 0 == run(["accept", first, "--folder", "s3://bucket/out", "--by", "me"])
    assert (first, first) == (pointer(bucket)["latest"], pointer(bucket)["accepted"])
    assert first in pointer(bucket)["files"]["train.jsonl"]


def test_where_nothing_is_published_says_so(bucket):
    with pytest.raises(TunesetError, match="no dataset is published there yet"):
        published("s3://bucket/none")


def test_a_pointer_of_somebody_else_is_left_alone(build, bucket):
    bucket.put("out/latest.json", '{"mine": 1}')

    assert 2 == build(20)
    assert "was not written by tuneset" in build.err
    assert b'{"mine": 1}' == bucket.get("out/latest.json")
