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


def refusal(order: Order) -> str | None:
    """Say why an order cannot be sent: what the platform has no word for is refused, not left out."""
    if order.seed is not None:
        return f"{TITLE} takes no seed. Leave it out."
    if order.method == "dpo" and order.validation is not None:
        return f"{TITLE} takes no validation file for DPO. Name the training file alone."
    if order.suffix and not (re.fullmatch("[a-z][a-z0-9-]*", order.suffix) and len(order.suffix) <= SUFFIX_LETTERS):
        return (
            f"The suffix does not fit into a model's name on {TITLE}: a letter, then a-z, 0-9 and hyphens, "
            f"{SUFFIX_LETTERS} characters at most."
        )
    return None


def request(order: Order, start: Start, *, account: str) -> dict[str, Json]:
    """Give the body; raises TunesetError for an order that is refused."""
    if (why := refusal(order)) is not None:
        raise TunesetError(why)
    config: dict[str, Json] = {
        start.field: order.model,
        **({"epochs": order.epochs} if order.epochs else {}),
        **({"outputModel": f"{account}/models/{order.suffix}-{order.tag}"} if order.suffix else {}),
    }
    files = {"dataset": start.training, **({"evaluationDataset": start.validation} if start.validation else {})}
    if order.method == "sft":
        return {**order.settings, **config, **files}
    inside = {name: value for name, value in order.settings.items() if name not in BESIDE}
    beside = {name: value for name, value in order.settings.items() if name in BESIDE}
    return {**beside, **files, "trainingConfig": {**inside, **config}}
