"""Options that several commands share."""

from pathlib import Path

import click

from pipeline.cli._shelf import FolderOrUrl

plan_option = click.option(
    "--plan",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("dataset.toml"),
    show_default=True,
    help="The plan.",
)
workers_option = click.option(
    "--workers", type=click.IntRange(min=1), default=None, help="Processes. [default: one a core]"
)
dataset_option = click.option(
    "--folder",
    "named",
    type=FolderOrUrl(),
    default="data/processed",
    show_default=True,
    help="Folder of the dataset, or its URL.",
)
