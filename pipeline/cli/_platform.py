"""An open platform for a command, and the ledger of the folder that it works on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.core.errors import TunesetError

if TYPE_CHECKING:
    from pipeline.submit import Platform
    from pipeline.submit.ledger import Book, Sent


jobs_folder_option = click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("data/processed"),
    show_default=True,
    help="Folder of the training file.",
)


@contextmanager
def opened(name: str) -> "Iterator[Platform]":
    """Open a platform with what the environment says, and close it."""
    from pipeline.cli._outside import access
    from pipeline.submit import kinds

    kind = kinds()[name]
    platform = kind.open(access(kind))
    try:
        yield platform
    finally:
        platform.close()


def book_of(folder: Path) -> "Book":
    """Give the ledger of a folder."""
    from pipeline.submit.ledger import Book

    return Book(folder)


def sent_of(book: "Book", name: str | None) -> "Sent":
    """Give the record of a job or tuned model; without a name the newest. TunesetError lists those that are there."""
    jobs = [sent for sent in book.read().jobs if sent.job]
    if not jobs:
        raise TunesetError(f"{book.folder}: no job was started from here. Start one with `tuneset submit`.")
    if name is None:
        return jobs[-1]
    found = book.read().named(name)
    if found is None:
        raise TunesetError(
            f"{name}: not started from {book.folder}. There are {', '.join(str(one.job) for one in jobs[-5:])}."
        )
    return found
