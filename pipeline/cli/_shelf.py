"""The folder of a dataset, wherever it lies: what is behind a URL is brought here for the while and taken back at the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from pipeline.core.place import is_url


class FolderOrUrl(click.ParamType[str]):
    """A folder that exists, or a URL."""

    name = "folder or URL"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Give it as it was typed."""
        if not is_url(value) and not Path(value).is_dir():
            self.fail(f"Directory {value!r} does not exist.", param, ctx)
        return value


@contextmanager
def shelf(
    named: str, cache: Path, *, root: Path | None = None, tell: Callable[[str], None] | None = None
) -> Iterator[Path]:
    """Give the folder; one behind a URL is a copy in the cache of what a build needs, until the block ends.

    What is published in the copy is published behind the URL, unless the block fails.
    """
    if not is_url(named):
        yield root / named if root else Path(named)
        return
    from pipeline.publish import mirrored

    with mirrored(named, cache / "shelves", tell=tell) as folder:
        yield folder
