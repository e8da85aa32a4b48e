"""tuneset export: the same examples in another platform's format."""

from pathlib import Path

import click

from pipeline.cli._files import FileOrUrl, here


@click.command("export")
@click.argument("files", nargs=-1, required=True, type=FileOrUrl())
@click.option("--target", "name", required=True, help="`platform/model`, as `tuneset targets` lists it.")
@click.option(
    "--method", type=click.Choice(["sft", "dpo", "rft"]), default="sft", show_default=True, help="Training method."
)
@click.option("--format", "form", default=None, help="One of the target's formats. [default: its first]")
@click.option(
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder for the files. [default: export/TARGET]",
)
def command(files: tuple[str, ...], name: str, method: str, form: str | None, folder: Path | None) -> int:
    """Write files of examples in the format of another platform.

    Says what changed on the way, what was lost, and what had to be left out. `tuneset check --target all` shows it for
    every target beforehand.
    """
    from typing import cast

    from pipeline.core.example import Method
    from pipeline.export import export_files
    from pipeline.targets import LOSSES, load

    target = load(name)
    goal = folder or Path("export") / target.id.replace("/", "-")
    with here(files) as paths:
        made = export_files(paths, target=target, method=cast("Method", method), folder=goal, form=form)
    for path in made.files:
        click.echo(path)
    click.echo(f"{made.examples - made.left_out:,} of {made.examples:,} examples written for {target.title}.", err=True)
    for code, count in made.losses.items():
        kind, sentence = LOSSES[code]
        click.echo(f"  {kind:<8}  {count:>7,}  {sentence}", err=True)
    return int(made.left_out > 0)
