"""Formats that are no text: sheets and Parquet."""

import datetime as dt
import decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from pipeline.core.errors import SourceError
from pipeline.read import find, look, notes
from tests.read.conftest import Desk

CSVKIT = Path(__file__).parent.parent / "golden" / "csvkit"


def test_parquet_rows_are_named_by_number_and_keep_their_nesting(desk: Desk) -> None:
    table = pa.table({"q": ["Hi", "Bye"], "turns": [[{"role": "user", "text": "é"}], []], "n": [1, None]})
    parquet.write_table(table, desk.root / "x.parquet")

    assert ["x.parquet:1", "x.parquet:2"] == [row["name"] for row in desk.table("x.parquet")]
    assert [
        '{"q":"Hi","turns":[{"role":"user","text":"é"}],"n":1}',
        '{"q":"Bye","turns":[],"n":null}',
    ] == [row["record"] for row in desk.table("x.parquet")]


def test_parquet_values_that_json_lacks_become_text(desk: Desk) -> None:
    day = dt.date(2024, 2, 29)
    table = pa.table(
        {
            "day": [day],
            "price": [decimal.Decimal("1.50")],
            "m": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        }
    )
    parquet.write_table(table, desk.root / "x.parquet")

    assert ['{"day":"2024-02-29","price":"1.50","m":{"k":1}}'] == [row["record"] for row in desk.table("x.parquet")]


def test_columns_can_be_chosen_and_unknown_ones_are_named(desk: Desk) -> None:
    parquet.write_table(pa.table({"q": ["Hi"], "a": ["Ho"]}), desk.root / "x.parquet")

    assert ['{"a":"Ho"}'] == [row["record"] for row in desk.table("x.parquet", format="parquet", columns=["a"])]
    with pytest.raises(SourceError, match=r"x.parquet: no column `b`. It has q, a."):
        desk.table("x.parquet", format="parquet", columns=["b"])


def test_a_parquet_file_without_its_end_is_damaged(desk: Desk) -> None:
    parquet.write_table(pa.table({"q": ["Hi"] * 1000}), desk.root / "x.parquet")
    content = (desk.root / "x.parquet").read_bytes()

    assert {"x.parquet:1"} == set(desk.troubles("y/../x.parquet", content[: len(content) // 2]))


def test_a_sheet_is_read_like_a_table_and_other_sheets_are_mentioned(desk: Desk) -> None:
    desk.lay("dummy.xlsx", (CSVKIT / "dummy.xlsx").read_bytes())
    (row,) = desk.table("dummy.xlsx")

    assert ("dummy.xlsx:2", '{"a":"1","b":"2","c":"3"}') == (row["name"], row["record"])
    assert "excel" == look(desk.root / "dummy.xlsx").format
    assert [] == list(notes(find("x", "dummy.xls", root=CSVKIT)))


def test_an_unknown_sheet_is_refused_with_those_there_are(desk: Desk) -> None:
    desk.lay("dummy.xlsx", (CSVKIT / "dummy.xlsx").read_bytes())

    with pytest.raises(SourceError, match=r"dummy.xlsx: no sheet `Shet1`. It has Sheet1"):
        desk.table("dummy.xlsx", format="excel", sheet="Shet1")


def test_a_damaged_workbook_is_trouble_and_no_crash(desk: Desk) -> None:
    content = (CSVKIT / "dummy.xlsx").read_bytes()

    assert {"x.xlsx:1"} == set(desk.troubles("x.xlsx", content[: len(content) // 2]))
