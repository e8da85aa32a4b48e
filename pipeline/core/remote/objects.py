"""The door to object stores: S3 and all that speak its protocol, Google Cloud Storage, Azure Blob Storage.

By obstore (Rust's object_store): one package without dependencies, range reads, retries of 5xx and of dropped connections,
conditional puts. Credentials come from the environment, the machine's identity, and where boto3 is installed from its profiles.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pipeline.core.errors import MissingExtra
from pipeline.core.remote.door import Changed, Seen

RETRY_SECONDS: Final = 60
"""How long one request is tried again before the store counts as gone."""
MOST_RETRIES: Final = 8


def look(url: str) -> Seen:
    """Tell of one object."""
    with _errors():
        return _seen(url, _door().head(_store(_root(url)), _key(url)))


def below(url: str) -> Iterator[Seen]:
    """Tell of every object whose URL continues this one after a `/`, sorted."""
    with _errors():
        found = [one for page in _door().list(_store(_root(url)), _key(url) or None) for one in page]
    for one in sorted(found, key=lambda one: str(one["path"])):
        yield _seen(f"{_root(url)}/{one['path']}", one)


def read(seen: Seen, start: int, end: int) -> bytes:
    """Give these bytes of the object as it was when it was seen."""
    options: dict[str, Any] = {"range": (start, end)}
    options |= {"if_match": seen.tag} if seen.tag else {}
    options |= {"version": seen.version} if seen.version else {}
    with _errors():
        found = _door().get(_store(_root(seen.url)), _key(seen.url), options=options)
        if _seen(seen.url, found.meta)[:3] != seen[:3]:  # some stores do not look at conditions
            raise Changed
        return bytes(found.bytes())


def put(url: str, content: bytes | Path, *, over: str | None) -> str | None:
    """Write an object whole, a large file in parts; give its tag."""
    mode: Any = {None: "overwrite", "": "create"}.get(over, {"e_tag": over})
    conditions = {"use_multipart": False, "mode": mode} if over is not None else {}
    with _errors():
        return _text(_door().put(_store(_root(url)), _key(url), content, **conditions)["e_tag"])


def delete(url: str) -> None:
    """Remove an object."""
    try:
        with _errors():
            _door().delete(_store(_root(url)), _key(url))
    except FileNotFoundError:
        return


def _door() -> Any:
    try:
        import obstore
    except ImportError as error:
        raise MissingExtra("s3://, gs:// and az:// need an extra: pip install 'tuneset[remote]'.") from error
    return obstore


@lru_cache(maxsize=16)
def _store(root: str) -> Any:
    """Open one bucket, once a process."""
    _door()
    from obstore.store import from_url

    retry = {"max_retries": MOST_RETRIES, "retry_timeout": _seconds(RETRY_SECONDS)}
    options: dict[str, Any] = {"retry_config": retry}
    if root.startswith("s3:") and (provider := _profile()):
        options["credential_provider"] = provider
    return from_url(root, **options)


def _seconds(count: int) -> Any:
    from datetime import timedelta

    return timedelta(seconds=count)


def _profile() -> Any:
    """Give the credentials of boto3's own chain (profiles, single sign-on), where it is installed and knows any."""
    try:
        import boto3
    except ImportError:
        return None
    session = boto3.Session()
    if (
        session.get_credentials() is None
        or not session.profile_name
        or session.profile_name not in session.available_profiles
    ):
        return None
    from obstore.auth.boto3 import Boto3CredentialProvider

    return Boto3CredentialProvider(session)


@contextmanager
def _errors() -> Iterator[None]:
    """Turn what obstore raises into what a door raises; its own words hold addresses and stay out."""
    from obstore import exceptions as told

    try:
        yield
    except (told.PreconditionError, told.AlreadyExistsError, told.NotModifiedError):
        raise Changed from None
    except FileNotFoundError:
        raise
    except (told.PermissionDeniedError, told.UnauthenticatedError):
        raise PermissionError from None
    except told.BaseError as error:
        raise _sorted(str(error)) from None


def _sorted(words: str) -> OSError:
    """Tell the cases that obstore calls generic from each other by what the server answered."""
    if "NoSuchBucket" in words or "404 Not Found" in words:
        return FileNotFoundError()
    if any(sign in words for sign in ("403 Forbidden", "401 Unauthorized", "AccessDenied", "credential")):
        return PermissionError()
    return ConnectionError(_status(words))


def _status(words: str) -> str:
    import re

    found = re.search(r"status code: (\d{3} [A-Za-z ]+)", words)
    return f"the server answered {found[1].strip()}" if found else "the connection failed"


def _seen(url: str, told: Any) -> Seen:
    return Seen(url, int(told["size"]), _text(told.get("e_tag")), _text(told.get("version")))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _root(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme.lower()}://{rest.partition('/')[0]}"


def _key(url: str) -> str:
    return url.partition("://")[2].partition("/")[2].strip("/")
