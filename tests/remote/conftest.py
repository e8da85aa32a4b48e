"""A store that speaks S3's protocol on loopback, and fails when told to."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import obstore
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from obstore.store import S3Store
from werkzeug.serving import ThreadedWSGIServer, make_server

from pipeline.core.remote import doors, objects, web
from tests.house.house import House

Fault = Callable[[dict[str, Any], Any], Any]
"""Environment of a request and `start_response` → an answer instead of the store's; None: the store answers."""


@dataclass
class Bucket:
    """One bucket of the store."""

    port: int
    faults: list[Fault] = field(default_factory=list)
    """Asked in turn about every request; one that gives an answer is used up."""
    asked: list[str] = field(default_factory=list)
    """Every request: method, path and query."""

    @property
    def store(self) -> Any:
        return S3Store("bucket")

    def put(self, key: str, content: bytes | str) -> None:
        obstore.put(self.store, key, content.encode() if isinstance(content, str) else content)

    def get(self, key: str) -> bytes:
        return bytes(obstore.get(self.store, key).bytes())

    def keys(self) -> list[str]:
        return sorted(one["path"] for page in obstore.list(self.store) for one in page)

    def gets(self, key: str) -> int:
        return sum(line.startswith(f"GET /bucket/{key}") for line in self.asked)


@pytest.fixture(scope="session")
def _server() -> Iterator[tuple[ThreadedWSGIServer, list[Any]]]:
    holder: list[Any] = []
    moto = DomainDispatcherApplication(create_backend_app)

    def app(environ: dict[str, Any], start: Any) -> Any:
        bucket: Bucket = holder[-1]
        bucket.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}")
        for fault in list(bucket.faults):
            answer = fault(environ, start)
            if answer is not None:
                bucket.faults.remove(fault)
                return answer
        return moto(environ, start)

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server, holder
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def bucket(_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket, to which the environment has the key; the library waits little between its attempts."""
    server, holder = _server
    bucket = Bucket(server.server_port)
    holder.append(bucket)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{bucket.port}",
        "AWS_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(objects, "RETRY_SECONDS", 30)
    objects._store.cache_clear()
    import urllib.request

    for method, path in (("POST", "moto-api/reset"), ("PUT", "bucket")):
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{bucket.port}/{path}", method=method)).close()
    bucket.asked.clear()
    yield bucket
    objects._store.cache_clear()
    web._pool.cache_clear()
    holder.clear()


@pytest.fixture
def house(tmp_path) -> House:
    return House(tmp_path)


__all__ = ["doors"]
