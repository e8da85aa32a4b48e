"""What a repair is: edits of one line that have one safe answer, found by folder."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import NamedTuple, TypeAlias

from pipeline.core.target import Limits
from pipeline.fix.spans import Edit, Node, edited, parse

Look: TypeAlias = Callable[[Node, str, Limits], Iterable[Edit]]
"""The line's object, its text and what the target takes → edits that do not overlap; none where all is well."""


class Repair(NamedTuple):
    """One kind of repair."""

    name: str
    title: str
    """What it does, for the summary: `weights written as 0 or 1`."""
    hints: tuple[str, ...]
    """Texts of which a line in need of it holds at least one; lines without are not parsed."""
    look: Look


@cache
def repairs() -> dict[str, Repair]:
    """Give every repair by name, from the files of this folder that hold a `REPAIR`."""
    modules = (import_module(f"{__package__}.{module.name}") for module in iter_modules([str(Path(__file__).parent)]))
    found = [module.REPAIR for module in modules if hasattr(module, "REPAIR")]
    return {repair.name: repair for repair in sorted(found)}


class Mended(NamedTuple):
    """A line after all repairs, and the names of those that changed it."""

    text: str
    names: tuple[str, ...] = ()


def mended(text: str, limits: Limits, *, among: Iterable[Repair]) -> Mended:
    """Repair one line; what is not an object in strict JSON, or names a key twice, stays as it is."""
    names: list[str] = []
    for repair in among:
        after = _repaired(text, limits, repair) if any(hint in text for hint in repair.hints) else text
        if after != text:
            names.append(repair.name)
        text = after
    return Mended(text, tuple(names))


def _repaired(text: str, limits: Limits, repair: Repair) -> str:
    while (node := parse(text)) and _is_plain(node) and (edits := list(repair.look(node, text, limits))):
        text = edited(text, edits)
    return text


def _is_plain(node: Node) -> bool:
    return node.members is not None and not _names_a_key_twice(node)


def turns(node: Node) -> Iterator[Node]:
    """Give the messages of an example, those of a preference pair's answers included."""
    holder = node.member("input") or node
    for place in (holder.member("messages"), node.member("preferred_output"), node.member("non_preferred_output")):
        for turn in (place.items if place else None) or ():
            if turn.members is not None:
                yield turn


def _names_a_key_twice(node: Node) -> bool:
    left = [node]
    while left:  # no recursion: Python ends it at fewer levels than `parse` reads
        one = left.pop()
        keys = [key.value for key, _ in one.members or ()]
        if len(set(keys)) < len(keys):
            return True
        left += [value for _, value in one.members or ()]
        left += one.items or ()
    return False
