"""What must hold for every table, dialect, batch and damage."""

import gzip
import io
import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from pipeline.read.compression import blocks
from pipeline.read.cursor import Cursor
from pipeline.read.fields import Dialect
from pipeline.read.lines import line_blocks
from pipeline.read.splitter import split
from tests.read.conftest import Desk

SAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
MANY = settings(max_examples=300, deadline=None)

ENDS = st.sampled_from(["\n", "\r\n", "\r"])
DELIMITERS = st.sampled_from([",", ";", "\t", "|", "||", "¦"])
TEXT = st.text(st.sampled_from([*"ab,;|¦\t\"'\\ é한\U0001f600\n\r\x00\x0b\x1c\u2028"]), max_size=12)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 4))
    return draw(st.lists(st.lists(TEXT, min_size=width, max_size=width), min_size=1, max_size=8))


def written(table: list[list[str]], delimiter: str, end: str) -> str:
    return "".join(delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) + end for row in table)


@MANY
@given(tables(), DELIMITERS, ENDS)
def test_what_was_written_is_read_again(table: list[list[str]], delimiter: str, end: str) -> None:
    rows = list(split(line_blocks([written(table, delimiter, end).encode()]), Dialect(delimiter)))

    assert table == [row.fields for row in rows]


@MANY
@given(tables(), ENDS)
def test_backslashes_protect_as_doubling_does(table: list[list[str]], end: str) -> None:
    text = "".join(
        ",".join('"' + cell.replace("\\", "\\\\").replace('"', '\\"') + '"' for cell in row) + end for row in table
    )
    rows = list(split(line_blocks([text.encode()]), Dialect(",", '"', "\\")))

    assert table == [row.fields for row in rows]


@MANY
@given(tables(), DELIMITERS, ENDS)
def test_every_row_is_named_by_the_line_on_which_it_begins(table: list[list[str]], delimiter: str, end: str) -> None:
    expected, line = [], 1
    for row in table:
        expected.append(line)
        line += len(written([row], delimiter, end).encode().splitlines())
    rows = list(split(line_blocks([written(table, delimiter, end).encode()]), Dialect(delimiter)))

    assert expected == [row.line for row in rows]


DAMAGE = st.lists(
    st.sampled_from([b'"', b",", b"\n", b"\r\n", b"\r", b"a", b"\xff", b"\\", b" ", b'""', b'","', "é".encode()]),
    max_size=40,
)


@MANY
@given(
    DAMAGE,
    st.sampled_from([Dialect(), Dialect(escape="\\"), Dialect(quote=""), Dialect(delimiter=""), Dialect(trims=True)]),
)
def test_no_byte_of_any_input_is_lost_but_blank_lines(pieces: list[bytes], dialect: Dialect) -> None:
    content = b"".join(pieces)
    rows = list(split(line_blocks([content]), dialect, width=2))
    lines = content.splitlines(keepends=True)
    covered = [number for row in rows for number in range(row.line, row.line + len(row.raw.splitlines()))]

    assert all(row.raw == b"".join(lines[row.line - 1 : row.line - 1 + len(row.raw.splitlines())]) for row in rows)
    assert sorted(set(covered)) == covered
    assert all(not lines[n].strip(b" \r\n") for n in range(len(lines)) if n + 1 not in covered)
    assert all((row.fields is None) == (row.trouble is not None) for row in rows)


@MANY
@given(DAMAGE, st.integers(1, 9))
def test_where_blocks_end_changes_nothing(pieces: list[bytes], size: int) -> None:
    content = b"".join(pieces)
    cut = [content[at : at + size] for at in range(0, len(content), size)]

    assert content.splitlines(keepends=True) == [line for lines in line_blocks(cut) for line in lines]


@SAMPLES
@example(table=[["", "\x00;"], ["", "\x00\n"]], delimiter=",", end="\n", encoding="utf-8")  # is no UTF-16
@example(table=[["", "\x00;"], ["", "\x00\n"]], delimiter=";", end="\n", encoding="utf-8")
@given(
    table=tables(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=ENDS,
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)
def test_a_file_with_a_header_comes_back_whatever_its_dialect(
    table: list[list[str]], delimiter: str, end: str, encoding: str, fresh_desk: Callable[[], Desk]
) -> None:
    names = [f"name {place}" for place in range(len(table[0]))]
    desk = fresh_desk()
    content = written([names, *table], delimiter, end).encode(encoding)
    records = desk.read("x.csv", content, format="csv", header=1, delimiter=delimiter, quote='"', escape="")

    assert [dict(zip(names, row, strict=True)) for row in table] == records


WORDS = st.text(st.sampled_from("abc dé"), min_size=1, max_size=8).map(str.strip).filter(bool)


@SAMPLES
@given(
    rows=st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=3, max_size=8),
    delimiter=st.sampled_from([",", ";", "\t", "|", ":", "^"]),
    end=ENDS,
)
def test_the_dialect_of_a_tidy_file_need_not_be_told(
    rows: list[tuple[str, ...]], delimiter: str, end: str, fresh_desk: Callable[[], Desk]
) -> None:
    content = "".join(delimiter.join(row) + end for row in [("question", "answer", "topic"), *rows])
    records = fresh_desk().read("x.csv", content)

    assert [dict(zip(("question", "answer", "topic"), row, strict=True)) for row in rows] == records


@SAMPLES
@given(
    rows=st.lists(st.sampled_from(["a,b", "a,b,c", '"a\nb",c', '"open,c', '"a" b,"c" d,e', "é,ü", ""]), max_size=12),
    size=st.integers(1, 5),
)
def test_the_size_of_a_batch_changes_no_row(rows: list[str], size: int, fresh_desk: Callable[[], Desk]) -> None:
    desk = fresh_desk()
    desk.lay("x.csv", "question,answer\n" + "\n".join(rows))

    one, many = desk.table("x.csv"), desk.table("x.csv", batch_rows=size)

    assert one == many


@SAMPLES
@given(rows=st.lists(st.sampled_from(["a,b", "a,b,c", '"a,b', "a", '"a" b,"c" d,e', "x,y"]), max_size=12))
def test_every_physical_row_is_a_record_or_a_trouble(rows: list[str], fresh_desk: Callable[[], Desk]) -> None:
    desk = fresh_desk()
    desk.lay("x.csv", "\n".join(["question,answer", *rows]))
    table = desk.table("x.csv", format="csv", header=1, delimiter=",", quote='"')

    assert [f"x.csv:{line}" for line in range(2, len(rows) + 2)] == [row["name"] for row in table]
    assert all((row["record"] is None) == (row["unread"] is not None) == (row["raw"] is not None) for row in table)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), min_size=1, max_size=6)


@MANY
@given(RECORDS, st.sampled_from([None, 1, "\r\n"]), st.integers(1, 7))
def test_json_taken_apart_in_pieces_of_any_size_is_the_same(records: list[Any], indent: Any, size: int) -> None:
    text = json.dumps(records, indent=indent if indent != "\r\n" else 1, ensure_ascii=False)
    text = text.replace("\n", "\r\n") if indent == "\r\n" else text
    cursor = Cursor(text[at : at + size] for at in range(0, len(text), size))
    cursor.take("[")
    taken = []
    while cursor.peek() and not cursor.take("]"):
        if not cursor.take(","):
            value = cursor.value()
            taken.append(json.loads(value.text))
            assert value.flaw is None

    assert records == taken


@SAMPLES
@given(records=RECORDS, indent=st.sampled_from([None, 2]))
def test_json_and_json_lines_give_the_same_records(
    records: list[Any], indent: int | None, fresh_desk: Callable[[], Desk]
) -> None:
    assume(all(text == text.encode("utf-8", "replace").decode() for text in [json.dumps(records, ensure_ascii=False)]))
    desk = fresh_desk()
    lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)

    assert records == desk.read("x.json", json.dumps(records, indent=indent, ensure_ascii=False), format="json")
    assert records == desk.read("x.jsonl", lines, format="jsonl")


@SAMPLES
@given(content=st.binary(max_size=5_000), share=st.floats(0, 1))
def test_what_can_be_unpacked_is_a_beginning_of_the_whole(
    content: bytes, share: float, fresh_desk: Callable[[], Desk]
) -> None:
    from pipeline.read.damage import Damaged

    packed = gzip.compress(content)
    path = fresh_desk().lay("x.gz", packed[: 10 + int((len(packed) - 10) * share)])
    got = io.BytesIO()
    try:
        for block in blocks(path):
            got.write(block)
    except Damaged:
        pass

    assert content.startswith(got.getvalue())
