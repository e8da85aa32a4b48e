"""tuneset versions: what is on disk of a dataset."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli._options import dataset_option
from pipeline.cli._shelf import shelf

if TYPE_CHECKING:
    from pipeline.publish import Version


@click.command("versions")
@dataset_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print them.")
def command(named: str, form: str) -> None:
    """List the versions of a dataset, the newest first.

    Latest is what everybody reads; accepted is what later builds are compared with; held back is what drifted too far
    to be published, until `tuneset accept` lets it pass.
    """
    from pipeline.cli._outside import outside
    from pipeline.core.place import is_url, shown
    from pipeline.publish import versions

    with shelf(named, outside().cache) as place:
        facts = [_facts(version) for version in reversed(versions(place))]
    folder = shown(named) if is_url(named) else named
    if form == "json":
        click.echo(json.dumps({"folder": str(folder), "versions": facts}, ensure_ascii=False, indent=2))
    elif facts:
        _print(facts)
    else:
        click.echo(f"{folder}: no version yet. Build one with `tuneset build`.")


def _facts(version: "Version") -> dict[str, Any]:
    """Give what its report says of a version; None: it has none, or an older one that does not say."""
    try:
        report = json.loads((version.folder / "report.json").read_bytes())
    except (OSError, ValueError):
        report = {}
    shipped = (report.get("tokens") or {}).get("shipped") or {}
    cost = ((report.get("cost") or {}).get("chosen") or {}).get("training") or {}
    record = version.record
    return {
        "version": version.name,
        "state": version.state,
        "rows_read": report.get("rows_read"),
        "examples": (report.get("fates") or {}).get("kept"),
        "tokens": (shipped.get("total") or {}).get("sum"),
        "usd": [cost.get("low_usd"), cost.get("high_usd")] if cost else None,
        "bytes": _bytes(version.folder),
        "drifted": list(record.drifted),
        "accepted": record.accepted.model_dump() if record.accepted else None,
    }


def _bytes(folder: Path) -> int:
    """Give the size of a version; of one behind a URL not every file is here, and its manifest knows the others."""
    try:
        listed = {
            file["name"]: int(file["bytes"]) for file in json.loads((folder / "manifest.json").read_bytes())["files"]
        }
    except (OSError, ValueError, KeyError):
        listed = {}
    return sum({**listed, **{path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}}.values())


def _print(facts: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    from pipeline.report.figures import count, size

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, head in enumerate(("Version", "State", "Examples", "Tokens", "Cost", "Size", "Accepted by")):
        table.add_column(head, justify="right" if number in {2, 3, 4, 5} else "left", no_wrap=True)
    for fact in facts:
        numbers = ["" if fact[key] is None else count(fact[key]) for key in ("examples", "tokens")]
        by = f"{fact['accepted']['by']}, {fact['accepted']['at']}" if fact["accepted"] else ""
        table.add_row(fact["version"], fact["state"], *numbers, _usd(fact["usd"]), size(fact["bytes"]), by)
    console = Console(width=None if Console().is_terminal else 160)
    console.print(table, highlight=False)
    for fact in facts:
        for sentence in fact["drifted"] if fact["state"] == "held back" else ():
            console.print(f"{fact['version']}: {sentence}", highlight=False, markup=False, soft_wrap=True)


def _usd(span: list[str | None] | None) -> str:
    from decimal import Decimal

    from pipeline.core.money import show_range

    low, high = (Decimal(end) if end is not None else None for end in span or (None, None))
    return "" if low is None else show_range(low, high)
