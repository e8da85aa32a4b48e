"""tuneset trace: where a line came from."""

from pathlib import Path

import click

from pipeline.cli._dataset import about_a_dataset, place, tell


@click.command("trace")
@click.argument("line", metavar="FILE:LINE")
@about_a_dataset
def command(line: str, folder: Path, version: str | None, form: str) -> None:
    """Say which row a line of train.jsonl or validation.jsonl was made of.

    `tuneset why` answers the other question: what became of a row.

    \b
    tuneset trace train.jsonl:17                        the row of the spreadsheet, and what was done to it
    tuneset trace train.jsonl:17 --version 2026-11-21T020000Z
    """
    from pipeline.report import whereabouts

    file, _, number = line.rpartition(":")
    dataset = place(folder, version)
    if file.endswith(("train.jsonl", "validation.jsonl")) and number.isdigit():
        story = whereabouts.trace(dataset, file=Path(file).name, line=int(number))
        if form == "text":
            click.echo(f"{Path(file).name}:{number} comes from")
        tell([story], form)
    else:
        tell(whereabouts.why(dataset, name=line), form)
