"""tuneset why: what became of a row."""

from pathlib import Path

import click

from pipeline.cli._dataset import about_a_dataset, place, tell


@click.command("why")
@click.argument("row", metavar="SOURCE:ROW")
@about_a_dataset
def command(row: str, folder: Path, version: str | None, form: str) -> None:
    """Say what became of a row that was read: its fate, the reason, its twins, and the line where it went.

    A row that made several examples is told of once for each. A row that is not there: the nearest ones are named.

    \b
    tuneset why data/raw/faq.csv:118        a row by file and line, as findings write it
    tuneset why faq.csv:118                 the end is enough, and so is the source's name: faq:118
    tuneset why chats.json:4#2              the second example of what stands on line 4
    """
    from pipeline.report import whereabouts

    tell(whereabouts.why(place(folder, version), name=row), form)
