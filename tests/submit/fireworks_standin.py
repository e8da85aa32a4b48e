"""A stand-in for Fireworks AI: its gateway by api-reference (Gateway REST API 4.259.0), and its inference address."""

import re
from typing import Any

from tests.submit.served import Reply, Request

KEY = "fw_standin0123456789ABCDEFGHIJKL"
ACCOUNT = "acme-1a2b"
AT = f"accounts/{ACCOUNT}"
SFT = {
    "dataset", "displayName", "outputModel", "baseModel", "warmStartFrom", "jinjaTemplate", "earlyStop", "epochs",
    "learningRate", "maxContextLength", "loraRank", "evaluationDataset", "evalAutoCarveout", "batchSize",
    "gradientAccumulationSteps", "learningRateWarmupSteps", "batchSizeSamples", "optimizerWeightDecay", "wandbConfig",
}  # fmt: skip
DPO = {"dataset", "displayName", "trainingConfig", "wandbConfig", "lossConfig"}
CONFIG = {
    "outputModel", "baseModel", "warmStartFrom", "jinjaTemplate", "learningRate", "maxContextLength", "loraRank", "region",
    "epochs", "batchSize", "gradientAccumulationSteps", "learningRateWarmupSteps", "batchSizeSamples", "optimizerWeightDecay",
}  # fmt: skip
STATES = (
    "UNSPECIFIED", "CREATING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "DELETING", "WRITING_RESULTS", "VALIDATING",
    "DELETING_CLEANING_UP", "PENDING", "EXPIRED", "RE_QUEUEING", "CREATING_INPUT_DATASET", "IDLE", "CANCELLING",
    "EARLY_STOPPED", "PAUSED",
)  # fmt: skip
"""JobState of supervised_fine_tuning_job.py 8399c12, without `JOB_STATE_`."""
ID = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
GOOD = {"code": "OK", "message": ""}


def error(status: int, code: int, message: str, **headers: str) -> Reply:
    """The shape in which a gRPC gateway tells errors."""
    return Reply(status, {"code": code, "message": message, "details": []}, headers)


UNKNOWN = error(404, 5, "not found")


class Fireworks:
    """An account with its datasets, jobs and models."""

    def __init__(self) -> None:
        self.planned: dict[tuple[str, str], list[Reply]] = {}
        self.requests: list[Request] = []
        self.things: dict[str, dict[str, Any]] = {}
        """Datasets, jobs and models, by name."""
        self.sent: dict[str, bytes] = {}
        self.base_url = ""

    @property
    def address(self) -> str:
        return self.base_url

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return error(401, 16, f"unknown key {request.headers.get('authorization')}")
        if request.path == "/inference/v1/chat/completions":
            return self._say(request.json())
        if not request.path.startswith(f"/v1/{AT}/"):
            return error(403, 7, "another account")
        name, _, verb = request.path.removeprefix("/v1/").partition(":")
        if request.method == "GET":
            return Reply(body=self.things[name]) if name in self.things else UNKNOWN
        if request.method == "DELETE":
            return UNKNOWN if self.things.pop(name, None) is None else Reply()
        if verb:
            return self._do(verb, name, request) if name in self.things else UNKNOWN
        return self._create(name, request)

    def _create(self, collection: str, request: Request) -> Reply:
        body = request.json()
        kind = collection.rpartition("/")[2]
        if kind == "datasets":
            new, made = body["datasetId"], {**body["dataset"], "state": "UPLOADING"}
        else:
            new, made = request.query[f"{kind.removesuffix('s')}Id"], {**body, "state": "JOB_STATE_CREATING"}
        if not ID.fullmatch(new):
            return error(400, 3, "invalid resource: invalid ID: first character of id must not be a digit")
        if (complaint := self._complaint(kind, body)) is not None:
            return error(400, 3, complaint)
        name = f"{collection}/{new}"
        if name in self.things:
            return error(409, 6, f"{name} already exists", **{"Retry-After-Ms": "1"})
        self.things[name] = {**made, "name": name, "createTime": "2026-11-29T09:00:00.633383635Z", "status": GOOD}
        return Reply(body=self.things[name])

    def _complaint(self, kind: str, body: dict[str, Any]) -> str | None:
        if kind == "datasets":
            good = set(body) == {"dataset", "datasetId"} and body["dataset"].get("exampleCount", "").isdigit()
            return None if good else "dataset, datasetId and exampleCount are needed"
        config = body.get("trainingConfig", {}) if kind == "dpoJobs" else body
        known = set(body) <= (DPO if kind == "dpoJobs" else SFT) and set(config) <= (
            CONFIG if kind == "dpoJobs" else SFT
        )
        if not known or len({"baseModel", "warmStartFrom"} & set(config)) != 1:
            return f"unknown or missing fields: {sorted(body)} {sorted(config)}"
        files = {body["dataset"], body.get("evaluationDataset", body["dataset"])}
        if any(self.things.get(name, {}).get("state") != "READY" for name in files):
            return "dataset is not ready"
        return None

    def _do(self, verb: str, name: str, request: Request) -> Reply:
        thing = self.things[name]
        if verb == "upload":
            file, self.sent[name] = request.form()["file"]
            thing["state"] = "READY"
            return Reply(body={"id": name, "object": "file", "bytes": len(self.sent[name]), "filename": file})
        if verb == "cancel":
            thing["state"] = "JOB_STATE_CANCELLED"
            return Reply()
        return error(501, 12, verb)

    def _say(self, body: dict[str, Any]) -> Reply:
        if not set(body) <= {"model", "messages", "max_tokens", "temperature"}:
            return Reply(400, {"error": {"message": f"unknown fields: {sorted(body)}"}})
        if "/deployments/" not in body["model"]:
            return Reply(
                404, {"error": {"object": "error", "message": "Model not found, inaccessible, and/or not deployed"}}
            )
        said = f"{body['model']} heard {body['messages'][-1]['content']}"
        choice = {"index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": said}}
        return Reply(body={"id": "c-1", "choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 7}})
