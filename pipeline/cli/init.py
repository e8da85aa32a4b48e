"""tuneset init: the first plan."""

from pathlib import Path

import click


@click.command("init")
@click.option(
    "--from",
    "files",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="A file, or a folder of files of one shape, to propose columns and recipe for; may be given several times.",
)
@click.option(
    "--plan",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("dataset.toml"),
    show_default=True,
    help="Where to write the plan.",
)
@click.option(
    "--choice", type=click.IntRange(min=1), default=None, help="Number of the proposal to take. [default: the best]"
)
@click.option("--force", is_flag=True, help="Write over a plan that is there.")
def command(files: tuple[Path, ...], path: Path, choice: int | None, *, force: bool) -> None:
    """Write a commented plan that works, and show what it would compose.

    With --from it looks at your file, proposes columns and a recipe, and shows three examples. Without it, it takes the
    files of data/raw, or writes a small example there to begin with.
    """
    from pipeline.core.errors import PlanError
    from pipeline.start import plan_text

    if path.exists() and not force:
        raise PlanError(f"{path}: there is a plan already. Add --force to write over it, or --plan FILE for another.")
    root = path.absolute().parent
    drafts = [_drafted(file, root, choice) for file in files or _found(root)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(plan_text(drafts, name=root.name), encoding="utf-8")
    click.echo(
        f"Wrote {path}. Look at it, then run: tuneset build{'' if path.name == 'dataset.toml' else f' --plan {path}'}"
    )


def _drafted(file: Path, root: Path, choice: int | None):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a lazy import's type
    """Propose, show, and on a terminal let the user choose."""
    import sys

    from pipeline.start import draft, shown

    one = draft(file, root=root, choice=(choice or 1) - 1)
    proposals = [one.proposal, *one.others] if choice is None else []
    if len(proposals) > 1 and sys.stdin.isatty() and sys.stdout.isatty():
        for number, proposal in enumerate(proposals, 1):
            click.echo(f"  {number}  {proposal.reason}")
        picked = click.prompt("Which one", type=click.IntRange(1, len(proposals)), default=1)
        one = draft(file, root=root, choice=picked - 1)
    click.secho(f"{one.address}", bold=True)
    encoding = f", {one.look.encoding}" if one.look.encoding else ""
    click.echo(f"  {one.look.format}{encoding}; columns: {', '.join(one.look.columns)}")
    click.echo(f"  {one.proposal.reason}")
    for note in one.look.notes:
        click.echo(f"  note: {note}")
    if one.is_html:
        click.echo("  note: most cells hold HTML; `mend.html = true` in the plan turns it into text.")
    for number, payload in enumerate(one.payloads, 1):
        click.echo(f"\n  example {number}\n{shown(payload)}")
    if one.troubles:
        click.echo(f"\n  {len(one.troubles)} of the first rows would be left out, the first: {one.troubles[0]}")
    click.echo()
    return one


def _found(root: Path) -> list[Path]:
    """Give the files of data/raw, or write the example."""
    from pipeline.core.errors import SourceError
    from pipeline.read import find
    from pipeline.start import EXAMPLE, example_csv

    try:
        return [path for path, _ in find("raw", "data/raw", root=root).files if isinstance(path, Path)]
    except SourceError:
        example = root / EXAMPLE
        example.parent.mkdir(parents=True, exist_ok=True)
        example.write_bytes(example_csv())
        click.echo(f"No data in data/raw yet: wrote {EXAMPLE} to begin with.")
        return [example]
