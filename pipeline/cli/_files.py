"""Files named on the command line, wherever they lie: what is behind a URL is copied here for the while."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from pipeline.core.place import is_url


class FileOrUrl(click.ParamType[str]):
    """A file that exists, or a URL."""

    name = "file or URL"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Give it as it was typed."""
        if not is_url(value) and not Path(value).is_file():
            self.fail(f"File {value!r} does not exist.", param, ctx)
        return value


@contextmanager
def here(names: Sequence[str]) -> Iterator[list[Path]]:
    """Give each as a file of this machine."""
    if not any(map(is_url, names)):
        yield [Path(name) for name in names]
        return
    from pipeline.core.remote import fetched

    with TemporaryDirectory(prefix="tuneset-") as folder:
        yield [
            fetched(name, Path(folder) / str(place)) if is_url(name) else Path(name) for place, name in enumerate(names)
        ]
