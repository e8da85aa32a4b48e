"""The `read` table of the plan as a type: the settings of one format, told apart by `format`, or by their keys."""

from functools import cache, reduce
from operator import or_
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from pipeline.read.format import formats
from pipeline.read.settings import AutoSettings


@cache
def read_settings() -> Any:
    """Give the annotated union of all formats' settings, for a pydantic field; `format` may be left out.

    Without it the first format that knows all the keys is meant (`delimiter` makes it CSV), or the content decides.
    """
    classes = {"auto": AutoSettings, **{name: entry.settings for name, entry in formats().items()}}
    union = reduce(or_, (Annotated[each, Tag(name)] for name, each in classes.items()))
    return Annotated[union, Discriminator(_tag)]


def _tag(value: Any) -> str:
    if not isinstance(value, dict):
        return str(getattr(value, "format", "auto"))
    if "format" in value:
        return str(value["format"])
    keys = set(value)
    fitting = [name for name, entry in formats().items() if keys <= set(entry.settings.model_fields)]
    return "auto" if keys <= set(AutoSettings.model_fields) or not fitting else fitting[0]
