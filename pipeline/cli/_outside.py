"""What comes from outside: environment, clock, machine. Read here and handed in; library code asks for nothing itself."""

import getpass
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from platformdirs import user_cache_path

from pipeline.core.errors import TunesetError

if TYPE_CHECKING:
    from pipeline.submit import Access, Kind


class Outside(NamedTuple):
    """The world as the command found it."""

    today: date
    stamp: str
    """The time of the run in UTC, as versions are named."""
    cache: Path
    """Folder of what may be kept between runs: vocabularies, answers of the Moderation API."""
    vocabularies: tuple[str, ...]
    """Folders of unpacked token vocabularies: TIKTOKEN_CACHE_DIR where the user has set it, then our own."""
    api_key: str | None
    """OPENAI_API_KEY; None: nothing is asked."""
    base_url: str | None
    """OPENAI_BASE_URL: another address that speaks the same protocol."""
    salt: str | None
    """TUNESET_SALT: the secret behind the fakes of `pseudonymise`."""
    cores: int
    user: str
    """Who runs this process, by the name of the account."""


def outside() -> Outside:
    """Look at environment and clock once."""
    now = datetime.now(UTC)
    cache = user_cache_path("tuneset")
    theirs = os.environ.get("TIKTOKEN_CACHE_DIR")
    return Outside(
        today=now.date(),
        stamp=now.strftime("%Y-%m-%dT%H%M%SZ"),
        cache=cache,
        vocabularies=(*([theirs] if theirs else []), str(cache / "vocabulary")),
        api_key=os.environ.get("OPENAI_API_KEY") or None,
        base_url=os.environ.get("OPENAI_BASE_URL") or None,
        salt=os.environ.get("TUNESET_SALT") or None,
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        user=_user(),
    )


def access(kind: "Kind") -> "Access":
    """Give what a platform is opened with, from the environment; TunesetError where a variable is not set."""
    from pipeline.submit import Access

    missing = [name for name in (kind.key, *kind.variables) if not os.environ.get(name)]
    if missing:
        raise TunesetError(f"{', '.join(missing)}: not set, and {kind.title} asks for it. Set it in the environment.")
    more = {name: os.environ[name] for name in kind.variables}
    return Access(os.environ[kind.key], os.environ.get(kind.address) or None, more)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number that has no name
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"
