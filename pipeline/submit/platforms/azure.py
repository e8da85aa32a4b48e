"""Azure OpenAI (Microsoft Foundry): OpenAI's protocol at the address of one's own resource, `/openai/v1`."""

from urllib.parse import urlsplit

from pipeline.core.address import sound_address
from pipeline.core.errors import TunesetError
from pipeline.submit.openai_jobs import OpenAIJobs, model_of, refusal
from pipeline.submit.platform import Access, Kind, Platform

UPLOAD_BYTES = 100 << 20
"""Above it files go up in parts: whole ones of about 150 MB fail late (azure-skills large-file-uploads.md, 2026-08-21).

The parts' path under `/openai/v1` is in Microsoft's reference (foundry/reference/rest/uploads-add-upload-part); the same
azure-skills page says that it answers 404 at a project's address, so `AZURE_OPENAI_ENDPOINT` is the resource's.
"""


def _open(access: Access) -> Platform:
    if access.address is None:
        raise TunesetError(f"{KIND.address}: not set. Set it to the resource, like https://NAME.openai.azure.com.")
    return OpenAIJobs(
        title=KIND.title,
        access=access,
        address=_with_path(sound_address(access.address, variable=KIND.address)),
        variables=(KIND.key, KIND.address),
        whole_bytes=UPLOAD_BYTES,
    )


def _with_path(address: str) -> str:
    """Give the resource's address with the path of the API, where it names none."""
    return address if urlsplit(address).path.strip("/") else f"{address.rstrip('/')}/openai/v1"


KIND = Kind(
    name="azure",
    title="Azure OpenAI",
    key="AZURE_OPENAI_API_KEY",
    address="AZURE_OPENAI_ENDPOINT",
    open=_open,
    model_of=model_of,
    methods=frozenset({"sft", "dpo"}),
    refuses=refusal,
    hint="Deploy the tuned model first (Azure portal, or `az cognitiveservices account deployment create`), and ask it by "
    "the deployment's name: `tuneset ask --model DEPLOYMENT`. A deployment is paid by the hour.",
)
