"""A stand-in for OpenAI's files, fine-tuning and chat endpoints on loopback: the published shapes, and faults on demand.

A job moves one step each time it is looked at, reads its training file as the platform would, and fails with the
platform's own words where that file is flawed.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

KEY = "sk-proj-standin0123456789abcdefghijklmnop"
STEPS = ("validating_files", "queued", "running", "succeeded")

Answer = tuple[int, dict[str, Any]]


@dataclass
class Platform:
    """The account: what it was sent, and what it does wrong on purpose."""

    files: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    parts: dict[str, list[bytes]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    """Bodies of chat completions."""
    calls: Counter[str] = field(default_factory=Counter)
    """`POST /v1/files` and so on → how often."""
    fault: Callable[[str], Answer | str | None] = lambda _: None
    """From a call to an answer instead of the right one, `reset` to break off, or `done-reset` to do it first; None: go on."""
    keeps_metadata: bool = True
    tokens_an_example: int = 20
    url: str = ""

    def answer(self, call: str, path: str, body: bytes, kind: str) -> Answer:
        """Give status and JSON."""
        parts = [part for part in path.removeprefix("/v1").split("/") if part]
        method, room = call.split(maxsplit=1)[0], parts[0] if parts else ""
        if (method, *parts) == ("POST", "chat", "completions"):
            return self._said(json.loads(body))
        if room in ("files", "uploads"):
            return self._about_files(method, parts, body, kind)
        return self._about_jobs(method, parts[2:], body) if room == "fine_tuning" else _unknown()

    def _about_files(self, method: str, parts: list[str], body: bytes, kind: str) -> Answer:
        match (method, *parts):
            case "POST", "files":
                return self._file(body, kind)
            case "GET", "files", one:
                return self._told_file(one)
            case "DELETE", "files", one:
                known = self.files.pop(one, None) is not None
                return (200, {"id": one, "object": "file", "deleted": True}) if known else self._told_file(one)
            case "POST", "uploads":
                return 200, {"id": "upload-1", "object": "upload", "status": "pending", **json.loads(body)}
            case "POST", "uploads", one, "parts":
                self.parts.setdefault(one, []).append(_form(body, kind)["data"][1])
                return 200, {"id": f"part-{len(self.parts[one])}", "object": "upload.part", "upload_id": one}
            case "POST", "uploads", one, "complete":
                made = self._kept(b"".join(self.parts[one]), "train.jsonl")
                return 200, {"id": one, "object": "upload", "status": "completed", "file": made}
        return _unknown()

    def _about_jobs(self, method: str, parts: list[str], body: bytes) -> Answer:
        match (method, *parts):
            case ("POST",):
                return self._job(json.loads(body))
            case ("GET",):
                return 200, {"object": "list", "data": list(reversed(self.jobs.values())), "has_more": False}
            case "GET", one:
                return self._step(one)
            case "GET", one, "events":
                return 200, {"object": "list", "data": list(reversed(self.events[one])), "has_more": False}
            case "POST", one, "cancel":
                self.jobs[one]["status"] = "cancelled"
                return 200, self.jobs[one]
        return _unknown()

    def _file(self, body: bytes, kind: str) -> Answer:
        form = _form(body, kind)
        name, content = form["file"]
        assert form["purpose"][1] == b"fine-tune"
        if not name.endswith(".jsonl"):
            return 400, _error("invalid_file", "Invalid file format for fine-tune. Must be .jsonl")
        return 200, self._kept(content, name)

    def _kept(self, content: bytes, name: str) -> dict[str, Any]:
        file_id = f"file-{len(self.files) + 1}"
        self.files[file_id], self.names[file_id] = content, name
        return self._told_file(file_id)[1]

    def _told_file(self, file_id: str) -> Answer:
        if file_id not in self.files:
            return 404, _error("not_found", f"No such File object: {file_id}")
        return 200, {
            "id": file_id,
            "object": "file",
            "bytes": len(self.files[file_id]),
            "created_at": 1_790_000_000,
            "filename": self.names[file_id],
            "purpose": "fine-tune",
            "status": self.states.get(file_id, "processed"),
        }

    def _job(self, asked: dict[str, Any]) -> Answer:
        job_id = f"ftjob-{len(self.jobs) + 1}"
        method = asked["method"]
        passes = method.get(method["type"], {}).get("hyperparameters", {}).get("n_epochs", 3)
        self.jobs[job_id] = {
            "id": job_id,
            "object": "fine_tuning.job",
            "created_at": 1_790_000_000 + len(self.jobs),
            "error": {"code": None, "message": None, "param": None},
            "fine_tuned_model": None,
            "finished_at": None,
            "hyperparameters": {"n_epochs": passes},
            "model": asked["model"],
            "organization_id": "org-1",
            "result_files": [],
            "seed": asked.get("seed", 7),
            "status": STEPS[0],
            "trained_tokens": None,
            "training_file": asked["training_file"],
            "validation_file": asked.get("validation_file"),
            "metadata": asked.get("metadata") if self.keeps_metadata else None,
            "method": method,
            "asked": asked,
        }
        self.events[job_id] = []
        self._event(job_id, f"Created fine-tuning job: {job_id}")
        return 200, self.jobs[job_id]

    def _step(self, job_id: str) -> Answer:
        job = self.jobs.get(job_id)
        if job is None:
            return 404, _error("fine_tune_not_found", f"Could not find fine tune: {job_id}")
        told = dict(job)
        if job["status"] in STEPS[:-1]:
            job["status"] = STEPS[STEPS.index(job["status"]) + 1]
            self._event(job_id, f"Job is {job['status']}")
        lines = self.files[job["training_file"]].splitlines()
        if job["status"] == "queued" and len(lines) < 10:
            why = f"Training file has {len(lines)} example(s), but must have at least 10 examples"
            self._failed(job, "invalid_n_examples", why)
        if job["status"] == "succeeded" and job["fine_tuned_model"] is None:
            suffix = job["asked"].get("suffix", "")
            job["fine_tuned_model"] = f"ft:{job['model']}:org:{suffix}:{job_id[-1]}"
            job["trained_tokens"] = self.tokens_an_example * len(lines) * job["hyperparameters"]["n_epochs"]
            job["finished_at"] = 1_790_009_999
        return 200, told

    def _failed(self, job: dict[str, Any], code: str, message: str) -> None:
        job["status"], job["error"] = "failed", {"code": code, "message": message, "param": "training_file"}
        self._event(job["id"], f"The job failed due to an invalid training file. {message}", "error")

    def _event(self, job_id: str, message: str, level: str = "info") -> None:
        number = len(self.events[job_id])
        self.events[job_id].append(
            {
                "id": f"ftevent-{job_id}-{number}",
                "object": "fine_tuning.job.event",
                "created_at": 1_790_000_000 + number,
                "level": level,
                "message": message,
                "type": "message",
            }
        )

    def _said(self, asked: dict[str, Any]) -> Answer:
        self.asked.append(asked)
        words = f"{asked['model']} answers: {asked['messages'][-1]['content']}"
        choice = {"index": 0, "message": {"role": "assistant", "content": words}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
        said = {"id": "c", "object": "chat.completion", "created": 1, "model": asked["model"]}
        return 200, {**said, "choices": [choice], "usage": usage}


def _unknown() -> Answer:
    return 404, _error("unknown_url", "Unknown request URL")


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


def _form(body: bytes, kind: str) -> dict[str, tuple[str, bytes]]:
    """Give the fields of multipart/form-data: name → file name and content."""
    whole = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    parts: list[Message] = whole.get_payload()  # type: ignore[assignment]
    return {
        str(part.get_param("name", header="content-disposition")): (
            part.get_filename() or "",
            part.get_payload(decode=True),  # type: ignore[misc]
        )
        for part in parts
    }


class Handler(BaseHTTPRequestHandler):
    """One request after the other of one connection."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def _serve(self) -> None:
        platform, path = self.server.platform, urlsplit(self.path).path
        call = f"{self.command} {path}"
        platform.calls[call] += 1
        body, fault = self._body(), platform.fault(call)
        if fault == "reset":
            self.close_connection = True
            return
        told = fault if isinstance(fault, tuple) else self._told(call, path, body)
        if fault == "done-reset":
            self.close_connection = True
            return
        self._send(*told)

    def _told(self, call: str, path: str, body: bytes) -> Answer:
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return 401, _error("invalid_api_key", f"Incorrect API key: {self.headers.get('Authorization')}")
        return self.server.platform.answer(call, path, body, self.headers.get("Content-Type", ""))

    def _send(self, status: int, told: dict[str, Any]) -> None:
        content = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Retry-After-Ms", "1")
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """The account behind an address."""

    daemon_threads = True

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        super().__init__(("127.0.0.1", 0), Handler)


@contextmanager
def standing() -> Iterator[Platform]:
    """Let an account answer on loopback."""
    platform = Platform()
    server = Server(platform)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    platform.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield platform
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
