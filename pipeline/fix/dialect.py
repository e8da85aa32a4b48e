"""ShareGPT's keys become the chat format's, where a whole file has them and nothing else."""

from collections.abc import Iterable, Iterator
from typing import Final

from pipeline.core.target import Limits
from pipeline.fix.repair import Repair
from pipeline.fix.roles import KNOWN, role_of
from pipeline.fix.spans import Edit, Node, parse

KEYS: Final = {"from": "role", "value": "content"}


def is_whole(lines: Iterable[str]) -> bool:
    """Say whether every line is a conversation of known speakers that says nothing beside it."""
    return all(_is_plain(node) if (node := parse(line)) else False for line in lines)


def _is_plain(node: Node) -> bool:
    conversation = node.member("conversations")
    if conversation is None or not conversation.items or len(node.members or ()) != 1:
        return False
    return all(_is_turn(turn) for turn in conversation.items)


def _is_turn(turn: Node) -> bool:
    speaker, words = turn.member("from"), turn.member("value")
    if speaker is None or words is None or len(turn.members or ()) != len(KEYS):
        return False
    return isinstance(words.value, str) and isinstance(speaker.value, str) and _is_talk(speaker.value)


def _is_talk(name: str) -> bool:
    return (role_of(name) or name) in KNOWN - {"tool", "function"}


def look(node: Node, _text: str, _limits: Limits) -> Iterator[Edit]:
    """Give the edit of each key; values stay, and `roles` names the speakers afterwards."""
    conversation = node.member("conversations")
    for key, _ in node.members or ():
        if key.value == "conversations":
            yield Edit(key.start, key.end, '"messages"')
    for turn in (conversation.items if conversation else None) or ():
        for key, _ in turn.members or ():
            if key.value in KEYS:
                yield Edit(key.start, key.end, f'"{KEYS[key.value]}"')


SHAREGPT: Final = Repair("dialect", "ShareGPT's keys renamed", ('"conversations"',), look)
"""Not among the repairs of any line: it is used where `is_whole` holds."""
