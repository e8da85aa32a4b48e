"""An order in Fireworks AI's words: the id of its job, and the request that creates it.

docs.fireworks.ai/api-reference/create-supervised-fine-tuning-job and create-dpo-job (Gateway REST API 4.259.0).
"""

import re
from typing import Final, NamedTuple

from pipeline.core.errors import TunesetError
from pipeline.core.example import Json
from pipeline.submit.order import TAG_LETTERS, Order

TITLE: Final = "Fireworks AI"
SUFFIX_LETTERS: Final = 63 - TAG_LETTERS - 1
"""Room in a model's id beside the order's name."""
BESIDE: Final = {"displayName", "lossConfig", "wandbConfig", "awsS3Config", "azureBlobStorageConfig"}
"""Settings that stand beside `trainingConfig` in a DPO job; every other one stands in it."""


class Start(NamedTuple):
    """What a job starts from and trains on, by the platform's names."""

    field: str
    """`baseModel`, or `warmStartFrom` for an adapter."""
    training: str
    validation: str | None


def job_id(order: Order) -> str:
    """Give the id of an order's job."""
    return f"tuneset-{order.tag}"


def request(order: Order, start: Start, *, account: str) -> dict[str, Json]:
    """Give the body; what the platform has no word for (a seed, a validation file for DPO) is refused, not left out."""
    if order.seed is not None:
        raise TunesetError(f"{TITLE} takes no seed. Leave it out.")
    if order.method == "dpo" and start.validation is not None:
        raise TunesetError(f"{TITLE} takes no validation file for DPO. Name the training file alone.")
    config: dict[str, Json] = {
        start.field: order.model,
        **({"epochs": order.epochs} if order.epochs else {}),
        **({"outputModel": f"{account}/models/{_model_id(order)}"} if order.suffix else {}),
    }
    files = {"dataset": start.training, **({"evaluationDataset": start.validation} if start.validation else {})}
    if order.method == "sft":
        return {**order.settings, **config, **files}
    inside = {name: value for name, value in order.settings.items() if name not in BESIDE}
    beside = {name: value for name, value in order.settings.items() if name in BESIDE}
    return {**beside, **files, "trainingConfig": {**inside, **config}}


def _model_id(order: Order) -> str:
    suffix = order.suffix or ""
    if re.fullmatch("[a-z][a-z0-9-]*", suffix) and len(suffix) <= SUFFIX_LETTERS:
        return f"{suffix}-{order.tag}"
    raise TunesetError(
        f"The suffix does not fit into a model's name on {TITLE}: a letter, then a-z, 0-9 and hyphens, "
        f"{SUFFIX_LETTERS} characters at most."
    )
