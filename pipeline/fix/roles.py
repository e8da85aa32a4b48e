"""Role names of other dialects and in capitals become the chat format's."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from pipeline.core.target import Limits
from pipeline.fix.repair import Repair, turns
from pipeline.fix.spans import Edit, Node

ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("human", "prompter", "customer"), "user"),
        **dict.fromkeys(("gpt", "chatgpt", "bot", "model", "ai"), "assistant"),
    }
)
"""Names that mean one thing only. `function_call` and `observation` need more than another name."""
KNOWN: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})


def role_of(name: str) -> str | None:
    """Give the role that a name means; None where it is right already or not known."""
    plain = name.strip().lower()
    role = ROLES.get(plain, plain if plain in KNOWN else None)
    return role if role != name else None


def look(node: Node, _text: str, _limits: Limits) -> Iterator[Edit]:
    """Give each role's edit."""
    for turn in turns(node):
        role = turn.member("role")
        if role is not None and isinstance(role.value, str) and (name := role_of(role.value)):
            yield Edit(role.start, role.end, f'"{name}"')


REPAIR: Final = Repair("roles", "role names of other dialects", ('"role"',), look)
