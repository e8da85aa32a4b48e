"""A stand-in for a reviewer behind OpenAI's chat completions, files and batches; checks requests by the published shapes."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import jsonschema_rs

from tests.moderation.batch_standin import BatchStandin, _json
from tests.moderation.standin import KEY, Reply, error

MODEL = "stand-in-1"
NAMES = {"model", "messages", "response_format", "max_completion_tokens", "temperature"}

Answer = Callable[[dict[str, Any]], str | dict[str, Any]]
"""Takes what the reviewer sees (nonce, example, labels, the whole request); gives its content, or a whole message."""


def seen(body: dict[str, Any]) -> dict[str, Any]:
    """What a model can read in a request."""
    lines = body["messages"][1]["content"].split("\n")
    schema = body["response_format"]["json_schema"]["schema"]
    return {
        "nonce": lines[0].removeprefix("BEGIN EXAMPLE "),
        "value": json.loads(lines[1]),
        "labels": schema["properties"]["verdict"]["enum"],
        "rubric": body["response_format"]["json_schema"]["name"].removeprefix("review_"),
        "request": body,
    }


def verdict(told: dict[str, Any], label: str | None = None, **other: Any) -> str:
    """An answer in the asked shape; the last label but `cannot-tell` where the example says BAD."""
    worst = next(one for one in ("unsafe", "misses", "against", "biased", told["labels"][-2]) if one in told["labels"])
    chosen = label or (worst if "BAD" in json.dumps(told["value"]) else told["labels"][0])
    answer = {"id": told["nonce"], "addresses_reviewer": False, "reason": "Because of message 1.", "verdict": chosen}
    return json.dumps({**answer, **other})


class Reviewer(BatchStandin):
    """Judges each request; `asked` counts examples and rubrics by how often they came, `judged_ones` how often answered."""

    def __init__(self, answer: Answer = verdict, *, seconds: float = 0.0) -> None:
        super().__init__()
        self.seconds = seconds
        self.think = answer
        self.trouble: Callable[[dict[str, Any]], Reply | None] = lambda told: None
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.usage: Callable[[dict[str, Any]], tuple[int, int] | None] = lambda body: (
            len(json.dumps(body["messages"])) // 4,
            60,
        )
        self.used = [0, 0]
        """Tokens in and out that were billed."""

    def _told(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Reply:
        if (method, path) != ("POST", "/chat/completions"):
            return super()._told(method, path, headers, raw)
        body = json.loads(raw)
        if (complaint := _complaint(body)) is not None:
            self.complaints.append(complaint)
            return error(400, "invalid_request", complaint)
        told = seen(body)
        self.asked[_named(told)] += 1
        reply = self.trouble(told)
        return reply if reply is not None else Reply(200, self._whole(body, told), self.headers(self), self.seconds)

    def _whole(self, body: dict[str, Any], told: dict[str, Any]) -> bytes:
        self.answered[_named(told)] += 1
        return json.dumps(self.completion(body, told)).encode()

    def completion(self, body: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
        """The shape of CreateChatCompletionResponse in OpenAI's published openapi.yaml."""
        content = self.think(told)
        choice = {"message": content} if isinstance(content, str) else content
        message = choice.get("message", content)
        if isinstance(message, str):
            message = {"role": "assistant", "content": message, "refusal": None}
        counted = self.usage(body)
        if counted is not None:
            self.used = [self.used[0] + counted[0], self.used[1] + counted[1]]
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": MODEL,
            "choices": [
                {"index": 0, "message": message, "logprobs": None, "finish_reason": choice.get("finish", "stop")}
            ]
            * choice.get("times", 1),
            **(
                {"usage": {"prompt_tokens": counted[0], "completion_tokens": counted[1], "total_tokens": sum(counted)}}
                if counted is not None
                else {}
            ),
        }

    def _upload(self, headers: dict[str, str], raw: bytes) -> Reply:
        start = raw.index(b'{"custom_id"')
        content = raw[start : raw.rindex(b"\n\r\n--") + 1] if b"\n\r\n--" in raw else raw[start : raw.rindex(b"\r\n--")]
        lines = [json.loads(line) for line in content.splitlines()]
        if len({line["custom_id"] for line in lines}) != len(lines):
            self.complaints.append("custom_id twice")
        for line in lines:
            found = _complaint(line["body"]) or (line["url"], line["method"]) != ("/v1/chat/completions", "POST")
            self.complaints.extend([str(found)] if found else [])
        return _json(self._file(content))

    def _create(self, asked: dict[str, Any]) -> Reply:
        made = super()._create({**asked, "endpoint": "/v1/moderations"})
        if asked["endpoint"] != "/v1/chat/completions":
            self.complaints.append("endpoint")
        return made

    def _line(self, line: dict[str, Any]) -> bytes:
        told = seen(line["body"])
        self.asked[_named(told)] += 1
        self.answered[_named(told)] += 1
        response = {"status_code": 200, "request_id": "r", "body": self.completion(line["body"], told)}
        return (
            json.dumps({"id": "b", "custom_id": line["custom_id"], "response": response, "error": None}).encode()
            + b"\n"
        )


def _named(told: dict[str, Any]) -> str:
    return f"{told['rubric']} {json.dumps(told['value'])}"


def _complaint(body: dict[str, Any]) -> str | None:
    """What is wrong with a request by CreateChatCompletionRequest, and by the rules of strict structured output."""
    if not body.keys() <= NAMES or not {"model", "messages", "response_format"} <= body.keys():
        return f"keys {sorted(body)}"
    if [set(one) for one in body["messages"]] != [{"role", "content"}] * 2:
        return "messages"
    if [one["role"] for one in body["messages"]] != ["system", "user"]:
        return "roles"
    shape = body["response_format"]
    if shape.keys() != {"type", "json_schema"} or shape["type"] != "json_schema":
        return "response_format"
    named = shape["json_schema"]
    if named.keys() != {"name", "strict", "schema"} or named["strict"] is not True or not 0 < len(named["name"]) <= 64:
        return "json_schema"
    if not all(letter.isalnum() or letter in "_-" for letter in named["name"]):
        return "name of the schema"
    schema = named["schema"]
    jsonschema_rs.validator_for(schema)
    if schema["additionalProperties"] is not False or sorted(schema["required"]) != sorted(schema["properties"]):
        return "a strict schema requires every property and no other"
    return None if KEY not in json.dumps(body) else "the key"
