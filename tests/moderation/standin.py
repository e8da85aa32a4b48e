"""A stand-in for OpenAI's Moderation API on loopback: judges requests by the published shape, and can misbehave.

It speaks HTTP/1.1 itself, so that it can also break off, stall, and send less than it promised.
"""

import asyncio
import hashlib
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

KEY = "sk-proj-standin0123456789abcdefghijklmnop"
MODEL = "omni-moderation-2024-09-26"
MODELS = ("omni-moderation-latest", MODEL, "text-moderation-latest", "text-moderation-stable")
IMAGE_TOO = ("self-harm", "self-harm/instructions", "self-harm/intent", "sexual", "violence", "violence/graphic")
CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "sexual",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm/intent",
    "self-harm/instructions",
    "self-harm",
    "sexual/minors",
    "violence",
    "violence/graphic",
)


def scores(text: str) -> dict[str, float]:
    """Scores that are a function of the text; `BAD:hate` in it makes hate 0.97."""
    seed = hashlib.sha256(text.encode()).digest()
    small = {name: round(seed[i] / 2560, 6) for i, name in enumerate(CATEGORIES)}
    return {name: 0.97 if f"BAD:{name}" in text else score for name, score in small.items()}


def result(text: str) -> dict[str, object]:
    of = scores(text)
    return {
        "flagged": max(of.values()) > 0.5,
        "categories": {name: score > 0.5 for name, score in of.items()},
        "category_scores": of,
        "category_applied_input_types": {
            name: ["text", "image"] if name in IMAGE_TOO else ["text"] for name in CATEGORIES
        },
    }


@dataclass
class Reply:
    """One answer as bytes on the wire. `body` may be cut short of what its header promises, or never come."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    promised: int | None = None
    is_reset: bool = False


def error(status: int, code: str | None, message: str = "no", *, param: str | None = None, **headers: str) -> Reply:
    """The shape in which OpenAI tells errors; header names with `_` for `-`."""
    body = {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(body).encode(), named)


Fault = Callable[["Standin", list[str]], Reply | None]


class Standin:
    """The server: what it was asked, what it minds, what it did wrong on purpose."""

    def __init__(self, fault: Fault | None = None, *, seconds: float = 0.0) -> None:
        self.fault = fault
        self.seconds = seconds
        self.texts: Counter[str] = Counter()
        """Texts by how often they were judged."""
        self.seen: Counter[str] = Counter()
        """Texts by how often they came."""
        self.requests: list[tuple[float, int, int]] = []
        """When each request came, its texts, and its tokens as the limits count them."""
        self.complaints: list[str] = []
        self.headers: Callable[[Standin], dict[str, str]] = lambda standin: {}
        self.most_in_flight = 0
        self._in_flight = 0
        self.base_url = ""

    def judged(self, body: dict[str, object]) -> tuple[list[str], list[dict[str, object]]]:
        given = body["input"]
        texts = given if isinstance(given, list) else [given]
        if texts and isinstance(texts[0], dict):
            told = "".join(part["text"] if part["type"] == "text" else part["image_url"]["url"] for part in texts)
            return [told], [result(told)]
        return texts, [result(text) for text in texts]

    def answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Reply:
        if (complaint := _complaint(method, path, headers, raw)) is not None:
            self.complaints.append(complaint)
            return error(400, "invalid_request", complaint)
        body = json.loads(raw)
        texts, results = self.judged(body)
        self.requests.append((time.monotonic(), len(texts), sum(len(text) // 4 + 1 for text in texts)))
        self.seen.update(texts)
        if headers["authorization"] != f"Bearer {KEY}":
            return error(401, "invalid_api_key", f"Incorrect API key provided: {headers['authorization']}")
        reply = self.fault(self, texts) if self.fault else None
        if reply is not None:
            return reply
        self.texts.update(texts)
        whole = {"id": f"modr-{len(self.requests)}", "model": MODEL, "results": results}
        return Reply(200, json.dumps(whole).encode(), self.headers(self), self.seconds)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            reply = self.answer(method, path, headers, body)
            await asyncio.sleep(reply.seconds)
        finally:
            self._in_flight -= 1
        return await _write(reply, writer)


async def _write(reply: Reply, writer: asyncio.StreamWriter) -> bool:
    """Send it; says whether the connection lives on."""
    if reply.is_reset:
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # on, 0 seconds: the kernel sends RST
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return False
    promised = len(reply.body) if reply.promised is None else reply.promised
    lines = {"content-type": "application/json", "content-length": str(promised), **reply.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    writer.write(f"HTTP/1.1 {reply.status} Told\r\n{head}\r\n".encode() + reply.body)
    await writer.drain()
    return promised == len(reply.body)


def _complaint(method: str, path: str, headers: dict[str, str], raw: bytes) -> str | None:
    """What is wrong with a request by CreateModerationRequest of OpenAI's published openapi.yaml."""
    if (method, path) != ("POST", "/v1/moderations"):
        return f"{method} {path}"
    if headers.get("content-type") != "application/json" or not headers.get("authorization", "").startswith("Bearer "):
        return "headers"
    body = json.loads(raw)
    if not set(body) <= {"input", "model"} or "input" not in body or body.get("model") not in MODELS:
        return "keys or model"
    given = body["input"]
    if isinstance(given, str):
        return None
    if not isinstance(given, list) or not given:
        return "input is neither a text nor a list"
    if all(isinstance(text, str) for text in given):
        return None if all(text.strip() for text in given) and len(given) <= 32 else "blank text or too many"
    return _parts_complaint(given)


def _parts_complaint(parts: list[dict[str, object]]) -> str | None:
    images = [part for part in parts if part.get("type") == "image_url"]
    texts = [part for part in parts if part.get("type") == "text"]
    if len(images) > 1:
        return "too_many_images"
    if len(images) + len(texts) != len(parts):
        return "part of another type"
    good = all(set(part) == {"type", "image_url"} and set(part["image_url"]) == {"url"} for part in images)
    return None if good and all(isinstance(part.get("text"), str) for part in texts) else "shape of a part"


@contextmanager
def running(standin: Standin) -> Iterator[Standin]:
    """Serve on a free port of loopback, in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opened = asyncio.run_coroutine_threadsafe(asyncio.start_server(standin.serve, "127.0.0.1", 0, limit=2**26), loop)
    server = opened.result(5)
    standin.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield standin
    finally:
        asyncio.run_coroutine_threadsafe(_stopped(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _stopped(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
