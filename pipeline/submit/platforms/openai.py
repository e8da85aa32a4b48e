"""OpenAI: files, fine-tuning jobs and chat completions, by its own package."""

from pipeline.core.address import OPENAI
from pipeline.submit.openai_jobs import OpenAIJobs, model_of, refusal
from pipeline.submit.platform import Access, Kind, Platform

UPLOAD_BYTES = 512 << 20
"""The largest file that the Files API takes whole (openapi.yaml f85dbe2, 2026-08-21); larger ones go up in parts."""


def _open(access: Access) -> Platform:
    return OpenAIJobs(
        title=KIND.title,
        access=access,
        address=access.address or OPENAI,
        variables=(KIND.key, KIND.address),
        whole_bytes=UPLOAD_BYTES,
    )


KIND = Kind(
    name="openai",
    title="OpenAI",
    key="OPENAI_API_KEY",
    address="OPENAI_BASE_URL",
    open=_open,
    model_of=model_of,
    methods=frozenset({"sft", "dpo"}),
    refuses=refusal,
)
