"""Where a file lies: on a disk of this machine, or behind a URL."""

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

SCHEMES: Final = ("s3", "gs", "az", "hf", "https", "http")
"""What is understood as a URL: Amazon's and every S3-compatible store, Google's, Azure's, Hugging Face's, any web server."""
_URL: Final = re.compile(rf"(?:{'|'.join(SCHEMES)})://", re.IGNORECASE)


def is_url(text: str) -> bool:
    """Say whether a plan or a command line names a URL and not a path."""
    return _URL.match(text) is not None


def shown(url: str) -> str:
    """Give the URL as it may be printed and stored: without user, password, query and fragment, where secrets stand."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    if scheme.lower().startswith("http"):
        path = re.split("[?#]", path, maxsplit=1)[0]
        host = re.split("[?#]", host, maxsplit=1)[0]
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


@dataclass(frozen=True, kw_only=True)
class Remote:
    """An object behind a URL, as it was when it was found; to read another one by that name is an error."""

    url: str = field(repr=False)
    """In full; a signed one holds a secret. Print `address`."""
    size: int
    tag: str | None = None
    """The server's mark of this content (ETag); None: it gives none, and a change is seen in the size only."""
    version: str | None = None
    """The server's name of this version; None: it keeps none."""
    blocks: Path | None = None
    """Folder that keeps what was read, so that it crosses the network once; None: nothing is kept."""

    @property
    def address(self) -> str:
        """The URL as it may be printed."""
        return shown(self.url)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.address).name

    @property
    def suffixes(self) -> list[str]:
        """The endings of the name, as of a path."""
        return PurePosixPath(self.name).suffixes


Place: TypeAlias = Path | Remote
"""What can be opened and read."""
