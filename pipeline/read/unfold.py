"""One record taken apart into several: a list inside it, or the paths of a message tree."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from pipeline.core.example import Json
from pipeline.core.trouble import Trouble

TREE: Final = "tree"
BEST_PATH: Final = "tree-best"
_LIMIT: Final = 10_000
"""Paths of one tree beyond which it is no conversation."""


def unfold(value: Mapping[str, Json], key: str) -> Iterator[dict[str, Json]]:
    """Give the record's parts: each element of the list merged over its parent, or each path of a message tree.

    A record without the list is given whole. Raises Trouble where the key holds something that cannot be taken apart.
    """
    if key in (TREE, BEST_PATH):
        yield from islice(_paths(value), None if key == TREE else 1)
        return
    elements = value.get(key)
    if elements is None:
        yield dict(value)
        return
    if not isinstance(elements, list) or not elements:
        what = "an empty list" if elements == [] else "no list"
        raise Trouble("read.not-a-record", f"The key that `unfold` names holds {what}; a list of parts was expected.")
    parent = {name: item for name, item in value.items() if name != key}
    for element in elements:
        yield {**parent, **element} if isinstance(element, dict) else {**parent, key: element}


def _paths(value: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """Give every path from the first message to one without replies, the best-ranked first, as `messages`."""
    root = value.get("prompt") if isinstance(value.get("prompt"), dict) else value
    if not isinstance(root, dict) or not isinstance(root.get("text"), str):
        raise Trouble("read.not-a-record", "No message tree: a message with `text` and `replies` was expected.")
    rest = {name: item for name, item in value.items() if name not in ("prompt", "replies", "text", "role")}
    stack: list[tuple[dict[str, Json], tuple[dict[str, Json], ...]]] = [(root, ())]
    count = 0
    while stack and count < _LIMIT:
        node, before = stack.pop()
        path = (*before, {name: item for name, item in node.items() if name != "replies"})
        replies = sorted((r for r in node.get("replies") or () if isinstance(r, dict)), key=_rank)
        if not replies:
            count += 1
            yield {**rest, "messages": list(path)} if root is not value else {"messages": list(path)}
        stack.extend((reply, path) for reply in reversed(replies))


def _rank(reply: Mapping[str, Json]) -> float:
    rank = reply.get("rank")
    return float(rank) if isinstance(rank, int | float) else float("inf")
