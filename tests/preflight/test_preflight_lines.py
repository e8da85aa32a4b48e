"""Lines of a file: every one has its number, its text or the reason why it has none, whatever the bytes."""

import bz2
import gzip
import lzma
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.preflight import lines as room
from pipeline.preflight.lines import Ends, lines
from pipeline.preflight.source import opened

PATIENT = settings(deadline=None, max_examples=60)


def read(path: Path) -> tuple[list[tuple[str, str | None]], Ends]:
    ends = Ends()
    with opened(str(path)) as source:
        table = pa.Table.from_batches(list(lines(source, side="train", ends=ends)), schema=room.LINES)
    numbers = [name.rpartition(":")[2] for name in table["name"].to_pylist()]
    return list(zip(numbers, table["record"].to_pylist(), strict=True)), ends


def texts(folder: Path, data: bytes) -> list[tuple[str, str | None]]:
    path = folder / "a.jsonl"
    path.write_bytes(data)
    return read(path)[0]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"a\nb\n", [("1", "a"), ("2", "b")], id="plain"),
        pytest.param(b"a\nb", [("1", "a"), ("2", "b")], id="no last line end"),
        pytest.param(b"a\r\nb\r\n", [("1", "a"), ("2", "b")], id="windows"),
        pytest.param(b"a\rb\rc", [("1", "a"), ("2", "b"), ("3", "c")], id="old mac"),
        pytest.param(b"\xef\xbb\xbfa\nb\n", [("1", "a"), ("2", "b")], id="byte-order mark"),
        pytest.param(b"a\n\n \t\nb\n", [("1", "a"), ("4", "b")], id="blank lines keep the numbers right"),
        pytest.param("é\n日\n".encode("utf-16"), [("1", "é"), ("2", "日")], id="utf-16"),
        pytest.param(b"a\n\xff\nb\n", [("1", "a"), ("2", None), ("3", "b")], id="one line is no text"),
        pytest.param(b"a\0b\n", [("1", "a\0b")], id="NUL"),
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"\n\n", [], id="only blank"),
    ],
)
def test_every_line_has_its_number_and_text(
    tmp_path: Path, data: bytes, expected: list[tuple[str, str | None]]
) -> None:
    assert expected == texts(tmp_path, data)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress])
def test_packed_files_are_read_whatever_their_name(tmp_path: Path, pack: object) -> None:
    assert texts(tmp_path, pack(b"a\nb\n")) == [("1", "a"), ("2", "b")]  # type: ignore[operator]


def test_what_could_be_read_of_a_torn_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b"line\n" * 100_000)[:-20])

    with opened(str(path)) as source:
        codes = [flaw.code for flaw in source.flaws]

    assert codes == ["read.damaged"]
    assert len(read(path)[0]) > 1_000


def test_the_ends_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"a\r\n\nb\n\r\nc")

    ends = read(path)[1]

    assert (
        ends.lines,
        ends.crlf,
        ends.blank,
        ends.first_blank,
        ends.first_crlf,
        ends.is_last_open,
    ) == (5, 2, 2, 2, 1, True)


@PATIENT
@given(pieces=st.lists(st.binary(max_size=30)), block=st.integers(1, 40))
def test_blocks_of_any_size_give_the_same_lines(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], block: int
) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.jsonl"
    path.write_bytes(b"x\n" + b"\n".join(pieces))
    whole = read(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "BLOCK_BYTES", block)

        assert whole == read(path)


@PATIENT
@given(data=st.binary(max_size=200))
def test_no_byte_that_is_not_blank_is_lost(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.jsonl"
    path.write_bytes(b"{x\n" + data)  # what does not begin like another encoding
    ends = Ends()
    with opened(str(path)) as source:
        batches = list(lines(source, side="train", ends=ends))
    kept = [
        row["raw"] if row["record"] is None else row["record"].encode() for one in batches for row in one.to_pylist()
    ]
    expected = [line.removesuffix(b"\r") for line in path.read_bytes().split(b"\n") if line.strip()]

    assert expected == kept


@PATIENT
@given(data=st.binary(max_size=200))
def test_a_line_begins_where_its_column_says(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.jsonl"
    path.write_bytes(b"{x\n" + data)
    with opened(str(path)) as source:
        batches = list(lines(source, side="train", ends=Ends()))
    whole = path.read_bytes()
    for row in (row for one in batches for row in one.to_pylist()):
        text = row["raw"] if row["record"] is None else row["record"].encode()

        assert whole[row["at"] :].startswith(text)


def test_a_line_longer_than_any_file_is_named_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LONGEST_BYTES", 100)
    monkeypatch.setattr(room, "BLOCK_BYTES", 64)

    found = texts(tmp_path, b"a\n" + b"x" * 1_000 + b"\nb\n")

    assert found == [("1", "a"), ("2", None), ("3", "b")]


def test_no_worker_waits_long_for_another_at_the_end_of_a_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "BLOCK_BYTES", 4_000)
    monkeypatch.setattr(room, "LAST_BYTES", 500)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"{}\n" * 10_000)

    with opened(str(path)) as source:
        sizes = [batch.num_rows for batch in lines(source, side="train", ends=Ends())]

    assert sum(sizes) == 10_000
    assert max(sizes[-2:]) * 3 < sizes[0]
