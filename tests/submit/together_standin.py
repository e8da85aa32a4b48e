"""A stand-in for Together AI: its paths, bodies and words by openapi.yaml 090263a, its states of files by get-files-id."""

from typing import Any

from tests.submit.served import Reply, Request

KEY = "tgp_v1_standin0123456789abcdefghijklmnopqrstu"
BODY = {
    "training_file", "validation_file", "packing", "max_seq_length", "model", "n_epochs", "n_checkpoints", "n_evals",
    "batch_size", "learning_rate", "lr_scheduler", "warmup_ratio", "max_grad_norm", "weight_decay", "random_seed", "suffix",
    "training_method", "training_type", "from_checkpoint",
}  # fmt: skip
METHOD = {
    "sft": {"method", "train_on_inputs"},
    "dpo": {
        "method",
        "dpo_beta",
        "rpo_alpha",
        "dpo_normalize_logratios_by_length",
        "dpo_reference_free",
        "simpo_gamma",
    },
}
NEEDED = {"sft": {"method", "train_on_inputs"}, "dpo": {"method"}}
STATUSES = (
    "pending", "queued", "running", "compressing", "uploading", "cancel_requested", "cancelled", "error", "user_error",
    "completed",
)  # fmt: skip


def error(status: int, message: str, **headers: str) -> Reply:
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
    return Reply(status, body, headers)


class Together:
    """An account with its files and jobs."""

    def __init__(self) -> None:
        self.planned: dict[tuple[str, str], list[Reply]] = {}
        self.requests: list[Request] = []
        self.files: dict[str, dict[str, Any]] = {}
        self.sent: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.told: dict[str, list[dict[str, Any]]] = {}
        self.base_url = ""

    @property
    def address(self) -> str:
        return f"{self.base_url}/v1"

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return error(401, f"Invalid API key provided: {request.headers.get('authorization')}")
        match request.method, *request.path.removeprefix("/v1/").split("/"):
            case _, "files", name:
                return self._file(request, name)
            case "POST", "fine-tunes":
                return self._create(request.json())
            case "GET", "fine-tunes":
                return Reply(body={"data": [{**job, "events": []} for job in self.jobs.values()]})
            case "GET", "fine-tunes", name if name in self.jobs:
                # the whole job has no suffix
                return Reply(body={k: v for k, v in self.jobs[name].items() if k != "suffix"})
            case "GET", "fine-tunes", name, "events" if name in self.jobs:
                return Reply(body={"data": self.told[name]})
            case "POST", "fine-tunes", name, "cancel" if name in self.jobs:
                self.jobs[name]["status"] = "cancel_requested"
                return Reply(body=self.jobs[name])
            case "POST", "chat", "completions":
                return self._say(request.json())
        return error(404, "Not found")

    def happen(self, job_id: str, kind: str, message: str, *, at: str, level: str = "info") -> None:
        """Add an event, with everything that the schema requires."""
        none = dict.fromkeys(("param_count", "token_count", "total_steps", "step", "training_offset"), 0)
        words = dict.fromkeys(("wandb_url", "checkpoint_path", "model_path", "hash"), "")
        event = {"object": "fine-tune-event", "created_at": at, "level": level, "message": message, "type": kind}
        self.told[job_id].append({**none, **words, **event})

    def _file(self, request: Request, name: str) -> Reply:
        if (request.method, name) == ("POST", "upload"):
            return self._upload(request)
        if name not in self.files:
            return error(404, "File not found")
        if request.method == "DELETE":
            del self.files[name]
            return Reply(body={"id": name, "deleted": True})
        return Reply(body=self.files[name])

    def _upload(self, request: Request) -> Reply:
        form = request.form()
        if set(form) != {"purpose", "file_name", "file", "file_type"}:
            return error(400, f"fields {sorted(form)}")
        if form["purpose"][1] != b"fine-tune" or form["file_type"][1] != b"jsonl":
            return error(400, "purpose or type")
        name, content = form["file"]
        file_id = f"file-{len(self.files) + 1}"
        self.sent[file_id] = content
        self.files[file_id] = {
            "id": file_id, "object": "file", "created_at": 1_790_000_000, "filename": name, "bytes": len(content),
            "purpose": "fine-tune", "Processed": True, "FileType": "jsonl", "processing_status": "PENDING",
        }  # fmt: skip
        return Reply(body=self.files[file_id])

    def _create(self, body: dict[str, Any]) -> Reply:
        method = body["training_method"]
        kind = method["method"]
        if not set(body) <= BODY or not NEEDED[kind] <= set(method) <= METHOD[kind]:
            return error(400, f"unknown or missing fields: {sorted(body)} {sorted(method)}")
        if body["training_file"] not in self.files:
            return error(400, f"File {body['training_file']} does not exist")
        if bool(body.get("n_evals")) != bool(body.get("validation_file")):
            return error(400, "n_evals and validation_file go together")
        job_id = f"ft-{len(self.jobs) + 1}"
        self.told[job_id] = []
        self.jobs[job_id] = {
            "n_epochs": 1, **body, "id": job_id, "status": "pending", "created_at": "2026-11-29T09:00:00.123Z",
            "updated_at": "2026-11-29T09:30:00Z", "model_output_name": f"acme/{body['model']}:{body['suffix']}:{job_id}",
            "token_count": 0, "total_price": 0,
        }  # fmt: skip
        return Reply(body=self.jobs[job_id])

    def _say(self, body: dict[str, Any]) -> Reply:
        if not set(body) <= {"model", "messages", "max_tokens", "temperature"}:
            return error(400, f"unknown fields: {sorted(body)}")
        said = f"{body['model']} heard {body['messages'][-1]['content']}"
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}
        usage = {"prompt_tokens": 9, "completion_tokens": 7, "total_tokens": 16}
        return Reply(body={"id": "c-1", "object": "chat.completion", "choices": [choice], "usage": usage})
