"""Files are cut into pieces that are read by themselves: the same rows, and the same pieces wherever they stand."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.errors import SourceError
from pipeline.core.piece import Cut
from pipeline.read import Wanted, find, pieces_of, segment, swift
from pipeline.read.format import Chunk
from pipeline.read.kinds.jsonl import Lines, record
from pipeline.read.segment import Segment
from tests.read.conftest import Desk, by_pieces

SMALL = Wanted(40, 4_000)
LAW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
CELLS = st.text(st.sampled_from([*'ab,"\n\r é한']), max_size=8)


class Memory:
    """Keeps cuts by key."""

    def __init__(self) -> None:
        self.kept: dict[str, Sequence[Cut]] = {}

    def last(self, key: str) -> Sequence[Cut] | None:
        return self.kept.get(key)

    def keep(self, key: str, cuts: Sequence[Cut]) -> None:
        self.kept[key] = cuts


def cut(root: Path, name: str, wanted: Wanted = SMALL, memory: Memory | None = None) -> list[Segment]:
    found = list(pieces_of([find("s", name, root=root)], wanted, memory))
    assert all(isinstance(piece, Segment) for piece in found)
    return [piece for piece in found if isinstance(piece, Segment)]


def table(numbers: list[int]) -> str:
    rows = [f'How do I pay for item {n}?,"By card,\nin {n % 7} parts, or ""later""."' for n in numbers]
    return "\n".join(["question,answer", *rows]) + "\n"


def chat(numbers: list[int]) -> str:
    return "".join(f'{{"messages":[{{"role":"user","content":"Item {n}, {"x" * (n % 50)}"}}]}}\n' for n in numbers)


@LAW
@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=12), wild=st.booleans(), ends=st.sampled_from(["\n", "\r\n"]))
def test_tables_of_any_kind_are_read_the_same_in_pieces(
    fresh_desk: Callable[[], Desk], rows: list[tuple[str, str]], *, wild: bool, ends: str
) -> None:
    desk = fresh_desk()
    quoted = [",".join(cell if wild else '"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    desk.lay("x.csv", ends.join(["question,answer", *quoted, ""]))

    desk.table("x.csv", format="csv")  # holds the pieces equal to the whole


@LAW
@given(
    lines=st.lists(st.sampled_from(['{"a":1}', "", "  ", "[", '{"b":"é"}', "7"])),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_lines_of_any_kind_are_read_the_same_in_pieces(
    fresh_desk: Callable[[], Desk], lines: list[str], end: str
) -> None:
    desk = fresh_desk()
    desk.lay("x.jsonl", end.join(['{"a":0}', *lines]))

    desk.table("x.jsonl", format="jsonl")


SOUND = [b'{"a":1}', b'{"b":"\xc3\xa9\\n"}', b' {"a": {"b": []}}\t', b'{"a":"\\ud800"}', b"{}"]
SIGNS = [
    b"{",
    b"}",
    b'"',
    b":",
    b",",
    b"\\",
    b"[",
    b"]",
    b"a",
    b"1",
    b" ",
    b"\r",
    b"\xff",
    b"\x00",
    b"\x85",
    b"\xe2\x80\xa8",
]


@settings(max_examples=1_000, deadline=None)
@given(
    parts=st.lists(st.sampled_from([*SOUND, *(sound + b"\n" for sound in SOUND), *SIGNS, b"\n", b"\r\n"]), max_size=12)
)
def test_lines_taken_many_at_a_time_are_those_taken_one_by_one(parts: list[bytes]) -> None:
    data = b"".join(parts)
    lines = ((number, line.strip(b" \t\r\n")) for number, line in enumerate(data.splitlines(), start=1))

    assert segment._rows(record(number, line, bytes) for number, line in lines if line) == segment._rows(
        Lines().records(data)
    )


def test_lines_without_a_flaw_are_taken_together_and_others_alone() -> None:
    found = list(Lines().records(b'{"a":1}\n\n{"a":2}\r\n{"a":}\n{"a":3}\n[1]'))

    assert [2, "read.not-json", 1, "read.not-a-record"] == [
        len(one.lines) if isinstance(one, Chunk) else one.trouble and one.trouble.code for one in found
    ]


@pytest.mark.parametrize("look", [1, 7, 100, 5_000])
def test_how_much_is_looked_at_at_once_changes_no_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    for name, content in (("x.csv", table(list(range(400)))), ("x.jsonl", chat(list(range(400))))):
        (tmp_path / name).write_text(content)
        whole = cut(tmp_path, name)
        monkeypatch.setattr("pipeline.read.segment.READ_BYTES", max(look, 60))

        assert whole == cut(tmp_path, name)
        monkeypatch.undo()


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
def test_an_insertion_changes_few_pieces_and_the_others_keep_their_digests(tmp_path: Path, name: str) -> None:
    write = table if name == "x.csv" else chat
    numbers = list(range(2_000))
    (tmp_path / name).write_text(write(numbers))
    before = {piece.digest for piece in cut(tmp_path, name)}

    (tmp_path / name).write_text(write([*numbers[:1_000], 70_000, *numbers[1_000:], 80_000]))
    after = cut(tmp_path, name)

    assert len(after) > 20
    assert len([piece for piece in after if piece.digest not in before]) <= 5


def test_the_place_of_a_piece_is_no_part_of_its_digest_and_all_of_its_names(tmp_path: Path) -> None:
    for folder, extra in (("one", ""), ("other", "\n\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.jsonl").write_text(chat(list(range(30))) + extra)
    (one,), (other,) = (
        cut(tmp_path, "one/x.jsonl", Wanted(100, 10**6)),
        cut(tmp_path, "other/x.jsonl", Wanted(100, 10**6)),
    )
    moved = other._replace(size=one.size, content=one.content, line=11)

    assert one.digest == moved.digest
    assert "other/x.jsonl:11" == moved.names(moved.read()["line"])[0].as_py()


def test_a_file_that_changes_while_it_is_read_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(chat([1, 2, 3]))
    (piece,) = cut(tmp_path, "x.jsonl")
    (tmp_path / "x.jsonl").write_text(chat([1, 2, 4]))

    with pytest.raises(SourceError, match="changed while it was read"):
        piece.read()


def test_a_quote_that_does_not_close_hands_the_rest_of_the_file_to_the_careful_reader(tmp_path: Path) -> None:
    whole = table(list(range(600)))
    (tmp_path / "x.csv").write_text(whole[: len(whole) // 2] + '\n"lost,x\n' + whole[len(whole) // 2 :])
    found = find("s", "x.csv", root=tmp_path)

    assert by_pieces(found, Wanted()) == by_pieces(found, SMALL)


@LAW
@given(
    before=st.lists(st.integers(0, 400), max_size=300), after=st.lists(st.integers(0, 400), max_size=60),
    at=st.integers(0, 300), keeps=st.integers(0, 300),
)  # fmt: skip
@pytest.mark.parametrize(("name", "write"), [("x.csv", table), ("x.jsonl", chat)])
def test_a_memory_of_cuts_changes_no_piece_whatever_became_of_the_file(
    fresh_desk: Callable[[], Desk], *, name: str, write: Callable[[list[int]], str],
    before: list[int], after: list[int], at: int, keeps: int,
) -> None:  # fmt: skip
    desk, memory = fresh_desk(), Memory()
    for rows in (before, [*before[:at], *after, *before[at : at + keeps]], before):
        desk.lay(name, write(rows))
        assert cut(desk.root, name) == cut(desk.root, name, memory=memory)


def test_a_file_that_grew_is_searched_for_cuts_only_where_it_is_new(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched, ends = 0, swift.ends

    def seen(data: bytes, layout: swift.Table) -> object:
        nonlocal searched
        searched += len(data)
        return ends(data, layout)

    monkeypatch.setattr(swift, "ends", seen)
    name, write, memory = "x.csv", table, Memory()
    desk.lay(name, write(list(range(3_000))))
    first = cut(desk.root, name, memory=memory)
    searched = 0
    desk.lay(name, write(list(range(3_010))))
    grown = cut(desk.root, name, memory=memory)

    assert first[:-1] == grown[: len(first) - 1]
    assert 0 < searched < 3 * SMALL.most_bytes < 100_000


@pytest.mark.parametrize("size", [*range(60, 75), 1_000])
def test_a_block_that_ends_within_a_line_end_is_cut_like_any_other(
    desk: Desk, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.lay("x.csv", table(list(range(40))).replace("\n", "\r\n"))
    whole = cut(desk.root, "x.csv", Wanted(4, 300))
    monkeypatch.setattr(segment, "READ_BYTES", size)

    assert whole == cut(desk.root, "x.csv", Wanted(4, 300))
