"""What an exporter is, where all are found, and the one way through: take apart, adapt, write."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeAlias

from pipeline.core.errors import PlanError
from pipeline.core.example import Json, Method
from pipeline.core.target import Limits, Target
from pipeline.targets.adapt import adapt
from pipeline.targets.conversation import Conversation, take
from pipeline.targets.losses import Exported, LeftOutError, Loss, once

Written: TypeAlias = tuple[dict[str, Json], tuple[Loss, ...]]


@dataclass(frozen=True)
class Format:
    """A form in which training files are written; `holds` bounds what `write` is given."""

    name: str
    title: str
    holds: Mapping[Method, Limits]
    """What the format has a place for; a method that is missing has no form."""
    write: Callable[[Conversation], Written]
    """An adapted conversation → the line's object. May raise LeftOutError."""
    read: Callable[[dict[str, Json]], dict[str, Json]]
    """The line's object → a payload of schemas/; the inverse of `write` where nothing was lost."""
    translates: frozenset[str] = field(default=frozenset())
    """Fields of Limits that the format sees to itself, so that the target's own need not be met before."""
    companion: Callable[[Mapping[str, str], Method], tuple[str, str]] | None = None
    """Files by side (`train`, `validation`) → name and text of the file that the trainer wants beside them."""


@cache
def all_formats() -> dict[str, Format]:
    """Give every format by name, sorted, from the files of pipeline/targets/formats."""
    folder = import_module("pipeline.targets.formats")
    modules = [import_module(f"{folder.__name__}.{module.name}") for module in iter_modules(folder.__path__)]
    return {entry.name: entry for entry in sorted((module.FORMAT for module in modules), key=lambda entry: entry.name)}


def format_of(target: Target, method: Method, name: str | None = None) -> Format:
    """Give the format in which to write for a target: the named one, or the target's first that holds the method."""
    if name is not None and name not in target.formats:
        raise PlanError(f"`{target.id}` does not read {name}. It reads {', '.join(target.formats)}.")
    for candidate in (name,) if name else target.formats:
        if method in all_formats()[candidate].holds:
            return all_formats()[candidate]
    raise PlanError(f"No format of `{target.id}` has a form for {method}.")


def export(payload: Json, *, target: Target, method: Method, form: Format | None = None) -> Exported:
    """Give one payload's line for a target, with every change and loss on the way."""
    form = form or format_of(target, method)
    limits = target.limits[method]
    held = form.holds[method]
    own = {name: getattr(held, name) for name in form.translates}
    return _through(payload, method, form, (limits.model_copy(update=own), held))


def convert(payload: Json, *, form: Format, method: Method) -> Exported:
    """Give one payload's line in a format, for no target in particular."""
    if method not in form.holds:
        return Exported(None, (Loss("method.not-held"),))
    return _through(payload, method, form, (form.holds[method],))


def _through(payload: Json, method: Method, form: Format, bounds: tuple[Limits, ...]) -> Exported:
    losses: tuple[Loss, ...] = ()
    try:
        conversation = take(payload, method)
        for limits in bounds:
            conversation, more = adapt(conversation, limits)
            losses = once(losses, more)
        line, more = form.write(conversation)
    except LeftOutError as left:
        return Exported(None, once(losses, (left.loss,)))
    return Exported(line, once(losses, more))
