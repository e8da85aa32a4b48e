"""The stand-in with files and batches: it judges a batch when it is told to finish."""

import json
import re
from email import message_from_bytes
from typing import Any

from tests.moderation.standin import KEY, MODEL, Reply, Standin, _complaint, error


class BatchStandin(Standin):
    """Checks uploads and batches by the published shapes; `finish` ends the open batches with a status."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.breaks: dict[int, Reply] = {}
        """Number of a call (from 0) → what comes instead of its answer, after its work was done."""

    def answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Reply:
        if headers.get("authorization") != f"Bearer {KEY}":
            return error(401, "invalid_api_key")
        number = len(self.calls)
        self.calls.append(f"{method} {path}")
        told = self._told(method, path.partition("?")[0].removeprefix("/v1"), headers, raw)
        return self.breaks.get(number, told)

    def _told(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Reply:
        match method, path.strip("/").split("/"):
            case "POST", ["moderations"]:
                return super().answer(method, "/v1/moderations", headers, raw)
            case "POST", ["files"]:
                return self._upload(headers, raw)
            case "POST", ["batches"]:
                return self._create(json.loads(raw))
            case "GET", ["batches"]:
                return _json({"object": "list", "data": list(self.batches.values())[::-1], "has_more": False})
            case "GET", ["batches", name] if name in self.batches:
                return _json(self.batches[name])
            case "GET", ["files", name, "content"] if name in self.files:
                return Reply(200, self.files[name], {"content-type": "application/octet-stream"})
            case "DELETE", ["files", name] if name in self.files:
                del self.files[name]
                return _json({"id": name, "object": "file", "deleted": True})
        return error(404, None)

    def _upload(self, headers: dict[str, str], raw: bytes) -> Reply:
        whole = message_from_bytes(b"content-type: " + headers["content-type"].encode() + b"\r\n\r\n" + raw)
        parts = {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in whole.walk()
        }
        if parts.get("purpose") != b"batch" or not parts["file"]:
            self.complaints.append("upload")
        ids = [json.loads(line)["custom_id"] for line in parts["file"].splitlines()]
        lines = [json.loads(line) for line in parts["file"].splitlines()]
        if len(set(ids)) != len(ids) or any(set(line) != {"custom_id", "method", "url", "body"} for line in lines):
            self.complaints.append("lines")
        for line in lines:
            told = _complaint(line["method"], line["url"], _HEADERS, json.dumps(line["body"]).encode())
            self.complaints.extend([told] if told else [])
        return _json(self._file(parts["file"]))

    def _file(self, content: bytes) -> dict[str, Any]:
        name = f"file-{len(self.files) + 1}"
        self.files[name] = content
        shape = {"object": "file", "bytes": len(content), "created_at": 1, "filename": "x.jsonl", "purpose": "batch"}
        return {"id": name, "status": "processed", **shape}

    def _create(self, asked: dict[str, Any]) -> Reply:
        expected = {"endpoint": "/v1/moderations", "completion_window": "24h"}
        if {name: asked.get(name) for name in expected} != expected or asked["input_file_id"] not in self.files:
            self.complaints.append("batch")
        name = f"batch_{len(self.batches) + 1}"
        total = self.files[asked["input_file_id"]].count(b"\n")
        counts = {"total": total, "completed": 0, "failed": 0}
        state = {"status": "validating", "created_at": 1, "request_counts": counts, "object": "batch"}
        self.batches[name] = {"id": name, **asked, **state}
        return _json(self.batches[name])

    def finish(self, status: str = "completed", *, share: float = 1.0, garbled: bool = False) -> None:
        """End every open batch; only the given share of its requests has been answered."""
        for batch in self.batches.values():
            if batch["status"] != "validating":
                continue
            lines = self.files[batch["input_file_id"]].splitlines()
            done = lines[: round(len(lines) * share)]
            output = b"".join(self._line(json.loads(line)) for line in reversed(done))
            if garbled:
                output = (
                    b'{"half a li\nnull\n[]\n{"custom_id":"unknown","response":{"status_code":200,"body":{}}}\n'
                    + output[:-9]
                )
            batch["status"] = status
            batch["output_file_id"] = self._file(output)["id"] if done else None
            batch["request_counts"]["completed"] = len(done)
            if status == "failed":
                batch["errors"] = {"object": "list", "data": [{"code": "token_limit_exceeded", "message": KEY}]}

    def _line(self, line: dict[str, Any]) -> bytes:
        texts, results = self.judged(line["body"])
        self.texts.update(texts)
        refused = any(re.search("REFUSE", text) for text in texts)
        body = {"error": {"code": "x"}} if refused else {"id": "modr-1", "model": MODEL, "results": results}
        response = {"status_code": 400 if refused else 200, "request_id": "r", "body": body}
        return (
            json.dumps({"id": "b", "custom_id": line["custom_id"], "response": response, "error": None}).encode()
            + b"\n"
        )


_HEADERS = {"content-type": "application/json", "authorization": "Bearer x"}


def _json(value: object) -> Reply:
    return Reply(200, json.dumps(value).encode())
