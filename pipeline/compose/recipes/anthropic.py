"""Anthropic's shape: system beside the messages, content in blocks, tools with an input_schema."""

from typing import Literal

from pipeline.compose.calls import tools_of
from pipeline.compose.cells import MISSING, cell, find
from pipeline.compose.foreign import Reasoning, conversation
from pipeline.compose.recipe import Composed, Cook, Record, recipe
from pipeline.compose.turns import messages
from pipeline.core.example import Json
from pipeline.core.target import Settings
from pipeline.core.trouble import Trouble


class Anthropic(Settings):
    """`{"system": ..., "messages": [...], "tools": [...]}` to OpenAI's messages and tools."""

    recipe: Literal["anthropic"] = "anthropic"
    messages: str = "messages"
    """Column of the list of messages."""
    system: str = "system"
    """Column of the system prompt, a text or a list of text blocks; a record may lack it."""
    tools: str = "tools"
    """Column of the tool definitions; a record may lack it."""
    reasoning: Reasoning = "drop"
    """What becomes of thinking blocks: left out and noted, or `<think>` before the answer."""


@recipe(Anthropic)
def anthropic(settings: Anthropic) -> Cook:
    """Give the cook of Anthropic's shape."""

    def compose(record: Record) -> Composed:
        found = conversation(cell(record, settings.messages), reasoning=settings.reasoning)
        system = _system(find(record, settings.system))
        payload: dict[str, Json] = {"messages": messages(found.said, system=system)}
        tools = find(record, settings.tools)
        if tools is not MISSING and (definitions := tools_of(tools)):
            payload["tools"] = definitions
        return Composed(payload, found.left_out)

    return compose


def _system(value: Json) -> str:
    if value is MISSING or value is None:
        return ""
    if isinstance(value, str):
        return value
    blocks = value if isinstance(value, list) else [value]
    texts = [block.get("text") if isinstance(block, dict) else block for block in blocks]
    if not all(isinstance(text, str) for text in texts):
        raise Trouble("compose.shape", "The system prompt is neither text nor a list of text blocks.")
    return "\n\n".join(str(text) for text in texts)
