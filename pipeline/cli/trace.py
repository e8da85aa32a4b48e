"""tuneset trace: where a line came from, and what became of a row."""

from pathlib import Path

import click


@click.command("trace")
@click.argument("place", metavar="FILE:LINE")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("data/processed"),
    show_default=True,
    help="Folder of the dataset.",
)
def command(place: str, folder: Path) -> None:
    """Say where a line came from, or what became of a row.

    \b
    tuneset trace train.jsonl:17          the row of the source that this line was made of
    tuneset trace data/raw/faq.csv:118    the fate of that row, and the line where it went
    """
    from pipeline.report.lineage import fate_of, trace

    file, _, line = place.rpartition(":")
    if file.endswith(("train.jsonl", "validation.jsonl")) and line.isdigit():
        click.echo(trace(folder, file=Path(file).name, line=int(line)))
    else:
        click.echo(fate_of(folder, name=place))
