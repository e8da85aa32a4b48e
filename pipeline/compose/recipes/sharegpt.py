"""ShareGPT's conversations: `from` and `value`, function calls and observations, LLaMA-Factory's variants."""

from typing import Literal

from pydantic import Field

from pipeline.compose.calls import tools_of
from pipeline.compose.cells import MISSING, cell, find, text_if_any
from pipeline.compose.foreign import ROLES, Reasoning, conversation
from pipeline.compose.recipe import Composed, Cook, Record, recipe
from pipeline.compose.template import system_turn
from pipeline.compose.turns import messages
from pipeline.core.example import Json
from pipeline.core.target import Settings


class ShareGpt(Settings):
    """`{"conversations": [{"from": "human", "value": ...}], "tools": "[...]"}`."""

    recipe: Literal["sharegpt"] = "sharegpt"
    conversations: str = "conversations"
    """Column of the list of turns."""
    roles: dict[str, Literal["system", "user", "assistant", "tool", "call"]] = Field(default_factory=dict)
    """More names of roles, such as `{"narrator" = "user"}`; human, gpt, function_call, observation are known."""
    tools: str = "tools"
    """Column of the tool definitions, as a list or as JSON text; a record may lack it."""
    system: str = ""
    """Fixed text or template, put first where a conversation has no system turn of its own."""
    system_column: str | None = "system"
    """Column of the system turn; a record may lack it."""
    reasoning: Reasoning = "drop"
    """What becomes of parts that hold reasoning: left out and noted, or `<think>` before the answer."""


@recipe(ShareGpt)
def sharegpt(settings: ShareGpt) -> Cook:
    """Give the cook of ShareGPT's shape."""
    roles = {**ROLES, **{name.lower(): role for name, role in settings.roles.items()}}
    write_system = system_turn(settings.system, None)

    def compose(record: Record) -> Composed:
        found = conversation(cell(record, settings.conversations), roles=roles, reasoning=settings.reasoning)
        system = text_if_any(record, settings.system_column).strip() or write_system(record)
        payload: dict[str, Json] = {"messages": messages(found.said, system=system)}
        tools = find(record, settings.tools)
        if tools is not MISSING and (definitions := tools_of(tools)):
            payload["tools"] = definitions
        return Composed(payload, found.left_out)

    return compose
