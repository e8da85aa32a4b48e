"""tuneset cache: what is kept between runs, and getting rid of it."""

import json
from pathlib import Path

import click


@click.group("cache", invoke_without_command=True)
@click.option("--verify", is_flag=True, help="Hold every entry to its sum and remove what is damaged.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@click.pass_context
def command(context: click.Context, *, verify: bool, form: str) -> int:
    """Show what is kept between builds: where, how much, and how much of it the last run could use.

    The cache holds texts of your datasets, for your eyes only. It may be deleted at any time: the next build takes longer.
    """
    if context.invoked_subcommand:
        return 0
    from pipeline.remember import keeping

    folder = _folder()
    removed = keeping.sweep(folder) if verify else 0
    held = list(keeping.entries(folder))
    tally = keeping.read_tally(folder)
    size = sum(one.size for one in held)
    facts = {"folder": str(folder), "entries": len(held), "bytes": size, "damaged": removed}
    if form == "json":
        last = None if tally is None else {"rows": tally.rows, "rows_found": tally.rows_found}
        click.echo(json.dumps({**facts, "last_run": last}))
        return 0
    click.echo(f"{folder}\n{len(held):,} entries, {size / 1e6:,.1f} MB")
    if tally is not None:
        click.echo(f"last run: {tally.rows_found:,} of {tally.rows:,} rows were there already")
    if verify:
        click.echo(f"{removed:,} damaged entries removed" if removed else "every entry is sound")
    return 0


@command.command("clear")
def clear() -> int:
    """Delete all that is kept of rows. Answers of the Moderation API, which cost money, stay."""
    from pipeline.remember import keeping

    click.echo(f"{keeping.clear(_folder()) / 1e6:,.1f} MB deleted")
    return 0


def _folder() -> Path:
    from pipeline.cli._outside import outside

    return outside().cache / "rows"
