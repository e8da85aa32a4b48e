"""The files: each line is the payload's own bytes, and what does not ship is all there with its reasons."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.columns import DIGEST, FINDING
from pipeline.core.finding import Finding, Severity
from pipeline.core.settings import WriteSettings
from pipeline.write import _reject, _repeat, write

FLAW = {"code": "roles.order", "severity": 3, "where": "/messages/1", "message": "Two in a row."}


class House:
    """A table of four rows with four fates, and where its files were written."""

    def __init__(self, folder: Path, *, arrival: list[int] | None = None, **settings: object) -> None:
        self.folder = folder
        rows = [
            {"name": "a.csv:2", "fate": "kept", "side": "train", "payload": '{"n":1}', "record": '{"q":"1"}'},
            {"name": "a.csv:10", "fate": "kept", "side": "validation", "payload": '{"n":2}', "record": '{"q":"2"}'},
            {"name": "a.csv:9", "fate": "rejected", "payload": '{"n":3}', "record": '{"q":"3"}', "findings": [FLAW]},
            {"name": "a.csv:11", "fate": "duplicate", "twin": "a.csv:2", "payload": '{"n":1}', "record": '{"q":" 1"}'},
            {"name": "b.csv:1", "fate": "held", "raw": b"caf\xe9", "trouble": "run.worker-lost x"},
            {"name": "b.csv:2", "fate": "rejected", "raw": b"x,y,z", "trouble": "read.ragged x"},
            {"name": "b.csv:3", "fate": "kept", "side": "train", "payload": '{"n":4}', "record": '{"q":"4"}'},
        ]
        self.rows = [rows[i] for i in arrival] if arrival else rows
        write(self.table(), self.texts, folder=folder, findings=[], settings=WriteSettings(**settings), seed=1)

    def table(self) -> pa.Table:
        column = lambda key, kind: pa.array([row.get(key) for row in self.rows], kind)  # noqa: E731
        return pa.table(
            {key: column(key, pa.string()) for key in ("name", "fate", "side", "twin", "trouble")}
            | {"digest": pa.array([(str(r.get("payload")) * 4).encode()[:16] for r in self.rows], DIGEST)}
            | {"findings": pa.array([row.get("findings", []) for row in self.rows], pa.list_(FINDING))}
        )

    def texts(self, column: str, rows: object) -> Iterator[bytes]:
        for row in rows:  # type: ignore[attr-defined]
            value = self.rows[int(row)].get(column) or b""
            yield value if isinstance(value, bytes) else str(value).encode()

    def lines(self, name: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.folder / name).read_text(encoding="utf-8").splitlines()]


def test_each_side_has_its_own_lines(tmp_path: Path) -> None:
    house = House(tmp_path)

    assert {1, 4} == {line["n"] for line in house.lines("train.jsonl")}
    assert [{"n": 2}] == house.lines("validation.jsonl")


def test_rejects_come_by_file_and_line_as_a_number_with_fate_reason_and_original(tmp_path: Path) -> None:
    first, second, third, fourth = House(tmp_path).lines("rejected.jsonl")

    assert ("a.csv:9", "rejected", {"q": "3"}) == (first["name"], first["fate"], first["original"])
    assert [{"code": "roles.order", "severity": "error", "where": "/messages/1", "message": "Two in a row."}] == first[
        "reasons"
    ]
    assert ("a.csv:11", "duplicate", "a.csv:2") == (second["name"], second["fate"], second["twin"])
    assert b"caf\xe9" == base64.b64decode(str(third["original_base64"]))
    assert "x,y,z" == fourth["original_text"]


def test_the_order_of_the_rows_does_not_change_the_training_files(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    House(tmp_path / "one")
    House(tmp_path / "two", arrival=[6, 5, 4, 3, 2, 1, 0])

    for name in ("train.jsonl", "validation.jsonl", "rejected.jsonl", "findings.jsonl"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_source_order_is_kept_where_the_plan_asks_for_it(tmp_path: Path) -> None:
    assert [1, 4] == [line["n"] for line in House(tmp_path, order="source").lines("train.jsonl")]


def test_a_byte_order_mark_is_written_only_when_asked_for(tmp_path: Path) -> None:
    House(tmp_path, bom=True)

    assert (tmp_path / "train.jsonl").read_bytes().startswith(b"\xef\xbb\xbf{")
    assert not (tmp_path / "rejected.jsonl").read_bytes().startswith(b"\xef")


def test_findings_about_the_dataset_come_first(tmp_path: Path) -> None:
    house = House(tmp_path)
    few = Finding("dataset", "examples.too-few", Severity.ERROR, "", "3; at least 10.")
    write(house.table(), house.texts, folder=tmp_path, findings=[few], settings=WriteSettings(), seed=1)

    assert ["examples.too-few", "roles.order"] == [line["code"] for line in house.lines("findings.jsonl")]


def test_a_row_that_is_not_utf8_names_the_encoding_of_its_file(tmp_path: Path) -> None:
    house = House(tmp_path)
    write(
        house.table(),
        house.texts,
        folder=tmp_path,
        findings=[],
        settings=WriteSettings(),
        seed=1,
        encoding_of={"b.csv": "cp1252"}.get,
    )

    _, _, held, ragged = house.lines("rejected.jsonl")
    assert "cp1252" == held["original_encoding"]
    assert "original_encoding" not in ragged


@given(name=st.text(), twin=st.text(min_size=1), value=st.text())
def test_a_plain_duplicate_has_the_line_that_any_other_row_has(name: str, twin: str, value: str) -> None:
    told = {"name": name, "fate": "duplicate", "twin": twin, "trouble": None, "findings": []}
    record = json.dumps({"q": value}, ensure_ascii=False).encode("utf-8", "replace")

    assert msgspec.json.encode(_reject(told, record, b"", lambda _: None)) == _repeat(name, twin, record)
