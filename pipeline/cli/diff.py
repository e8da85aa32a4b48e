"""tuneset diff: what is different between two datasets."""

from pathlib import Path

import click


@click.command("diff")
@click.argument("old")
@click.argument("new")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data/processed"),
    show_default=True,
    help="Folder of the dataset whose versions are named.",
)
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", help="How to show it.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Write it to this file.")
@click.option("--examples", type=click.IntRange(min=0), default=10, show_default=True, help="Texts shown of each kind.")
@click.option("--exit-code", is_flag=True, help="Exit 1 when there is a difference.")
def command(old: str, new: str, *, folder: Path, form: str, output: Path | None, examples: int, exit_code: bool) -> int:
    """Show what is different between two datasets.

    OLD and NEW are versions (`latest`, `accepted`, `held`, or the beginning of a name), folders of datasets, or files of
    examples in JSON lines.

    \b
    tuneset diff accepted held                           what was held back, and why
    tuneset diff 2026-11-20 latest --format html --output diff.html
    tuneset diff old/train.jsonl new/train.jsonl         any two files
    """
    from pipeline.cli._light import without_pandas

    without_pandas()
    from pipeline.diff.compare import compare
    from pipeline.diff.dataset import open_dataset
    from pipeline.diff.faces import as_json, as_page, as_text

    sides = [open_dataset(_place(name, folder), name=_named(name, folder)) for name in (old, new)]
    found = compare(*sides, shown=examples)
    for side in sides:
        side.close()
    told = {"text": as_text, "json": as_json, "html": as_page}[form](found)
    if output:
        output.write_text(told, encoding="utf-8")
    else:
        click.echo(told, nl=False)
    return int(exit_code and not found.is_none)


def _place(name: str, folder: Path) -> Path:
    """Give where a side lies: what exists under that name, else a version."""
    from pipeline.publish import find

    return Path(name) if Path(name).exists() else find(folder, name).folder


def _named(name: str, folder: Path) -> str:
    place = _place(name, folder)
    return name if Path(name).exists() or place.name == name else f"{name} ({place.name})"
