"""Options that several commands share."""

from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from pipeline.cli._shelf import FolderOrUrl
from pipeline.core.errors import PlanError

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


def usd(text: str, option: str) -> Decimal:
    """Give the amount of dollars that an option names; PlanError where it is none."""
    try:
        amount = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise PlanError(f"{option}: {text!r} is no amount of dollars. Expected a number such as 2.50.")
    return amount
