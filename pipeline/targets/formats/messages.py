"""OpenAI's `messages`, as Azure, Together and Fireworks read it too: the payload itself."""

from pipeline.core.example import Json
from pipeline.core.target import Limits
from pipeline.targets.conversation import Conversation, give
from pipeline.targets.format import Format, Written

ALL_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})

ANYTHING = Limits(
    target="messages",
    roles=ALL_ROLES,
    last_role=None,
    top_keys=None,
    max_images=None,
    min_examples=None,
    max_tokens=None,
)
"""Limits under which every payload of schemas/ stands as it is; other formats begin from it."""


def write(conversation: Conversation) -> Written:
    """Give the payload again."""
    return give(conversation), ()


def read(line: dict[str, Json]) -> dict[str, Json]:
    """Give the line, which is the payload."""
    return line


FORMAT = Format("messages", "OpenAI messages", {"sft": ANYTHING, "dpo": ANYTHING, "rft": ANYTHING}, write, read)
