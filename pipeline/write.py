"""The table becomes files: train and validation as they ship, and everything that does not ship with its reasons."""

import base64
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.columns import FINDING, SIDES
from pipeline.core.finding import Finding, Severity
from pipeline.core.order import sorted_rows
from pipeline.core.private import masked
from pipeline.core.ranks import ranks
from pipeline.core.settings import PrivateKind, WriteSettings
from pipeline.core.tombstone import ERASED

BOM: Final = b"\xef\xbb\xbf"
_GRADES: Final = {int(severity): str(severity) for severity in Severity}
ROWS_AT_ONCE: Final = 4_096
"""Lines joined and written at a time, and rows looked up: a call for each costs more than its work."""
Rows = npt.NDArray[np.int64]
Texts = Callable[[str, Rows], Iterator[bytes]]
"""Column name and row numbers → the UTF-8 bytes of those cells, in that order; see `engines.spool`."""

Encodings = Callable[[str], str | None]
"""Address of a source file → the encoding in which it was read; None: not known."""


Lines = Callable[[Rows], Iterator[bytes]]
"""Row numbers → their payloads, in that order."""
Work = TypeVar("Work")
Begun = Callable[[], None]
"""Waits for what was begun."""


def later(work: Work) -> Work:
    """Leave work to be done when it is asked for."""
    return work


def _unknown(address: str) -> None:  # noqa: ARG001 - the shape of Encodings
    return None


class _Line(msgspec.Struct, gc=False):
    """A line of findings.jsonl: a `Finding` with the word for its severity."""

    name: str
    code: str
    severity: str
    where: str
    message: str


class Written(NamedTuple):
    """The rows of each training file in the order of its lines."""

    train: Rows
    validation: Rows


def write(
    table: pa.Table,
    texts: Texts,
    *,
    folder: Path,
    findings: Iterable[Finding],
    settings: WriteSettings,
    seed: int,
    mask: frozenset[PrivateKind] = frozenset(),
    encoding_of: Encodings = _unknown,
    lines: Lines | None = None,
    begin: Callable[[Begun], Begun] = later,
) -> Written:
    """Write train, validation, rejected and findings as JSON lines: UTF-8, LF, every file ends in a line end.

    `mask` are kinds of private data that rejected.jsonl only names; empty: originals stand there byte for byte.
    `encoding_of` is asked only for rows that are not UTF-8, by the address of their file.
    `begin` may write a training file in another process; what it is given holds `lines`, None: payloads by `texts`.
    `table` has name, digest, fate, side, twin, trouble and findings; `findings` are those about the whole dataset.
    """
    shipped = _equal(table["fate"], "kept")
    by_place = sorted_rows(table["name"])
    kept = by_place[shipped[by_place]]
    if settings.order == "shuffled":
        kept = _shuffled(table.select(["digest", "name"]), np.sort(kept), seed)
    sides = [kept[_equal(table["side"], side)[kept]] for side in SIDES]
    payloads = lines or partial(texts, "payload")
    head = BOM if settings.bom else b""
    begun = [
        begin(partial(_ship, folder / f"{side}.jsonl", head, payloads, rows))
        for side, rows in zip(SIDES, sides, strict=True)
    ]
    with (folder / "rejected.jsonl").open("wb") as file:
        _lines(file, _rejects(table, texts, by_place[~shipped[by_place]], mask, encoding_of))
    with (folder / "findings.jsonl").open("wb") as file:
        file.writelines(findings_lines(findings))
        file.writelines(_encoded(_row_findings(table, by_place)))
    for wait in begun:
        wait()
    return Written(*sides)


def _ship(path: Path, head: bytes, lines: Lines, rows: Rows) -> None:
    with path.open("wb") as file:
        file.write(head)
        _lines(file, lines(rows))


def _row_findings(table: pa.Table, rows: Rows) -> Iterator[_Line]:
    """Give the findings of these rows, in this order, as lines of findings.jsonl: the struct is the line but for its name."""
    flawed = rows[_lengths(table["findings"])[rows] > 0]
    for part in _few(table.select(["name", "findings"]), flawed):
        found = part["findings"].combine_chunks()
        names = part["name"].take(found.value_parent_indices()).to_pylist()
        codes, grades, places, messages = (found.flatten().field(field.name).to_pylist() for field in FINDING)
        yield from map(_Line, names, codes, map(_GRADES.__getitem__, grades), places, messages)


def findings_lines(findings: Iterable[Finding]) -> Iterator[bytes]:
    """Give the lines of findings.jsonl, some thousands at a time."""
    return _encoded(_Line(name, code, _GRADES[grade], where, text) for name, code, grade, where, text in findings)


def _encoded(lines: Iterable[_Line]) -> Iterator[bytes]:
    """Give JSON lines with their ends: of thousands at once in a fourth of the time."""
    waiting = iter(lines)
    while some := list(islice(waiting, ROWS_AT_ONCE)):
        yield msgspec.json.Encoder().encode_lines(some)


def _shuffled(table: pa.Table, rows: Rows, seed: int) -> Rows:
    """Give the rows in the order of their seeded digests, equal ones by name."""
    some = table.take(pa.array(rows))
    ranked = pa.table({"hash": pa.array(ranks(some["digest"], seed), pa.uint64()), "name": some["name"]})
    order = pc.sort_indices(ranked, [("hash", "ascending"), ("name", "ascending")])
    return rows[np.asarray(order.to_numpy(), dtype=np.int64)]


def _few(table: pa.Table, rows: Rows) -> Iterator[pa.Table]:
    """Give these rows of the table, some thousands at a time: a lookup of one costs as much as one of a hundred."""
    whole = table.combine_chunks()
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield whole.take(pa.array(rows[start : start + ROWS_AT_ONCE]))


def _rejects(
    table: pa.Table, texts: Texts, rows: Rows, mask: frozenset[PrivateKind], encoding_of: Encodings
) -> Iterator[bytes]:
    """Give the lines of rejected.jsonl; those of plain duplicates, of which there may be very many, by joining bytes."""
    records = texts("record", rows)
    told = table.select(["name", "fate", "twin", "trouble", "findings"])
    for start, part in zip(range(0, len(rows), ROWS_AT_ONCE), _few(told, rows), strict=True):
        here = list(islice(records, len(part)))
        unread = [place for place, record in enumerate(here) if not record]
        raw = dict(zip(unread, texts("raw", rows[[start + place for place in unread]]), strict=True))
        plain = _equal(part["fate"], "duplicate") & ~part["trouble"].is_valid().to_numpy()
        plain &= (_lengths(part["findings"]) == 0) & np.array([bool(record) and not mask for record in here])
        others = iter(part.filter(pa.array(~plain)).to_pylist())
        named = zip(plain.tolist(), part["name"].to_pylist(), part["twin"].to_pylist(), here, strict=True)
        for place, (is_plain, name, twin, record) in enumerate(named):
            if is_plain:
                yield _repeat(name, twin, record)
                continue
            shown = record, raw.get(place, b"")
            original = (_masked(shown[0], mask), _masked(shown[1], mask)) if mask else shown
            yield msgspec.json.encode(_reject(next(others), *original, encoding_of))


def _repeat(name: str, twin: str, record: bytes) -> bytes:
    """Give the line that `_reject` gives of a row that repeats another and has no flaw: in a fourth of the time."""
    told = msgspec.json.encode(twin)
    reason = b'{"code":"duplicate","severity":"info","where":"","message":"Repeats %b."}' % told[1:-1]
    head = b'{"name":%b,"fate":"duplicate","twin":%b,' % (msgspec.json.encode(name), told)
    return b'%b"reasons":[%b],"original":%b}' % (head, reason, record)


def _reject(values: dict[str, Any], record: bytes, raw: bytes, encoding_of: Encodings) -> dict[str, Any]:
    """Give one line of rejected.jsonl: address, fate, reasons and the original content, byte for byte."""
    reasons = [
        {"code": f["code"], "severity": str(Severity(f["severity"])), "where": f["where"], "message": f["message"]}
        for f in values["findings"]
    ]
    if values["fate"] == "duplicate":
        reasons.append({"code": "duplicate", "severity": "info", "where": "", "message": f"Repeats {values['twin']}."})
    return {
        "name": values["name"],
        "fate": values["fate"],
        **({"twin": values["twin"]} if values["twin"] else {}),
        "reasons": reasons,
        **(
            {}
            if (values["trouble"] or "").startswith(ERASED)
            else _original(record, raw, lambda: encoding_of(place_of(values["name"])[0]))
        ),
    }


def _masked(original: bytes, kinds: frozenset[PrivateKind]) -> bytes:
    """Give a row in which private data is only named; bytes that are no UTF-8 are searched as Latin-1."""
    try:
        return masked(original.decode("utf-8"), kinds).encode()
    except UnicodeDecodeError:
        return masked(original.decode("latin-1"), kinds).encode("latin-1")


def _original(record: bytes, raw: bytes, encoding: Callable[[], str | None]) -> dict[str, Any]:
    """Give the record, else the bytes as text, else as base64 with the encoding in which their file was read."""
    if record:
        return {"original": msgspec.Raw(record)}
    try:
        return {"original_text": raw.decode("utf-8")}
    except UnicodeDecodeError:
        told, name = {"original_base64": base64.b64encode(raw).decode("ascii")}, encoding()
        return told if name is None else {**told, "original_encoding": name}


def _lines(file: BinaryIO, lines: Iterable[bytes]) -> None:
    waiting = iter(lines)
    while some := list(islice(waiting, ROWS_AT_ONCE)):
        file.write(b"\n".join([*some, b""]))


def _equal(column: pa.ChunkedArray, value: str) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.fill_null(pc.equal(column, value), False).to_numpy(zero_copy_only=False), dtype=bool)


def _lengths(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    return np.asarray(pc.fill_null(pc.list_value_length(column), 0).to_numpy(), dtype=np.int64)


def place_of(name: str) -> tuple[str, int, int]:
    """Give the place of a name in the order people expect: file, line, part."""
    place, _, part = name.rpartition("#") if "#" in name.rpartition(":")[2] else (name, "", "0")
    path, _, line = place.rpartition(":")
    return path, int(line) if line.isdigit() else 0, int(part) if part.isdigit() else 0
