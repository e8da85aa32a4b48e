"""What a recipe is: a settings class and a function that turns one record into one example. Found by folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import NamedTuple, TypeAlias, TypeVar

from pipeline.compose.outline import Outline
from pipeline.core.example import Json, Method
from pipeline.core.target import Settings

S = TypeVar("S", bound=Settings)

CONVERSATIONS: frozenset[Method] = frozenset({"sft", "rft"})
ANY_METHOD: frozenset[Method] = frozenset({"sft", "dpo", "rft"})


class Composed(NamedTuple):
    """An example as an object, and what the recipe itself had to do to the record on the way."""

    payload: Json
    """The record itself (the same object) when nothing was changed: then the record's own text ships."""
    mended: frozenset[str] = frozenset()
    """`trailing-user-turn`, `alternatives`, ...: whatever did not come over from the record as it stood."""


Record: TypeAlias = Mapping[str, Json]
Cook: TypeAlias = Callable[[Record], Composed]
"""Gives the example of a record; raises Trouble where there is none."""


@dataclass(frozen=True)
class Recipe:
    """One entry of the folder: adding a recipe is one file in pipeline/compose/recipes/."""

    name: str
    settings: type[Settings]
    make: Callable[[Settings], Cook]
    """Compiles the settings once; a PlanError says which of them cannot be used."""
    methods: frozenset[Method] = CONVERSATIONS
    """The training methods whose examples it makes."""
    is_verbatim: bool = False
    """Whether the record's own text ships untouched: neither parsed nor mended."""
    keeps_plain_chat: Callable[[Settings], bool] = lambda _: False
    """Whether under these settings a record that holds `messages` alone, plain turns, is its own example."""
    outline: Callable[[Settings], Outline | None] = lambda _: None
    """What it makes under these settings of a record whose cells are plain text; None: that cannot be said."""


_RECIPES: dict[str, Recipe] = {}


def recipe(
    settings: type[S],
    *,
    methods: frozenset[Method] = CONVERSATIONS,
    is_verbatim: bool = False,
    keeps_plain_chat: Callable[[S], bool] = lambda _: False,
    outline: Callable[[S], Outline | None] = lambda _: None,
) -> Callable[[Callable[[S], Cook]], Callable[[S], Cook]]:
    """Enter a recipe under the default of its settings' `recipe` tag; gives the function back untouched."""
    name: str = settings.model_fields["recipe"].default

    def enter(make: Callable[[S], Cook]) -> Callable[[S], Cook]:
        def checked(given: Settings) -> Cook:
            return make(own(given))

        def own(given: Settings) -> S:
            if not isinstance(given, settings):
                raise TypeError(f"{name} is set up by {settings.__name__}, not {type(given).__name__}")
            return given

        if name in _RECIPES:
            raise ValueError(f"two recipes are named {name}")
        _RECIPES[name] = Recipe(
            name,
            settings,
            checked,
            methods,
            is_verbatim,
            lambda given: keeps_plain_chat(own(given)),
            lambda given: outline(own(given)),
        )
        return make

    return enter


@cache
def recipes() -> dict[str, Recipe]:
    """Give every recipe by name, sorted, from the files of pipeline/compose/recipes/."""
    folder = import_module("pipeline.compose.recipes")
    for module in iter_modules(folder.__path__):
        import_module(f"{folder.__name__}.{module.name}")
    return dict(sorted(_RECIPES.items()))
