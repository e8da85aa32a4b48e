"""A desk on which a test lays a file and reads it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.read import SourceFiles, Wanted, find, pieces_of, rows
from pipeline.read.table import read_settings


def by_pieces(found: SourceFiles, wanted: Wanted) -> list[dict[str, Any]]:
    """Give the same table, each piece of it read by itself; every test of this folder holds both to be equal."""
    table = []
    for piece in pieces_of([found], wanted):
        batch = piece.read()
        columns = batch.select(["record", "raw", "unread"]).to_pylist()
        names = piece.names(batch["line"]).to_pylist()
        table += [{"name": name, "source": piece.source, **row} for name, row in zip(names, columns, strict=True)]
    return table


class Desk:
    """A folder with files, read as the pipeline reads them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def lay(self, name: str, content: bytes | str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def table(self, pattern: str, *, batch_rows: int = 2_000, **read: Any) -> list[dict[str, Any]]:
        from pydantic import TypeAdapter

        settings = TypeAdapter(read_settings()).validate_python(read)
        found = find("desk", pattern, root=self.root, read=settings)
        table = [row for batch in rows([found], batch_rows=batch_rows) for row in batch.to_pylist()]
        assert table == by_pieces(found, Wanted(3, 100) if len(table) < 1_000 else Wanted())
        return table

    def read(self, name: str, content: bytes | str, **read: Any) -> list[dict[str, Any]]:
        """Give the records; a test that meets an unreadable row fails with its trouble."""
        self.lay(name, content)
        table = self.table(name, **read)
        assert [] == [row["unread"] for row in table if row["unread"]]
        return [json.loads(row["record"]) for row in table]

    def troubles(self, name: str, content: bytes | str, **read: Any) -> dict[str, str]:
        """Give name → trouble of the rows that could not be read."""
        self.lay(name, content)
        return {row["name"]: row["unread"] for row in self.table(name, **read) if row["unread"]}

    def names(self, name: str, content: bytes | str, **read: Any) -> list[str]:
        self.lay(name, content)
        return [row["name"] for row in self.table(name, **read)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(scope="session")
def fresh_desk(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Desk]:
    """A new desk for every example of a Hypothesis law."""
    folders: Iterator[int] = iter(range(10**9))
    root = tmp_path_factory.mktemp("desks")

    def fresh() -> Desk:
        folder = root / str(next(folders))
        folder.mkdir()
        return Desk(folder)

    return fresh
