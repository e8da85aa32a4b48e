"""tuneset targets: where a model can be tuned, for how much, and for how long."""

from datetime import datetime

import click


@click.command("targets")
@click.argument("name", required=False)
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), default=None, help="Day to judge dates by. [default: today]"
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def command(name: str | None, as_of: datetime | None, form: str) -> None:
    """List the platforms and models that files can be made for, or show one in full.

    Prices and limits carry the day on which they were read; what is not documented is said to be unknown.
    """
    import msgspec

    from pipeline.cli._outside import outside
    from pipeline.targets import load, targets_table

    day = as_of.date() if as_of else outside().today
    if name:
        value = load(name).model_dump(mode="json", exclude_none=True)
        click.echo(msgspec.json.format(msgspec.json.encode(value)).decode())
        return
    rows = targets_table(day)
    if form == "json":
        values = [row.model_dump(mode="json") for row in rows]
        click.echo(msgspec.json.format(msgspec.json.encode(values)).decode())
        return
    _print(rows, day)


def _print(rows, day) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - types of a lazy import
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, right in (
        ("target", False),
        ("methods", False),
        ("tokens", True),
        ("training", False),
        ("as of", False),
        (f"on {day}", False),
    ):
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading == "target")
    for row in rows:
        tokens = f"{row.max_tokens:,}" if row.max_tokens else "unknown"
        as_of = row.price_as_of.isoformat() if row.price_as_of else ""
        style = {"closed": "dim", "shut down": "dim", "closing": "yellow"}.get(row.state, "")
        table.add_row(row.id, ", ".join(row.methods), tokens, row.price, as_of, row.lifetime, style=style)
    Console().print(table)
    click.echo(f"\n{len(rows)} targets. `tuneset targets NAME` shows one with the source of every fact.", err=True)
