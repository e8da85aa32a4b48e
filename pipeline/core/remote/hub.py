"""The door to Hugging Face: hf://datasets/OWNER/NAME[@REVISION]/PATH, by their own library and its login."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from pipeline.core.errors import MissingExtra
from pipeline.core.remote.door import Changed, Seen


def look(url: str) -> Seen:
    """Tell of one file."""
    with _errors():
        told = _files().info(url)
    if told["type"] != "file":
        raise FileNotFoundError
    return _seen(told)


def below(url: str) -> Iterator[Seen]:
    """Tell of every file in a folder and below, sorted."""
    with _errors():
        found = _files().find(url, detail=True)
    yield from (_seen(told) for _, told in sorted(found.items()))


def read(seen: Seen, start: int, end: int) -> bytes:
    """Give these bytes of the file as it was when it was seen."""
    with _errors():
        files = _files()
        if start == 0 and _seen(files.info(seen.url, refresh=True)).tag != seen.tag:
            raise Changed
        return bytes(files.cat_file(seen.url, start=start, end=end))


@contextmanager
def _errors() -> Iterator[None]:
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    try:
        yield
    except GatedRepoError:
        raise PermissionError from None
    except (FileNotFoundError, RepositoryNotFoundError):
        raise FileNotFoundError from None
    except HfHubHTTPError as error:
        raise ConnectionError(f"the server answered {error.response.status_code}") from None


@lru_cache(maxsize=1)
def _files() -> Any:
    try:
        from huggingface_hub import HfFileSystem
    except ImportError as error:
        raise MissingExtra("hf:// needs an extra: pip install 'tuneset[hf]'.") from error
    return HfFileSystem(skip_instance_cache=True)


def _seen(told: Any) -> Seen:
    mark = told["lfs"]["sha256"] if told.get("lfs") else told.get("blob_id")
    return Seen(f"hf://{told['name']}", int(told["size"]), mark)
