"""The door to any web server: one file a URL, read in ranges where the server can, signed URLs included."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from pipeline.core.errors import MissingExtra, SourceError
from pipeline.core.place import shown
from pipeline.core.remote.door import Changed, Seen

RETRIES: Final = 8
"""Of connections, of answers 429 and 5xx, and of bodies that break off; waits double from 0.2 s."""
_BUSY: Final = (429, 500, 502, 503, 504)
_OK, _PART, _CHANGED = 200, 206, 412
_DENIED: Final = (401, 403)
_GONE: Final = (404, 410)


def look(url: str) -> Seen:
    """Tell of one file, by the head of a range: HEAD is refused by signed URLs and by some servers."""
    answer = _get(url, {"Range": "bytes=0-0"})
    if answer.status == _OK and int(answer.headers.get("Content-Length", "0")) > 1:
        raise SourceError(f"{shown(url)}: this server sends whole files only. Download the file and name that.")
    total = answer.headers.get("Content-Range", "").rpartition("/")[2]
    size = int(total) if total.isdigit() else len(answer.data)
    tag = answer.headers.get("ETag")
    return Seen(url, size, None if tag is None or tag.startswith("W/") else tag)


def below(url: str) -> Iterator[Seen]:
    """Give nothing: a web server has no list of its files."""
    del url
    return iter(())


def read(seen: Seen, start: int, end: int) -> bytes:
    """Give these bytes of the file as it was when it was seen."""
    matching = {"If-Match": seen.tag} if seen.tag else {}
    answer = _get(seen.url, {"Range": f"bytes={start}-{end - 1}", **matching})
    total = answer.headers.get("Content-Range", "").rpartition("/")[2]
    if (seen.tag and answer.headers.get("ETag", seen.tag) != seen.tag) or (total.isdigit() and int(total) != seen.size):
        raise Changed
    return bytes(answer.data) if answer.status == _PART else bytes(answer.data)[start:end]


def _get(url: str, headers: dict[str, str]) -> Any:
    """Ask and give the answer whole: what is asked for is a block at most."""
    from urllib3.exceptions import HTTPError

    try:
        answer = _pool().request("GET", url, headers={"Accept-Encoding": "identity", **headers})
    except HTTPError as error:
        raise ConnectionError(type(error).__name__) from None  # its words hold the whole URL
    if answer.status in _GONE:
        raise FileNotFoundError
    if answer.status in _DENIED:
        raise PermissionError
    if answer.status in (_CHANGED, 416):
        raise Changed
    if answer.status not in (_OK, _PART):
        raise ConnectionError(f"the server answered {answer.status}")
    return answer


@lru_cache(maxsize=1)
def _pool() -> Any:
    try:
        import urllib3
    except ImportError as error:
        raise MissingExtra("https:// needs an extra: pip install 'tuneset[remote]'.") from error
    retries = urllib3.Retry(RETRIES, backoff_factor=0.1, status_forcelist=_BUSY, raise_on_status=False)
    return urllib3.PoolManager(retries=retries, timeout=urllib3.Timeout(connect=20, read=60))
