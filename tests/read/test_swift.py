"""The fast way reads what the careful way reads, record for record."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.record import Record
from pipeline.read.encode import to_json
from pipeline.read.encoding import Encoding
from pipeline.read.fields import Dialect
from pipeline.read.kinds import csv
from pipeline.read.stream import Stream
from pipeline.read.swift import table, take
from tests.read.conftest import Desk

LAW = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
WELL = st.sampled_from(
    [
        "a,b",
        '"a,\nb",c',
        '"say ""hi""",x',
        '"",',
        ",",
        'é,"ü\r\n한"',
        "tab\there,back\\slash",
        '"\u2028",\x7f',
        '"a""",""""',
    ]
)
ILL = st.sampled_from(
    [
        "",
        "  ",
        "a",
        "a,b,c",
        '"open,b',
        '5" disk,b',
        '"a" b,"c" d,e',
        "bell\x07,b",
        "nul\0,b",
        "cr\rin,b",
        '"x"y,z',
        'a, "b"',
        ",,",
    ]
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


class Cut(Stream):
    """A stream whose blocks are as small as a test wants them."""

    size = 5

    def blocks(self):
        for block in super().blocks():
            yield from (block[at : at + self.size] for at in range(0, len(block), self.size))


def spelled(record: Record) -> tuple[object, ...]:
    text = record.text if record.text is not None or record.value is None else to_json(record.value)
    return record.line, text, record.raw, record.trouble and str(record.trouble)


def both_ways(stream: Stream, asked: csv.CsvSettings) -> tuple[list[object], list[object]]:
    fast: list[object] = []
    for piece in csv.chunks(stream, asked):
        if isinstance(piece, Record):
            fast.append(spelled(piece))
        else:
            fast += [
                (line, text, None, None)
                for line, text in zip(piece.lines.to_pylist(), piece.texts.to_pylist(), strict=True)
            ]
    return [spelled(record) for record in csv.records(stream, asked)], fast


@LAW
@given(
    rows=st.lists(st.tuples(WELL | WELL | ILL, ENDS), max_size=15),
    size=st.integers(1, 60),
    header=st.sampled_from([1, 2, "none"]),
    encoding=st.sampled_from(["utf-8", "utf-16-le"]),
    has_end=st.booleans(),
)
def test_both_ways_give_the_same_records(  # noqa: PLR0917 - Hypothesis hands them in by name
    rows, size, header, encoding, has_end, fresh_desk: Callable[[], Desk]
) -> None:
    text = "question,answer\n" + "".join(row + end for row, end in rows) + ("" if has_end else "last,row")
    stream = Cut(fresh_desk().lay("x.csv", text.encode(encoding)), "x.csv", Encoding(encoding))
    Cut.size = size
    careful, fast = both_ways(stream, csv.CsvSettings(delimiter=",", quote='"', escape="", header=header, skip=0))

    assert careful == fast


@LAW
@given(
    pieces=st.lists(st.sampled_from([b'"', b",", b"\n", b"\r\n", b"a", b"\xff", b"\r", b'""', b'","']), max_size=40),
    size=st.integers(1, 30),
)
def test_both_ways_agree_on_noise(pieces: list[bytes], size: int, fresh_desk: Callable[[], Desk]) -> None:
    stream = Cut(fresh_desk().lay("x.csv", b"q,a\n" + b"".join(pieces)), "x.csv")
    Cut.size = size
    careful, fast = both_ways(stream, csv.CsvSettings(delimiter=",", quote='"', escape="", header=1, skip=0))

    assert careful == fast


def test_a_well_behaved_block_is_taken_whole_up_to_its_last_complete_row() -> None:
    data = b'a,b\n\n"c\n""d""",e\nf,"open\n'
    taken = take(data, table(Dialect(), ("q", "a")), 7)

    assert [7, 9] == taken.chunk.lines.to_pylist()
    assert ['{"q":"a","a":"b"}', '{"q":"c\\n\\"d\\"","a":"e"}'] == taken.chunk.texts.to_pylist()
    assert (data.index(b"f,"), 4) == (taken.size, taken.lines)


@pytest.mark.parametrize(
    "data",
    [b"a,b,c\n", b'5" and 6",b\n', b'"a" b,c\n', b"a,\xff\n", b"a\0,b\n", b"a,b\rc,d\n", b"  \n"],
    ids=["ragged", "quote inside", "stray quote", "no text", "NUL", "old mac", "spaces"],
)
def test_anything_else_is_left_to_the_careful_way(data: bytes) -> None:
    assert take(data, table(Dialect(), ("q", "a")), 1) is None


@pytest.mark.parametrize(
    "dialect", [Dialect("||"), Dialect(quote="'"), Dialect(escape="\\"), Dialect("¦"), Dialect("")]
)
def test_dialects_that_arrow_does_not_read_are_left_to_the_careful_way(dialect: Dialect) -> None:
    assert table(dialect, ("q", "a")) is None


def test_one_bad_row_in_many_blocks_costs_itself_and_all_lines_stay_right(desk: Desk) -> None:
    good = [f'q{n},"line\nof {n}"' for n in range(200_000)]
    bad = 120_000
    text = "question,answer\n" + "\n".join([*good[:bad], '"forgotten,x', *good[bad:]]) + "\n"
    desk.lay("x.csv", text)
    table_ = desk.table("x.csv", batch_rows=50_000)

    assert [(f"x.csv:{2 * bad + 2}", '"forgotten,x\n')] == [
        (r["name"], r["raw"].decode()) for r in table_ if r["unread"]
    ]
    assert 200_001 == len(table_)
    assert ("x.csv:400001", '{"question":"q199999","answer":"line\\nof 199999"}') == (
        table_[-1]["name"],
        table_[-1]["record"],
    )


def test_batches_stay_within_their_bytes(desk: Desk) -> None:
    from pipeline.read import find, rows

    desk.lay("x.csv", "question,answer\n" + "".join(f"{'x' * 500},{n}\n" for n in range(5_000)))
    batches = list(rows([find("x", "x.csv", root=desk.root)], batch_bytes=100_000))

    assert 5_000 == sum(batch.num_rows for batch in batches)
    assert max(batch["record"].nbytes for batch in batches) < 120_000
