"""Which built dataset a question is about: the folder and version options, shared by the commands that ask."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from pipeline.report.whereabouts import Story

Command = TypeVar("Command", bound=Callable[..., Any])


def about_a_dataset(command: Command) -> Command:
    """Add `--folder`, `--version` and `--format` to a command."""
    options = (
        click.option(
            "--folder",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            default=Path("data/processed"),
            show_default=True,
            help="Folder of the dataset.",
        ),
        click.option(
            "--version",
            default=None,
            metavar="NAME",
            help="Another version, as `tuneset versions` lists them. [default: the published one]",
        ),
        click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def place(folder: Path, version: str | None) -> Path:
    """Give the folder of one version; a TunesetError lists those that are there."""
    if version is None:
        return folder
    from pipeline.publish import find

    return find(folder, version).folder


def tell(stories: Sequence["Story"], form: str) -> None:
    """Print what is known of rows."""
    if form == "json":
        told = [story._asdict() | {"speaks_for": story.speaks_for._asdict()} for story in stories]
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        click.echo("\n\n".join(story.text() for story in stories))
