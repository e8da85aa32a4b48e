"""Nothing at all: the record's own text is the example. What `tuneset check` judges, and files that are ready."""

from typing import Literal

from pipeline.compose.recipe import ANY_METHOD, Composed, Cook, recipe
from pipeline.core.target import Settings


class AsIs(Settings):
    """The record's own text ships, byte for byte: not parsed, not mended, whatever it holds."""

    recipe: Literal["as_is"] = "as_is"


@recipe(AsIs, methods=ANY_METHOD, is_verbatim=True)
def as_is(_: AsIs) -> Cook:
    """Give the cook that changes nothing."""
    return Composed
