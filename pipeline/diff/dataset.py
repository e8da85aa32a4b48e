"""One of the two datasets: its rows as a thin table, its texts on disk, and what its report says."""

import hashlib
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from pipeline.core.columns import DIGEST, SIDES
from pipeline.core.errors import TunesetError
from pipeline.diff.model import Facts
from pipeline.measure.language import languages, spoken
from pipeline.report.lineage import FILE as LINEAGE
from pipeline.report.model import Report

COLUMNS: Final = ("name", "source", "digest", "fate", "codes", "file", "line")
Rows = npt.NDArray[np.int64]
BOM: Final = b"\xef\xbb\xbf"


class Lines:
    """The lines of a file, read in place: only where each begins is held in memory."""

    def __init__(self, path: Path) -> None:
        self._size = path.stat().st_size
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self._size else b""
        self.ends = np.concatenate([np.zeros(0, np.int64), *self._ends()])

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, line: int) -> bytes:
        """Give a line by its number from 1, without its line end."""
        start = int(self.ends[line - 2]) + 1 if line > 1 else 0
        text = bytes(self._map[start : int(self.ends[line - 1])]).rstrip(b"\r")
        return text.removeprefix(BOM) if line == 1 else text

    def close(self) -> None:
        """Let go of the file."""
        if isinstance(self._map, mmap.mmap):
            self._map.close()

    def _ends(self) -> Iterator[Rows]:
        step, last = 1 << 24, 0
        for start in range(0, self._size, step):
            block = np.frombuffer(self._map[start : start + step], dtype=np.uint8)
            found = np.flatnonzero(block == ord("\n")) + start
            last = int(found[-1]) + 1 if len(found) else last
            yield found.astype(np.int64)
        if last < self._size:
            yield np.array([self._size], dtype=np.int64)


class Dataset(NamedTuple):
    """What is compared."""

    name: str
    table: pa.Table
    """`COLUMNS` of every row that was read; of a plain file, of every line."""
    lines: dict[str, Lines]
    """By the name of the file."""
    report: Report | None
    """None: a plain file, or an older tuneset."""

    def text(self, row: int) -> str:
        """Give the payload of a row that ships."""
        file, line = self.table["file"][row].as_py(), self.table["line"][row].as_py()
        return self.lines[file][line].decode("utf-8", "replace")

    def shipped(self) -> Rows:
        """Give the rows that ship."""
        return np.flatnonzero(pc.is_valid(self.table["file"]).to_numpy(zero_copy_only=False)).astype(np.int64)

    def close(self) -> None:
        """Let go of the files."""
        for lines in self.lines.values():
            lines.close()

    def facts(self) -> Facts:
        """Give the counts of this side."""
        report, shipped = self.report, self.table.take(pa.array(self.shipped()))
        counted = {"examples": len(shipped), "name": self.name, "sides": _counts(shipped["file"])}
        if report is None:
            said = languages(spoken(self._kept(), lambda rows: [self.text(int(row)) for row in rows], method="sft"))
            return Facts(**counted, languages=said)
        tokens, cost, portrait = report.tokens.shipped, report.cost, report.portrait
        return Facts(
            **counted,
            rows_read=report.rows_read,
            tokens=tokens.total.sum if tokens else None,
            median_tokens=tokens.total.median if tokens else None,
            p95_tokens=tokens.total.p95 if tokens else None,
            training=cost.chosen.training if cost else None,
            fates=dict(report.fates),
            sources=_counts(shipped["source"]),
            labels=portrait.labels or {} if portrait else {},
            languages=portrait.languages if portrait else {},
        )

    def _kept(self) -> pa.Table:
        return self.table.select(["digest", "fate"])


def open_dataset(place: Path, *, name: str) -> Dataset:
    """Open a folder that tuneset built, or a file of examples in JSON lines; TunesetError says what is not there."""
    if place.is_dir():
        return _built(place, name)
    if not place.is_file():
        raise TunesetError(f"{place}: no such folder, file or version. `tuneset versions` lists the versions.")
    return _plain(place, name)


def _built(folder: Path, name: str) -> Dataset:
    if not (folder / LINEAGE).is_file():
        raise TunesetError(f"{folder}: no {LINEAGE} in it. Name a dataset that tuneset built, or a file in JSON lines.")
    table = pq.read_table(folder / LINEAGE, columns=list(COLUMNS))
    try:
        report = Report.model_validate_json((folder / "report.json").read_bytes())
    except (OSError, ValidationError):
        report = None
    files = [folder / f"{side}.jsonl" for side in SIDES]
    return Dataset(name, table, {path.name: Lines(path) for path in files if path.is_file()}, report)


def _plain(path: Path, name: str) -> Dataset:
    lines = Lines(path)
    numbers = [number for number in range(1, len(lines) + 1) if lines[number].strip()]
    count = len(numbers)
    columns = {
        "name": pa.array([f"{path.name}:{number}" for number in numbers], pa.string()),
        "source": pa.array([path.name] * count, pa.string()),
        "digest": pa.array([hashlib.sha256(lines[number]).digest()[:16] for number in numbers], DIGEST),
        "fate": pa.array(["kept"] * count, pa.string()),
        "codes": pa.nulls(count, pa.list_(pa.string())),
        "file": pa.array([path.name] * count, pa.string()),
        "line": pa.array(numbers, pa.int64()),
    }
    return Dataset(name, pa.table(columns), {path.name: lines}, None)


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    counts = {entry["values"]: entry["counts"] for entry in pc.value_counts(column).to_pylist()}
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
