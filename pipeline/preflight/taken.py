"""Which of the formats that can be recognised a target reads, and by which of its formats."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pipeline.preflight.aim import Aim
from pipeline.preflight.recognise import Kind

READ_BY: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "messages": ("messages", "axolotl", "mistral", "trl"),
        "preference": ("messages",),
        "gemini": ("gemini",),
        "nova": ("nova",),
        "prompt-completion": ("prompt_completion",),
        "sharegpt": ("sharegpt",),
        "trl": ("trl",),
        "axolotl": ("axolotl",),
        "interactions": ("mistral",),
    }
)
"""Format as recognised → formats of pipeline/targets/formats that read it."""
PAIRS: Final = frozenset({"preference", "trl", "axolotl"})
"""Formats that hold preference pairs and nothing else."""
SINGLE: Final = frozenset({"messages", "nova", "prompt-completion", "interactions"})
"""Formats that never hold preference pairs."""


def format_name(kind: Kind | None, goal: Aim) -> str | None:
    """Give the name of the format that reads such lines for the target; None where they must be converted first.

    Chat messages (for dpo preference pairs) are always read: `tuneset export` writes them for every target, and what
    the target then refuses is found all the same.
    """
    if kind is None or not kind.is_lines:
        return None
    if kind.form in (SINGLE if goal.method == "dpo" else PAIRS):
        return None
    taken = [name for name in READ_BY.get(kind.form, ()) if name in goal.target.formats]
    if taken:
        return taken[0]
    return "messages" if kind.form in ("messages", "preference") else None
