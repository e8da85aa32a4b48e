"""Files that others made to test CSV readers with."""

import json
from pathlib import Path

import pytest

from pipeline.read import find, look, notes, rows

GOLDEN = Path(__file__).parent.parent / "golden"
SPECTRUM = sorted((GOLDEN / "csv_spectrum" / "csvs").glob("*.csv"))
CSVKIT = sorted(
    path for path in (GOLDEN / "csvkit").iterdir() if path.name not in ("LICENSE", "SOURCE", ".gitattributes")
)


PHONE = "Contact Phone Number"
"""The one cell in which csv-spectrum 2.0.0 contradicts itself: location_coordinates.json has 1234567890 for the CSV's 2095257564."""


def expected_of(path: Path) -> list[dict[str, str]]:
    expected = json.loads((GOLDEN / "csv_spectrum" / "json" / f"{path.stem}.json").read_bytes())
    records = expected if isinstance(expected, list) else [expected]
    return [{**record, PHONE: "2095257564"} if PHONE in record else record for record in records]


@pytest.mark.parametrize("path", SPECTRUM, ids=lambda path: path.stem)
def test_csv_spectrum_reads_as_its_authors_expect(path: Path) -> None:
    (batch,) = rows([find("spectrum", path.name, root=path.parent)])

    assert expected_of(path) == [json.loads(text) for text in batch["record"].to_pylist()]


def test_all_of_csv_spectrum_is_here() -> None:
    assert 12 == len(SPECTRUM)


@pytest.mark.parametrize("path", CSVKIT, ids=lambda path: path.name)
def test_every_file_of_csvkit_is_looked_at_and_read_without_a_crash(path: Path) -> None:
    source = find("csvkit", path.name, root=path.parent)
    table = [row for batch in rows([source]) for row in batch.to_pylist()]

    assert all((row["record"] is None) == (row["unread"] is not None) for row in table)
    assert look(path).format in ("csv", "json", "jsonl", "excel")
    assert all(note.address == path.name for note in notes(source))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bad.csv", [None, None, {"column_a": "0", "column_b": "mixed types.... uh oh", "column_c": "17"}]),
        ("mac_newlines.csv", [{"a": "1", "b": "2", "c": "3"}, {"a": "Once upon\ra time", "b": "5", "c": "6"}]),
        ("null_byte.csv", [{"a": "\0", "b": "2", "c": "3"}]),
        ("sniff_limit.csv", [{"a": "1", "b": "2", "c": "3"}]),
        ("test_latin1.csv", [{"a": "1", "b": "2", "c": "3"}, {"a": "4", "b": "5", "c": "©"}]),
        ("test_utf16_big.csv", [{"a": "1", "b": "2", "c": "3"}, {"a": "4", "b": "5", "c": "ʤ"}]),
        ("test_utf16_little.csv", [{"a": "1", "b": "2", "c": "3"}, {"a": "4", "b": "5", "c": "ʤ"}]),
        ("test_utf8_bom.csv", [{"foo": "1", "bar": "2", "baz": "3"}, {"foo": "4", "bar": "5", "baz": "ʤ"}]),
        ("test_skip_lines.csv", [{"a": "1", "b": "2", "c": "3"}]),
        ("test_header_newline.csv", [{"start end": "d", "b": "e", "c": "f"}]),
        ("join_a_short.csv", [None, None, {"a": "3", "b": "b", "c": "c"}]),
        (
            "no_header_row3.csv",
            [{f"column_{n}": str(n) for n in (1, 2, 3)}, {f"column_{n}": str(n + 3) for n in (1, 2, 3)}],
        ),
        ("test_extra_header.csv", [None]),
        ("dummy.csv.gz", [{"a": "1", "b": "2", "c": "3"}]),
        ("dummy.csv.bz2", [{"a": "1", "b": "2", "c": "3"}]),
        ("dummy.xls", [{"a": "1", "b": "2", "c": "3"}]),
        ("dummy.xlsx", [{"a": "1", "b": "2", "c": "3"}]),
        ("testjson_multiline.json", [{"a": 2, "b": 3}, {"b": 2, "d": 4}]),
        ("empty.csv", []),
    ],
)
def test_csvkit_files_read_as_a_person_would_read_them(name: str, expected: list[object]) -> None:
    table = [row for batch in rows([find("csvkit", name, root=GOLDEN / "csvkit")]) for row in batch.to_pylist()]

    assert expected == [row["record"] and json.loads(row["record"]) for row in table]
