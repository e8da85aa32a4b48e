"""Amazon Nova's rows on Bedrock: the schema bedrock-conversation-2024, text and images of S3, no tools."""

from typing import Final

from pipeline.core.example import Json
from pipeline.targets.conversation import Conversation, Message
from pipeline.targets.format import Format, Written
from pipeline.targets.formats.messages import ANYTHING
from pipeline.targets.losses import LeftOutError, Loss, once

HOLDS = ANYTHING.model_copy(
    update={
        "target": "nova",
        "roles": frozenset({"system", "user", "assistant"}),
        "system": "first",
        "first_role": "user",
        "last_role": "assistant",
        "weight": "refused",
        "tools": "refused",
        "top_keys": frozenset(),
        "turn_keys": frozenset({"role", "content"}),
    }
)

SCHEMA_VERSION: Final = "bedrock-conversation-2024"
IMAGE_FORMATS: Final = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "gif": "gif", "webp": "webp"}


def write(conversation: Conversation) -> Written:
    """Give the row; images must lie in S3, in the bucket of the dataset."""
    losses: list[Loss] = []
    turns = list(conversation.turns)
    line: dict[str, Json] = {"schemaVersion": SCHEMA_VERSION}
    if turns[0]["role"] == "system":
        line["system"] = _blocks(turns.pop(0), losses)
    line["messages"] = [{"role": turn["role"], "content": _blocks(turn, losses)} for turn in turns]
    return line, once(tuple(losses))


def _blocks(turn: Message, losses: list[Loss]) -> list[Message]:
    content = turn.get("content")
    if not isinstance(content, list):
        return [{"text": content}]
    return [_block(part, losses) for part in content]


def _block(part: Message, losses: list[Loss]) -> Message:
    if part["type"] != "image_url":
        losses += [Loss("refusal.as-text")] * (part["type"] == "refusal")
        return {"text": part[part["type"]]}
    image = part["image_url"]
    kind = IMAGE_FORMATS.get(image["url"].rpartition(".")[2].lower())
    if kind is None or not image["url"].startswith("s3://"):
        raise LeftOutError("image.address")
    losses += [Loss("image.detail-dropped")] * ("detail" in image)
    return {"image": {"format": kind, "source": {"s3Location": {"uri": image["url"]}}}}


def read(line: dict[str, Json]) -> dict[str, Json]:
    """Give the payload."""
    turns = [{"role": turn["role"], "content": _content(turn["content"])} for turn in line["messages"]]
    if "system" in line:
        turns.insert(0, {"role": "system", "content": _content(line["system"])})
    return {"messages": turns}


def _content(blocks: list[Message]) -> Json:
    if len(blocks) == 1 and "text" in blocks[0]:
        return blocks[0]["text"]
    return [
        {"type": "text", "text": block["text"]}
        if "text" in block
        else {"type": "image_url", "image_url": {"url": block["image"]["source"]["s3Location"]["uri"]}}
        for block in blocks
    ]


FORMAT = Format("nova", "Amazon Nova, bedrock-conversation-2024", {"sft": HOLDS}, write, read)
