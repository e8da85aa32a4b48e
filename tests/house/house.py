"""A small house to build in: sources written by the test, outputs read back."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.cli._progress import Silent
from pipeline.engines.local import Local
from pipeline.plan import Plan, parse
from pipeline.run import Outcome, Setting, build

VOCABULARIES = Path(__file__).parents[2] / ".cache" / "vocabulary"
"""Unpacked once for all tests; no home folder is touched."""


class House:
    """A folder with sources and a plan, and what a build of it gave."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, **files: str | bytes) -> "House":
        """Write sources; the name's last underscore stands for the dot."""
        for name, content in files.items():
            path = self.root / ".".join(name.rsplit("_", 1))
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return self

    def plan(self, *sources: dict[str, Any], **tables: Any) -> Plan:
        """Give a plan of these sources; the gates are off unless the test asks for them."""
        given = sources or ({"path": "faq.csv", "compose": {"recipe": "pairs"}},)
        return parse({"source": list(given), "expect": {"enabled": False}, "drift": {"enabled": False}, **tables})

    def build(
        self,
        *sources: dict[str, Any],
        workers: int = 1,
        batch_rows: int = 2_000,
        remembers: bool = True,
        today: date = date(2026, 11, 22),
        api_key: str | None = None,
        base_url: str | None = None,
        stamp: str = "test",
        accepted_by: str | None = None,
        **tables: Any,
    ) -> Outcome:
        """Build the plan and give the outcome."""
        setting = self.setting(
            today=today,
            stamp=stamp,
            remembered=self.root / "cache/rows" if remembers else None,
            engine=Local(workers),
            batch_rows=batch_rows,
            api_key=api_key,
            base_url=base_url,
            accepted_by=accepted_by,
        )
        return build(self.plan(*sources, **tables), setting)

    def setting(self, **given: Any) -> Setting:
        """Give where and when a build of this house runs."""
        usual = {"today": date(2026, 11, 22), "engine": Local(1), "stamp": "test", "cache": self.root / "cache"}
        return Setting(root=self.root, vocabularies=(str(VOCABULARIES),), progress=Silent(), **(usual | given))

    def read(self, name: str) -> bytes:
        """Give the bytes of a published file."""
        return (self.root / "data/processed" / name).read_bytes()

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Give the lines of a published file."""
        return [json.loads(line) for line in self.read(name).decode("utf-8").splitlines()]

    def examples(self) -> list[dict[str, Any]]:
        """Give every example that ships."""
        return [*self.lines("train.jsonl"), *self.lines("validation.jsonl")]

    def fates(self) -> dict[str, str]:
        """Give the fate of each row that did not ship."""
        return {str(line["name"]): str(line["fate"]) for line in self.lines("rejected.jsonl")}

    def published(self) -> dict[str, bytes]:
        """Give every published file."""
        folder = self.root / "data/processed/latest"
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
