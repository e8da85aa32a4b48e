"""Keys that hold null where absence is meant, as SDK objects are dumped, are removed."""

from collections.abc import Iterator
from typing import Final

from pipeline.core.target import Limits
from pipeline.fix.repair import Repair, turns
from pipeline.fix.spans import Edit, Node, without

OF_TURNS: Final = frozenset({"tool_calls", "function_call", "refusal", "name", "tool_call_id", "audio", "annotations"})
OF_EXAMPLES: Final = frozenset({"tools", "functions", "parallel_tool_calls"})


def look(node: Node, _text: str, _limits: Limits) -> Iterator[Edit]:
    """Give one edit for each object that has such keys; the rest of them come with the next look."""
    for holder, keys in (*((turn, OF_TURNS) for turn in turns(node)), (node.member("input") or node, OF_EXAMPLES)):
        for index, (key, value) in enumerate(holder.members or ()):
            is_null = value.value is None and value.members is None and value.items is None
            if is_null and key.value in keys:
                yield without(holder, index)
                break


REPAIR: Final = Repair("nulls", "keys that hold null left out", ("null",), look)
