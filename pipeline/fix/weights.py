"""Weights written as 1.0, 0.0, true or false become 1 or 0."""

from collections.abc import Iterator
from typing import Final

from pipeline.core.target import Limits
from pipeline.fix.repair import Repair, turns
from pipeline.fix.spans import Edit, Node


def look(node: Node, _text: str, _limits: Limits) -> Iterator[Edit]:
    """Give each weight's edit; another number, or a number as text, has no one safe answer."""
    for turn in turns(node):
        weight = turn.member("weight")
        if weight is not None and isinstance(weight.value, bool | float) and weight.value in (0, 1):
            yield Edit(weight.start, weight.end, str(int(weight.value)))


REPAIR: Final = Repair("weights", "weights written as 0 or 1", ('"weight"',), look)
