"""A small HTTP server on loopback for stand-ins of platforms: takes requests apart, and breaks off where it is told to."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlsplit

SOON = {"Retry-After-Ms": "1"}
"""A `Retry-After: 0` would do, but the openai package waits its own, longer time for it."""


class Request(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in small letters."""
    body: bytes

    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    def form(self) -> dict[str, tuple[str | None, bytes]]:
        """Fields of a form by name: the file's name, if it is one, and the content."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        parts = message_from_bytes(head + self.body, policy=policy.HTTP).iter_parts()
        return {
            part.get_param("name", header="content-disposition"): (part.get_filename(), part.get_payload(decode=True))
            for part in parts
        }


class Reply(NamedTuple):
    status: int = 200
    body: object = MappingProxyType({})
    headers: Mapping[str, str] = MappingProxyType({})
    is_broken: bool = False
    """Nothing comes, and the connection ends."""


LOST = Reply(is_broken=True, status=0)
"""The request is done, and its answer never comes."""


class Standin(Protocol):
    planned: dict[tuple[str, str], list[Reply]]
    """Replies, in turn, instead of what the stand-in would do: by method and the end of the path."""
    requests: list[Request]
    base_url: str

    def answer(self, request: Request) -> Reply: ...


def _reply(standin: Standin, request: Request) -> Reply:
    standin.requests.append(request)
    for (method, end), replies in standin.planned.items():
        if request.method == method and request.path.endswith(end) and replies:
            reply = replies.pop(0)
            if reply is LOST:
                standin.answer(request)
            return reply
    return standin.answer(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    standin: Standin


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def _serve(self) -> None:
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        if headers.get("transfer-encoding") == "chunked":
            body = b"".join(iter(self._chunk, b""))
        request = Request(self.command, url.path, dict(parse_qsl(url.query)), headers, body)
        reply = _reply(self.server.standin, request)
        if reply.is_broken:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        raw = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body, default=dict).encode()
        self.send_response(reply.status)
        kind = "text/html" if isinstance(reply.body, bytes) else "application/json"
        for name, value in {"Content-Type": kind, "Content-Length": str(len(raw)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - http.server's names

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline(), 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running(standin: Standin) -> Iterator[Standin]:
    """Serve on a free port of loopback, in a thread."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.standin = standin
        standin.base_url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield standin
        finally:
            server.shutdown()
            thread.join(5)
