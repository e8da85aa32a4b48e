"""Which files a source stands for, and what is said where there are none."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from pipeline.core.errors import SourceError
from pipeline.read import encoding_of, find, formats, look, notes, rows
from tests.read.conftest import Desk

TABLE = "question,answer\n" + "".join(f"q{n},a{n}\n" for n in range(2_000))
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


def test_a_folder_gives_all_files_below_it_in_order_hidden_ones_apart(desk: Desk) -> None:
    for name in ("raw/b.csv", "raw/a/z.txt", "raw/.hidden.csv", "raw/.git/x.csv", "raw/LICENSE"):
        desk.lay(name, "a,b\n1,2\n")
    source = find("faq", "raw", root=desk.root)

    assert ["raw/a/z.txt", "raw/b.csv"] == [address for _, address in source.files]
    assert ("raw/LICENSE",) == source.skipped
    assert ["raw/LICENSE: not read: no format bears its ending. Name it in the plan, with a `format`, to read it."] == [
        str(note) for note in notes(source)
    ]


def test_a_glob_gives_what_it_matches(desk: Desk) -> None:
    for name in ("raw/b.csv", "raw/a/z.csv", "raw/c.txt", "raw/LICENSE"):
        desk.lay(name, "a,b\n1,2\n")

    assert ["raw/a/z.csv", "raw/b.csv"] == [address for _, address in find("x", "raw/**/*.csv", root=desk.root).files]
    assert ["raw/LICENSE"] == [address for _, address in find("x", "raw/L*", root=desk.root).files]


def test_a_file_outside_the_root_has_no_machines_path_in_its_address(desk: Desk) -> None:
    path = desk.lay("raw/b.csv", "a,b\n1,2\n")
    (desk.root / "plan").mkdir()

    assert "../raw/b.csv" == find("x", str(path), root=desk.root / "plan").files[0][1]


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("raw/fqa.csv", "Did you mean `raw/faq.csv`?"),
        ("row/faq.csv", "Did you mean `raw`?"),
        ("raw/zzz/*.txt", "`raw` holds `faq.csv`."),
        ("raw/*.tsv", "no file matches `raw/*.tsv`"),
    ],
)
def test_a_source_that_is_not_there_names_the_nearest(desk: Desk, pattern: str, hint: str) -> None:
    desk.lay("raw/faq.csv", "a,b\n")

    with pytest.raises(SourceError, match=r"source `support`: ") as caught:
        find("support", pattern, root=desk.root)
    assert hint in str(caught.value)


def test_an_empty_folder_says_which_endings_are_known(desk: Desk) -> None:
    desk.lay("raw/x.pdf", "x")

    with pytest.raises(SourceError, match=r"source `x`: no file in folder `raw` has a known ending .*\.csv"):
        find("x", "raw", root=desk.root)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.pdf", b"%PDF-1.7", "a PDF; export its text"),
        ("a.csv", b"\x89PNG\r\n", "an image"),
        ("a.yaml", b"a: b\n", "YAML; write it as JSON"),
        ("a.bin", bytes(range(16)) * 10 + bytes(100), "neither text nor a format that is known"),
        ("a.zip", b"PK\x03\x04" + bytes(30), "an archive; unpack it"),
    ],
)
def test_what_is_no_data_is_refused_with_what_to_do(desk: Desk, name: str, content: bytes, what: str) -> None:
    with pytest.raises(SourceError, match=f"{name}: {what}"):
        desk.read(name, content)


@pytest.mark.parametrize("suffix", PACKERS)
def test_compression_is_seen_by_its_first_bytes_whatever_the_name(desk: Desk, suffix: str) -> None:
    packed = PACKERS[suffix](TABLE.encode())

    assert 2_000 == len(desk.read(f"faq.csv{suffix}", packed))
    assert 2_000 == len(desk.read("faq.csv", packed))


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".zst"])
def test_packed_files_joined_end_to_end_are_one(desk: Desk, suffix: str) -> None:
    packed = PACKERS[suffix](b"q,a\n1,2\n") + PACKERS[suffix](b"3,4\n")

    assert [{"q": "1", "a": "2"}, {"q": "3", "a": "4"}] == desk.read(f"x.csv{suffix}", packed, header=1)


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_packed_file_that_breaks_off_gives_what_could_be_read_and_says_so(desk: Desk, suffix: str) -> None:
    noise = "".join(f"{hash((n, 1)) % 10**12},{hash((n, 2)) % 10**12}\n" for n in range(120_000))
    packed = PACKERS[suffix](("question,answer\n" + noise).encode())
    desk.lay(f"faq.csv{suffix}", packed[: len(packed) // 2])
    table = desk.table(f"faq.csv{suffix}")

    assert len(table) > 1_000
    assert [len(table) - 1] == [place for place, row in enumerate(table) if row["unread"]]
    assert table[-1]["unread"].startswith("read.damaged The compressed file breaks off")


@pytest.mark.parametrize("name", ["x.jsonl", "x.json", "x.txt"])
def test_every_text_format_says_that_it_breaks_off(desk: Desk, name: str) -> None:
    lines = ",\n".join(f'{{"a": "{hash((n, 1))}"}}' for n in range(100_000))
    text = {"x.jsonl": lines.replace(",\n", "\n"), "x.json": f"[{lines}]", "x.txt": lines}[name]
    packed = gzip.compress(text.encode())
    desk.lay(name, packed[: len(packed) // 2])
    table = desk.table(name)

    assert table[-1]["unread"].startswith("read.damaged")
    assert name == "x.txt" or len(table) > 1_000


def test_the_extension_is_only_a_hint(desk: Desk) -> None:
    table = "question;answer\na;b\nc;d\n"

    assert [{"question": "a", "answer": "b"}] == desk.read("x.tsv", table)[:1]
    assert [{"question": "a", "answer": "b"}] == desk.read("x.txt", table, format="csv")[:1]
    assert table.strip() == desk.read("x.txt", table)[0]["text"]


def test_a_look_tells_what_a_file_is_and_what_to_write_into_the_plan(desk: Desk) -> None:
    found = look(desk.lay("faq.csv", "Title of it;\n\nfrage;antwort\nä;ö\nü;ß\n".encode("cp1252")), count=1)

    assert ("csv", "cp1252", ";", ("frage", "antwort")) == (
        found.format,
        found.encoding,
        found.delimiter,
        found.columns,
    )
    assert {"frage": "ä", "antwort": "ö"} == found.records[0].value
    assert {"format": "csv", "encoding": "cp1252", "delimiter": ";", "header": 1, "skip": 2} == found.plan
    assert any("2 lines before the header passed over" in note for note in found.notes)


def test_reading_by_the_plan_of_a_look_gives_the_same_rows(desk: Desk) -> None:
    path = desk.lay("faq.csv", "Title of it;\n\nfrage;antwort\nä;ö\nü;ß\n".encode("cp1252"))

    assert desk.table("faq.csv") == desk.table("faq.csv", **look(path).plan)


def test_formats_are_found_by_folder_and_tagged_with_their_names() -> None:
    assert ["csv", "excel", "json", "jsonl", "parquet", "text"] == list(formats())
    assert all(name == entry.settings.model_fields["format"].default for name, entry in formats().items())


def test_sources_come_in_their_order_and_rows_bear_their_source(desk: Desk) -> None:
    desk.lay("a.csv", "q,a\n1,x\n")
    desk.lay("b.csv", "q,a\n2,y\n")
    sources = [find("second", "b.csv", root=desk.root), find("first", "a.csv", root=desk.root)]
    (batch,) = rows(sources)

    assert [("second", "b.csv:2"), ("first", "a.csv:2")] == list(
        zip(batch["source"].to_pylist(), batch["name"].to_pylist(), strict=True)
    )


def test_an_unreadable_path_is_named(desk: Desk) -> None:
    from pipeline.read import AutoSettings, SourceFiles

    gone = SourceFiles("x", AutoSettings(), ((Path(desk.root / "gone.csv"), "gone.csv"),))
    with pytest.raises(SourceError, match=r"gone.csv: cannot be opened: No such file"):
        list(rows([gone]))


def test_many_small_files_share_a_batch_and_batches_are_even(desk: Desk) -> None:
    for number in range(50):
        desk.lay(f"raw/{number}.md", f"# Page {number}\n\nText.\n")
        desk.lay(f"raw/{number}.csv", "question,answer\n" + "a,b\n" * 7)
    batches = list(rows([find("x", "raw", root=desk.root)], batch_rows=64))

    assert [64] * 6 + [16] == [batch.num_rows for batch in batches]


def test_the_encoding_of_a_file_is_told_by_its_address(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_bytes("name,text\nJosé,déjà vu à la crème brûlée\n".encode("cp1252"))
    (tmp_path / "two.csv").write_text("name,text\nJosé,déjà vu\n", encoding="utf-8")
    sources = [find("all", "*.csv", root=tmp_path)]

    assert ("cp1252", "utf-8", None) == tuple(
        encoding_of(address, sources=sources) for address in ("one.csv", "two.csv", "three.csv")
    )
