"""Where a line came from and what became of a row: the questions that lineage.parquet, findings and manifest answer."""

import json
import mmap
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.core.errors import TunesetError
from pipeline.core.order import places
from pipeline.report.figures import plural, share
from pipeline.report.lineage import FILE
from pipeline.report.manifest import MANIFEST

FINDINGS: Final = "findings.jsonl"
SHOWN: Final = 5
"""Rows that are named of a long list."""
_ALL: Final = 1.0


class Twins(NamedTuple):
    """Rows of the same words, or nearly."""

    rows: int
    first: tuple[str, ...]


class Story(NamedTuple):
    """All that is known of one row that was read."""

    name: str
    source: str
    sha256: str | None
    """Of the file it was read from, as it was then; None: the manifest is not there."""
    fate: str
    file: str | None
    """The training file it went to; None: it did not ship."""
    line: int | None
    twin: str | None
    """The row that it repeats."""
    twin_went: str | None
    """`train.jsonl:5`, the line of that row."""
    likeness: float | None
    """1: the same words; None: it is like no other row."""
    speaks_for: Twins
    """Duplicates that it stands for."""
    kin: int
    """Rows, itself counted, that must be on one side of the split."""
    findings: tuple[Mapping[str, str], ...]
    """Code, severity, where, message."""
    mended: tuple[str, ...]
    digest: str | None
    """Of the example; None: it never became one."""

    def text(self) -> str:
        """Give the story for people, a fact a line."""
        return "\n".join(
            [f"{self.name}: {self.fate}", *(f"  {word:<12}{fact}" for word, fact in self._facts() if fact)]
        )

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "went to", f"{self.file}:{self.line}" if self.file else "no training file; see rejected.jsonl"
        yield "repeats", self._twin()
        for finding in self.findings:
            place = f" {finding['where']}" if finding["where"] else ""
            yield "finding", f"{finding['code']} ({finding['severity']}){place}: {finding['message']}"
        yield "repaired", ", ".join(self.mended)
        if self.speaks_for.rows:
            more = ", ..." if self.speaks_for.rows > len(self.speaks_for.first) else ""
            named = ", ".join(self.speaks_for.first) + more
            yield "speaks for", f"{plural(self.speaks_for.rows, 'duplicate')}: {named}"
        if self.kin > 1:
            yield "kin", f"{plural(self.kin, 'row')} that must be on one side"
        yield "read from", f"source {self.source}" + (f", file of sha256 {self.sha256[:16]}" if self.sha256 else "")
        yield "digest", self.digest or ""

    def _twin(self) -> str:
        if self.twin is None:
            return ""
        alike = (
            ""
            if self.likeness is None
            else ", word for word"
            if self.likeness == _ALL
            else f", {share(self.likeness)} alike"
        )
        went = f", which went to {self.twin_went}" if self.twin_went else ""
        return f"{self.twin}{alike}{went}"


def trace(folder: Path, *, file: str, line: int) -> Story:
    """Give the row that one line of a training file was made of; a TunesetError says what is wrong with the question."""
    rows = _rows(folder, (pc.field("file") == file) & (pc.field("line") == line))
    if not rows:
        raise TunesetError(f"{file}:{line}: no such line.{_files(folder)}")
    return _story(folder, rows[0])


def why(folder: Path, *, name: str) -> tuple[Story, ...]:
    """Give what became of a row that was read: one story for each example that it made.

    `name` is `file:line` as findings write it, its end where only one file ends so, or `source:line`. Raises a TunesetError
    that names the nearest rows where there is none.
    """
    place = _Place.of(name)
    rows = _rows(folder, place.condition())
    kinds = [[r for r in rows if r["name"] == place.name], [r for r in rows if place.is_part(r["name"])]]
    kinds += [[r for r in rows if place.is_end(r["name"])], [r for r in rows if r["source"] == place.file]]
    found = next((kind for kind in kinds if kind), [])
    files = sorted({_Place.of(row["name"]).file for row in found})
    if len(files) > 1:
        named = ", ".join(row["name"] for row in found[:SHOWN])
        raise TunesetError(f"{name}: {len(found)} rows end so. Name one in full: {named}.")
    if not found:
        raise TunesetError(f"{name}: {_nearest(folder, place)}")
    return tuple(_story(folder, row) for row in found)


class _Place(NamedTuple):
    """A row's name, taken apart."""

    name: str
    file: str
    line: int | None
    """None: the name has no line."""

    @classmethod
    def of(cls, name: str) -> "_Place":
        found = re.fullmatch(r"(?s)(.*):(\d{1,18})(#\d{1,18})?", name)
        return cls(name, found[1], int(found[2])) if found else cls(name, name, None)

    def is_part(self, name: str) -> bool:
        """Say whether a name is this row's, which was taken apart into several."""
        return name.startswith(f"{self.name}#")

    def is_end(self, name: str) -> bool:
        return f"/{name}".endswith(f"/{self.name}") or f"/{self.name}#" in f"/{name}"

    def condition(self) -> pc.Expression:
        """Give an expression that is true of every row that could be meant."""
        name = pc.field("name")
        fits = (name == self.name) | pc.starts_with(name, f"{self.name}#")
        fits |= pc.ends_with(name, f"/{self.name}") | pc.match_substring(name, f"/{self.name}#")
        if self.line is not None:
            tail = f":{self.name.removeprefix(f'{self.file}:')}"
            fits |= (pc.field("source") == self.file) & (
                pc.ends_with(name, tail) | pc.match_substring(name, f"{tail}#")
            )
        return fits


def _story(folder: Path, row: Mapping[str, Any]) -> Story:
    repeats = _rows(folder, pc.field("name") == row["twin"]) if row["twin"] else []
    twins = _column(folder, "name", pc.field("twin") == row["name"])
    kin = len(_column(folder, "name", pc.field("kin") == row["kin"])) if row.get("kin") else 1
    return Story(
        name=row["name"],
        source=row["source"],
        sha256=_sha256(folder, row),
        fate=row["fate"],
        file=row["file"],
        line=row["line"],
        twin=row["twin"],
        twin_went=f"{repeats[0]['file']}:{repeats[0]['line']}" if repeats and repeats[0]["file"] else None,
        likeness=None if row.get("likeness") is None else round(row["likeness"], 4),
        speaks_for=Twins(len(twins), tuple(twins[:SHOWN].to_pylist())),
        kin=kin,
        findings=tuple(_findings(folder, row)),
        mended=tuple(row["mended"] or ()),
        digest=row["digest"].hex() if row["digest"] else None,
    )


def _findings(folder: Path, row: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    """Give the row's findings with their sentences; only their codes where findings.jsonl is not there."""
    path = folder / FINDINGS
    if not path.is_file() or not row["codes"]:
        yield from ({"code": code, "severity": "", "where": "", "message": ""} for code in row["codes"] or ())
        return
    begin = b'{"name":' + msgspec.json.encode(row["name"]) + b","
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        at = text.find(begin)
        while at >= 0 and text[at : at + len(begin)] == begin:  # they stand side by side
            end = text.find(b"\n", at)
            found = json.loads(text[at:end])
            yield {key: str(found[key]) for key in ("code", "severity", "where", "message")}
            at = end + 1


def _sha256(folder: Path, row: Mapping[str, Any]) -> str | None:
    path, file = folder / MANIFEST, _Place.of(row["name"]).file
    if not path.is_file():
        return None
    sources = json.loads(path.read_bytes())["sources"]
    return next((s["sha256"] for s in sources if s["path"] == file and s["source"] == row["source"]), None)


def _nearest(folder: Path, place: _Place) -> str:
    """Say which rows are there instead: those before and after in the file, or the files that were read."""
    names = _table(folder, ["name", "source"], None)
    where = places(names["name"])
    same = pc.or_(pc.equal(where["file"], place.file), pc.ends_with(where["file"], f"/{place.file}"))
    known = where.filter(pc.or_(same, pc.equal(names["source"], place.file)))
    if place.line is None or not len(known):
        files = [*pc.unique(where["file"]).to_pylist(), *pc.unique(names["source"]).to_pylist()]
        near = get_close_matches(place.file, files, n=1, cutoff=0.4)
        meant = f" Did you mean {near[0]}:{place.line or 2}?" if near else ""
        return f"no row of that name was read.{meant} Names look like data/raw/faq.csv:118."
    file, lines = known["file"][0].as_py(), known["line"]
    before = pc.max(lines.filter(pc.less(lines, place.line))).as_py()
    after = pc.min(lines.filter(pc.greater(lines, place.line))).as_py()
    told = [f"the row before begins at {file}:{before}"] if before is not None else []
    told += [f"the next one at {file}:{after}"] if after is not None else []
    return f"no row begins there; {' and '.join(told)}. A row of several lines has the number of its first."


def _rows(folder: Path, condition: pc.Expression) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _table(folder, None, condition).to_pylist()
    return rows


def _column(folder: Path, name: str, condition: pc.Expression) -> pa.ChunkedArray:
    return _table(folder, [name], condition)[name]


def _table(folder: Path, columns: list[str] | None, condition: pc.Expression | None) -> pa.Table:
    path = folder / FILE
    if not path.is_file():
        raise TunesetError(f"{path}: no such file. Name the folder of a dataset that tuneset built.")
    return pq.read_table(path, columns=columns, filters=condition)


def _files(folder: Path) -> str:
    """List the traced files and how many lines they have."""
    table = pq.read_table(folder / FILE, columns=["file", "line"])
    sizes = table.filter(pc.is_valid(table["file"])).group_by("file", use_threads=False).aggregate([("line", "max")])
    named = [f"{row['file']} has {plural(row['line_max'], 'line')}" for row in sizes.sort_by("file").to_pylist()]
    return f" {'; '.join(named)}." if named else " No line shipped."
