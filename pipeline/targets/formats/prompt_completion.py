"""`{"prompt", "completion"}`: one question and one answer, both text."""

from pipeline.core.example import Json
from pipeline.targets.conversation import Conversation
from pipeline.targets.format import Format, Written
from pipeline.targets.formats.messages import ANYTHING
from pipeline.targets.losses import LeftOutError

HOLDS = ANYTHING.model_copy(
    update={
        "target": "prompt_completion",
        "roles": frozenset({"user", "assistant"}),
        "system": "none",
        "first_role": "user",
        "last_role": "assistant",
        "is_alternating": True,
        "content": "text",
        "weight": "refused",
        "tools": "refused",
        "max_images": 0,
        "top_keys": frozenset({"messages"}),
        "turn_keys": frozenset({"role", "content"}),
    }
)


def write(conversation: Conversation) -> Written:
    """Give question and answer; a longer conversation has no form here."""
    if len(conversation.turns) != 2:  # noqa: PLR2004 - a question and an answer
        raise LeftOutError("turns.too-many")
    question, answer = conversation.turns
    return {"prompt": question["content"], "completion": answer["content"]}, ()


def read(line: dict[str, Json]) -> dict[str, Json]:
    """Give the payload: the prompt is the user's, the completion the assistant's."""
    question = {"role": "user", "content": line["prompt"]}
    return {"messages": [question, {"role": "assistant", "content": line["completion"]}]}


FORMAT = Format("prompt_completion", "prompt and completion", {"sft": HOLDS}, write, read)
