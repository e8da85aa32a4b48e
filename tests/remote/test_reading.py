"""Sources behind URLs give the same rows as the same files on disk, and every trouble of theirs is one sentence."""

import bz2
import gzip
import json

import pytest

from pipeline.core.errors import SourceError
from pipeline.core.place import Remote, is_url, shown
from pipeline.core.remote import find
from pipeline.core.remote.file import BLOCK_BYTES, RemoteFile
from pipeline.read.opening import bytes_at, open_file

CSV = "question,answer\n" + "".join(f"What is number {n}?,It is the number {n}.\n" for n in range(200))
PAIRS = {"recipe": "pairs", "user": "question", "assistant": "answer"}


def remote(path, **more):
    return {"name": "faq", "path": path, "compose": PAIRS, **more}


def test_a_dataset_from_a_bucket_is_the_dataset_from_the_disk(house, tmp_path, bucket):
    from tests.house.house import House

    bucket.put("raw/faq.csv", CSV)
    house.build(remote("s3://bucket/raw/faq.csv"))

    other = House(tmp_path / "other")
    other.root.mkdir()
    other.write(faq_csv=CSV).build(remote("faq.csv"))

    assert other.read("train.jsonl") == house.read("train.jsonl")
    assert other.read("validation.jsonl") == house.read("validation.jsonl")


def test_rows_are_named_by_their_url_and_line(house, bucket):
    bucket.put("raw/faq.csv", "question,answer\nHi,\n")
    house.build(remote("s3://bucket/raw/faq.csv"))

    assert {"s3://bucket/raw/faq.csv:2": "rejected"} == house.fates()


def test_the_manifest_tells_which_content_was_read(house, bucket):
    bucket.put("raw/faq.csv", CSV)
    house.build(remote("s3://bucket/raw/faq.csv"))

    (source,) = json.loads(house.read("manifest.json"))["sources"]
    assert ("s3://bucket/raw/faq.csv", len(CSV)) == (source["path"], source["bytes"])
    assert source["etag"].startswith('"')


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gzip", "bzip2"])
def test_a_compressed_object_is_unpacked_as_it_is_read(house, bucket, pack):
    bucket.put("raw/faq.csv", pack(CSV.encode()))

    assert 200 == house.build(remote("s3://bucket/raw/faq.csv")).report.rows_read


def test_every_byte_crosses_the_network_once(house, bucket):
    bucket.put("raw/faq.csv", CSV)
    house.build(remote("s3://bucket/raw/faq.csv"), workers=2, batch_rows=10)

    assert 1 == bucket.gets("raw/faq.csv")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("s3://bucket/raw/a.csv", ["raw/a.csv"]),
        ("s3://bucket/raw/*.csv", ["raw/a.csv", "raw/b.csv"]),
        ("s3://bucket/raw/[b-z].csv", ["raw/b.csv"]),
        ("s3://bucket/raw/**/*.csv", ["raw/a.csv", "raw/b.csv", "raw/deep/er/c.csv"]),
        ("s3://bucket/**/c.csv", ["raw/deep/er/c.csv"]),
        ("s3://bucket/raw", ["raw/a.csv", "raw/b.csv", "raw/deep/er/c.csv", "raw/note.xyz"]),
        ("s3://bucket/raw/deep/", ["raw/deep/er/c.csv"]),
        ("s3://bucket/none/*", []),
    ],
)
def test_a_url_names_an_object_a_folder_or_a_pattern(bucket, pattern, found):
    for key in ("raw/a.csv", "raw/b.csv", "raw/deep/er/c.csv", "raw/.hidden.csv", "raw/note.xyz"):
        bucket.put(key, "x")

    assert [f"s3://bucket/{key}" for key in found] == [place.address for place in find(pattern)]


def test_a_folder_gives_what_some_format_bears(house, bucket):
    bucket.put("raw/faq.csv", CSV)
    bucket.put("raw/note.xyz", "?")
    report = house.build(remote("s3://bucket/raw")).report

    assert 200 == report.rows_read
    assert any("s3://bucket/raw/note.xyz: not read" in note for note in report.notes)


def test_a_file_is_read_at_any_place_and_no_more_than_its_blocks(tmp_path):
    content = bytes(range(256)) * (BLOCK_BYTES // 64)
    fetched = []

    def fetch(place, start, end):
        fetched.append((start, end))
        return content[start:end]

    place = Remote(url="s3://bucket/key", size=len(content), blocks=tmp_path)
    with RemoteFile(place, fetch) as file:
        file.seek(-10, 2)
        last = file.read(20)

    assert content[-10:] == last
    assert [(3 * BLOCK_BYTES, 4 * BLOCK_BYTES)] == fetched

    with RemoteFile(place, fetch) as file:
        whole = file.read()
    assert content == whole
    assert 4 == len(fetched)


def test_a_server_that_fails_for_a_while_is_asked_again(house, bucket):
    def broken(environ, start):
        if environ["REQUEST_METHOD"] == "GET":
            start("503 Slow Down", [("Content-Length", "0")])
            return [b""]
        return None

    bucket.put("raw/faq.csv", CSV)
    bucket.faults += [broken, broken]

    assert 200 == house.build(remote("s3://bucket/raw/faq.csv")).report.rows_read


def test_a_body_that_breaks_off_is_asked_for_again(bucket):
    def cut(environ, start):
        if environ["REQUEST_METHOD"] == "GET":
            whole = {
                "Content-Length": f"{len(CSV)}",
                "Content-Range": f"bytes 0-{len(CSV) - 1}/{len(CSV)}",
                "ETag": place.tag,
            }
            start("206 Partial Content", [*whole.items(), ("Last-Modified", "Sun, 22 Nov 2026 16:00:00 GMT")])
            return iter([CSV[:1000].encode()])
        return None

    bucket.put("raw/faq.csv", CSV)
    (place,) = find("s3://bucket/raw/faq.csv")
    bucket.faults.append(cut)

    assert CSV.encode() == bytes_at(place, 0, len(CSV))
    assert [] == bucket.faults


def test_an_object_that_changes_while_it_is_read_stops_the_run(bucket):
    bucket.put("raw/faq.csv", CSV)
    (place,) = find("s3://bucket/raw/faq.csv")
    bucket.put("raw/faq.csv", CSV.replace("number", "figure"))

    with pytest.raises(SourceError, match=r"s3://bucket/raw/faq\.csv: it changed while it was read\. Run again"):
        open_file(place).read()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://bucket/raw/none.csv", "nothing is at `s3://bucket/raw/none.csv`"),
        ("s3://elsewhere/raw/*.csv", "no such bucket or object"),
        ("s3://bucket/none/*.csv", "nothing is at"),
    ],
)
def test_what_is_not_there_is_named(house, bucket, url, said):
    with pytest.raises(SourceError, match="s3://") as told:
        house.build(remote(url))

    assert said in str(told.value)


def test_a_closed_door_names_what_opens_it(house, bucket):
    def denied(_environ, start):
        start("403 Forbidden", [("Content-Type", "application/xml")])
        return [b"<Error><Code>AccessDenied</Code></Error>"]

    bucket.put("raw/faq.csv", CSV)
    bucket.faults += [denied]

    with pytest.raises(SourceError, match=r"access denied.*credentials.*docs/remote\.md") as told:
        house.build(remote("s3://bucket/raw/faq.csv"))
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "printed"),
    [
        ("s3://bucket/a b?.csv", "s3://bucket/a b?.csv"),
        ("https://user:word@host.org/a.csv?X-Amz-Signature=abc#part", "https://host.org/a.csv"),
        ("https://host.org?key=secret", "https://host.org"),
        ("s3://key:secret@bucket/a.csv", "s3://bucket/a.csv"),
    ],
)
def test_no_secret_of_a_url_is_printed(url, printed):
    assert printed == shown(url)
    assert "secret" not in repr(Remote(url=url, size=1))


def test_a_path_is_no_url():
    assert [False] * 4 == [is_url(text) for text in ("raw/a.csv", "C://x", "/s3://x", "file:///a.csv")]
